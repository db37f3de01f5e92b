//! What every test of the whole road needs: a log that is watched, a server on a real socket, raw clients.

use std::{
    net::SocketAddr,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use axum::Router;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower_flightlog::{Event, Exchange, FlightLog, FlightLogBuilder, Sink, Started};

/// What unit tests hold dumps and entries against, users' dumps and entries are held against.
#[path = "../../src/export/fixtures/schema.rs"]
mod schema;

pub(crate) use schema::{validated_dump, validated_entry};

/// How long a test waits for what must come; reached only when it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Everything a log told, with a way to wait for it.
#[derive(Default)]
pub(crate) struct Watcher {
    told: Mutex<Told>,
    more: Condvar,
}

#[derive(Default)]
struct Told {
    started: Vec<Arc<Started>>,
    finished: Vec<Arc<Exchange>>,
    events: Vec<Arc<Event>>,
}

impl Sink for Watcher {
    fn started(&self, started: &Arc<Started>) {
        self.told.lock().unwrap().started.push(Arc::clone(started));
        self.more.notify_all();
    }

    fn finished(&self, exchange: &Arc<Exchange>) {
        self.told.lock().unwrap().finished.push(Arc::clone(exchange));
        self.more.notify_all();
    }

    fn event(&self, event: &Arc<Event>) {
        self.told.lock().unwrap().events.push(Arc::clone(event));
        self.more.notify_all();
    }
}

impl Watcher {
    /// The first `count` exchanges, in the order they ended.
    #[track_caller]
    pub(crate) fn exchanges(&self, count: usize) -> Vec<Arc<Exchange>> {
        let told = self.told.lock().unwrap();
        let (told, timeout) =
            self.more.wait_timeout_while(told, PATIENCE, |told| told.finished.len() < count).unwrap();
        assert!(!timeout.timed_out(), "{} of {count} exchanges were told", told.finished.len());
        told.finished.clone()
    }

    /// The only exchange. Fails when there are more.
    #[track_caller]
    pub(crate) fn only(&self) -> Arc<Exchange> {
        let exchanges = self.exchanges(1);
        assert_eq!(exchanges.len(), 1, "{exchanges:#?}");
        Arc::clone(&exchanges[0])
    }

    /// The first `count` requests, in the order they were told.
    #[track_caller]
    pub(crate) fn begun(&self, count: usize) -> Vec<Arc<Started>> {
        let told = self.told.lock().unwrap();
        let (told, timeout) =
            self.more.wait_timeout_while(told, PATIENCE, |told| told.started.len() < count).unwrap();
        assert!(!timeout.timed_out(), "{} of {count} requests were told", told.started.len());
        told.started.clone()
    }

    pub(crate) fn started(&self) -> Vec<Arc<Started>> {
        self.told.lock().unwrap().started.clone()
    }

    pub(crate) fn events(&self) -> Vec<Arc<Event>> {
        self.told.lock().unwrap().events.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.told.lock().unwrap().finished.len()
    }
}

/// A log without dumps whose records are watched.
pub(crate) fn watched() -> (FlightLog, Arc<Watcher>) {
    watched_with(|builder| builder)
}

pub(crate) fn watched_with(
    set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder,
) -> (FlightLog, Arc<Watcher>) {
    let watcher = Arc::new(Watcher::default());
    let builder = set(FlightLog::builder().files(false).dumps(false)).sink(Arc::clone(&watcher));
    (builder.build().unwrap(), watcher)
}

/// Waits for everything that was handed over.
pub(crate) fn flush(flightlog: &FlightLog) {
    flightlog.flush(PATIENCE).unwrap();
}

/// Serves a router on a port of its own, over HTTP/1.1 and HTTP/2, with connect info.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let listener = axum::serve::ListenerExt::tap_io(listener, |tcp| tcp.set_nodelay(true).unwrap());
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
    });
    addr
}

/// Sends bytes as they are and reads until the server closes, which the request has to ask for.
pub(crate) async fn raw(addr: SocketAddr, request: &[u8]) -> String {
    String::from_utf8_lossy(&raw_bytes(addr, request).await).into_owned()
}

pub(crate) async fn raw_bytes(addr: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut response = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut response)).await.unwrap().unwrap();
    response
}

/// Sends bytes, reads until `until` has come, and goes away.
pub(crate) async fn raw_until(addr: SocketAddr, request: &[u8], until: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request).await.unwrap();
    read_until(&mut stream, until).await
}

pub(crate) async fn read_until(stream: &mut TcpStream, until: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains(until) {
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(count > 0, "closed before {until:?} came: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}
