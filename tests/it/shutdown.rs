//! What is in the files when a log or its process ends, well or badly.
//!
//! `FLIGHTLOG_SOAK=10000` starts the quickstart so many times for SIGTERM, and a tenth of it for SIGKILL.

use std::{
    collections::{HashMap, HashSet},
    env, fs,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{Router, body::Body, routing::get};
use http::Request;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use tower::ServiceExt;
use tower_flightlog::{Console, Exchange, FlightLog, Sink};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::{
    process::{Quickstart, binary, home},
    support::{PATIENCE, entries, entry, flush, wait_until},
};

/// What may be lost by a process that is killed: so much of the end.
const LOSS: Duration = Duration::from_millis(50);

fn log(dir: &Path) -> FlightLog {
    FlightLog::builder().dir(dir).dumps(false).console(Console::Off).build().unwrap()
}

async fn ask(flightlog: &FlightLog, times: usize) {
    let app = Router::new().route("/", get(|| async {})).layer(flightlog.axum_layer());
    for _ in 0..times {
        drop(app.clone().oneshot(Request::new(Body::empty())).await.unwrap());
    }
}

fn of_type<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entries.iter().filter(|entry| entry["type"] == kind).collect()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    let kind = |entry: &Value| if entry["type"] == "recorder" { "event_type" } else { "type" };
    entries.iter().map(|entry| entry[kind(entry)].as_str().unwrap()).collect()
}

#[tokio::test]
async fn flush_says_whether_everything_is_in_the_files() {
    let (home, dir) = home();
    let flightlog = log(&dir);
    ask(&flightlog, 10).await;
    flush(&flightlog);
    assert_eq!(of_type(&entries(&dir, "api.log"), "response").len(), 10);

    // Someone moves the directory away and puts a file there.
    let moved = home.path().join("moved");
    fs::rename(&dir, &moved).unwrap();
    fs::write(&dir, "a file").unwrap();
    wait_until("it is noticed", || flightlog.stats().files.errors > 0);
    ask(&flightlog, 10).await;
    let unwritten = flightlog.flush(Duration::from_secs(5)).unwrap_err();
    assert_eq!(unwritten.records, 20);
    let stats = flightlog.stats().files;
    assert_eq!((stats.waiting, stats.lost), (20, 0));
    assert!(stats.errors > 0 && stats.last_error.unwrap().contains(&*dir.to_string_lossy()));
    assert_eq!(fs::read_to_string(&dir).unwrap(), "a file");

    fs::remove_file(&dir).unwrap();
    flush(&flightlog);
    drop(flightlog);
    let numbers = |dir: &Path| -> Vec<u64> {
        let text = fs::read_to_string(dir.join("api.log")).unwrap();
        text.lines().map(|line| entry(line)["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!([numbers(&moved), numbers(&dir)].concat(), (1..=42).collect::<Vec<_>>(), "nothing is lost");
}

#[tokio::test]
async fn a_directory_that_is_deleted_is_a_gap_and_made_anew() {
    let (_home, dir) = home();
    let flightlog = log(&dir);
    ask(&flightlog, 10).await;
    flush(&flightlog);
    fs::remove_dir_all(&dir).unwrap();
    flush(&flightlog);
    ask(&flightlog, 1).await;
    flush(&flightlog);
    let text = fs::read_to_string(dir.join("api.log")).unwrap();
    let api: Vec<_> = text.lines().map(entry).collect();
    let gaps: Vec<_> = api.iter().filter(|entry| entry["event_type"] == "gap").collect();
    assert_eq!(gaps.len(), 1, "{text}");
    let gap = &gaps[0]["fields"];
    assert_eq!((&gap["cause"], &gap["from_seq"]), (&"deleted".into(), &1.into()), "{gap}");
    let lost = gap["lost"].as_u64().unwrap();
    assert_eq!(api.last().unwrap()["seq"], lost + api.len() as u64, "{text}");
    assert_eq!(of_type(&api, "response").len(), 1, "{text}");
    // Of errors.log the beginning was lost.
    assert_eq!(flightlog.stats().files.lost, lost + 1);
}

#[tokio::test]
async fn the_last_handle_writes_everything_and_what_comes_later_is_written_too() {
    let (_home, dir) = home();
    let flightlog = log(&dir);
    let subscriber = Registry::default().with(flightlog.tracing_layer());
    let clone = flightlog.clone();
    ask(&flightlog, 100).await;
    drop(flightlog);
    ask(&clone, 100).await;
    drop(clone);
    let api = entries(&dir, "api.log");
    assert_eq!(of_type(&api, "response").len(), 200);
    assert_eq!(kinds(&api).last(), Some(&"stopped"));

    tracing::subscriber::with_default(subscriber, || {
        for n in 0..3 {
            tracing::error!(n, "after the end");
            for name in ["api.log", "errors.log"] {
                let entries = entries(&dir, name);
                assert_eq!(entries.last().unwrap()["fields"]["n"], n, "{name} has it when the call returns");
            }
        }
    });
}

/// How many starts: some, or as many as FLIGHTLOG_SOAK asks for.
fn starts(usual: usize, share: usize) -> usize {
    env::var("FLIGHTLOG_SOAK").map_or(usual, |soak| soak.parse::<usize>().unwrap() / share)
}

/// An answer that a client has: the id in it, and when it was there.
type Answer = (String, Instant);

/// Asks over one connection until that ends.
async fn client(addr: std::net::SocketAddr, answers: UnboundedSender<Answer>) {
    let Ok(mut stream) = TcpStream::connect(addr).await else { return };
    let mut buffer = Vec::new();
    while stream.write_all(b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n").await.is_ok() {
        buffer.clear();
        while !buffer.ends_with(b"\r\n\r\nok") {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
        let at = Instant::now();
        let head = String::from_utf8(std::mem::take(&mut buffer)).unwrap();
        let id = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        let _ = answers.send((id.to_owned(), at));
    }
}

/// Starts the quickstart, asks it over some connections, and sends it a signal after a random number of answers. Gives
/// all answers and when the signal was sent.
async fn shot(logs: &Path, signal: Signal) -> (Vec<Answer>, Instant) {
    let quickstart =
        Quickstart::start(logs, &[("LOG_CONSOLE", "off"), ("LOG_MAX_BYTES", "0")], Stdio::null());
    let service = quickstart.await;
    let (sender, mut answers) = unbounded_channel();
    for _ in 0..3 {
        tokio::spawn(client(service.addr, sender.clone()));
    }
    drop(sender);
    let mut had = Vec::new();
    for _ in 0..=RandomState::new().hash_one(0) % 100 {
        had.push(answers.recv().await.unwrap());
    }
    let sent = Instant::now();
    service.signal(signal);
    let (exit, _) = service.ended().await;
    assert_eq!(exit.success(), signal == Signal::TERM, "{exit}");
    while let Some(answer) = answers.recv().await {
        had.push(answer);
    }
    (had, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_stop_under_load_it_loses_nothing() {
    let mut left = starts(200, 1);
    while left > 0 {
        let (_home, logs) = home();
        let batch = left.min(25);
        left -= batch;
        let mut answered = Vec::new();
        for _ in 0..batch {
            answered.extend(shot(&logs, Signal::TERM).await.0);
        }
        let api = entries(&logs, "api.log");
        let mut logged = HashMap::new();
        for response in of_type(&api, "response") {
            assert_eq!(response["outcome"], "complete", "{response}");
            *logged.entry(response["request_id"].as_str().unwrap()).or_insert(0) += 1;
        }
        for (id, _) in &answered {
            assert_eq!(logged.get(id.as_str()), Some(&1), "{id} was answered");
        }
        assert_eq!(of_type(&api, "request").len(), logged.len());
        assert_eq!(kinds(&api).iter().filter(|kind| **kind == "stopped").count(), batch);
    }
}

/// How long a thread of this machine may have to wait for its turn: what a promise in milliseconds has to allow.
struct Patience {
    worst: AtomicU64,
    is_over: AtomicBool,
}

impl Patience {
    fn measured<T>(run: impl FnOnce() -> T) -> (T, Duration) {
        const TURN: Duration = Duration::from_millis(1);
        let patience = Self { worst: 0.into(), is_over: false.into() };
        let done = std::thread::scope(|scope| {
            scope.spawn(|| {
                let (_never, nothing) = mpsc::channel::<()>();
                while !patience.is_over.load(Relaxed) {
                    let start = Instant::now();
                    let _ = nothing.recv_timeout(TURN);
                    let late = start.elapsed().saturating_sub(TURN);
                    patience.worst.fetch_max(late.as_micros() as u64, Relaxed);
                }
            });
            let done = run();
            patience.is_over.store(true, Relaxed);
            done
        });
        (done, Duration::from_micros(patience.worst.load(Relaxed)))
    }
}

#[test]
fn killed_it_loses_no_more_than_its_last_moment() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut left = starts(20, 10);
    while left > 0 {
        let (_home, logs) = home();
        let batch = left.min(20);
        left -= batch;
        let mut kept = HashSet::new();
        let mut known = 0;
        for _ in 0..batch {
            let ((had, killed), turn) = Patience::measured(|| runtime.block_on(shot(&logs, Signal::KILL)));
            let text = fs::read_to_string(logs.join("api.log")).unwrap();
            let whole = text.rfind('\n').map_or(0, |last| last + 1);
            let (lines, tail) = text[known..].split_at(whole - known);
            for id in lines.lines().filter_map(read) {
                assert!(kept.insert(id.clone()), "twice: {id}");
            }
            // The next start ends it with a line feed. A reader may have it as it is.
            let tail = if tail.is_empty() { None } else { read(tail) };
            known = whole;
            for (id, at) in &had {
                let before = killed.saturating_duration_since(*at);
                let is_kept = kept.contains(id) || tail.as_ref() == Some(id);
                assert!(is_kept || before <= LOSS + turn, "{id} was answered {before:?} before ({turn:?})");
            }
        }
    }
}

/// The id of a response's line. Whatever is JSON is an entry, and whole; anything else is the beginning of one.
fn read(line: &str) -> Option<String> {
    match serde_json::from_str::<Value>(line) {
        Ok(_) => {
            let entry = entry(line);
            (entry["type"] == "response").then(|| entry["request_id"].as_str().unwrap().to_owned())
        }
        Err(error) => {
            let is_torn = error.is_eof() && line.starts_with('{');
            assert!(is_torn, "{error}: {line}");
            None
        }
    }
}

/// Says to this test, started anew as a process of its own, how to end.
const END: &str = "FLIGHTLOG_TEST_END";

#[test]
fn a_process_that_leaves_without_a_word_loses_no_more_than_its_last_moment() {
    if let Ok(how) = env::var(END) {
        return leave(&how);
    }
    for (how, code) in [("exit", 0), ("panic", 101), ("drop", 0)] {
        let (home, dir) = home();
        let name = "shutdown::a_process_that_leaves_without_a_word_loses_no_more_than_its_last_moment";
        let output = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--test-threads=1"])
            .env(END, how)
            .env("LOG_DIR", &dir)
            .current_dir(home.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
        let said = fs::read_to_string(home.path().join("told")).unwrap();
        let told: Vec<u64> = said.split(' ').map(|number| number.parse().unwrap()).collect();
        let [turn, ended, times @ ..] = &told[..] else { panic!("{said}") };

        let api = entries(&dir, "api.log");
        let kept: HashSet<_> = api.iter().filter_map(|entry| entry["fields"]["n"].as_u64()).collect();
        let lost: Vec<_> = (0..times.len()).filter(|n| !kept.contains(&(*n as u64))).collect();
        for n in &lost {
            let before = ended - times[*n];
            assert!(
                before <= LOSS.as_micros() as u64 + turn,
                "{how}: {n} was told {before} us before ({turn})"
            );
        }
        assert!(kept.len() > 50, "{how}: {} are there", kept.len());
        if how == "drop" {
            assert!(lost.is_empty(), "{lost:?}");
        }
    }
}

/// Tells something each millisecond, notes in a file when, and ends as it is asked to.
fn leave(how: &str) {
    static LOG: OnceLock<FlightLog> = OnceLock::new();
    let flightlog = LOG.get_or_init(|| log(Path::new(&env::var("LOG_DIR").unwrap())));
    tracing::subscriber::set_global_default(Registry::default().with(flightlog.tracing_layer())).unwrap();
    let now = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64;
    let (times, turn) = Patience::measured(|| {
        let (_never, nothing) = mpsc::channel::<()>();
        let tell = |n: u64| {
            let _ = nothing.recv_timeout(Duration::from_millis(1));
            tracing::info!(n, "still here");
            now()
        };
        (0..200).map(tell).collect::<Vec<_>>()
    });
    let ended = now();
    let told = [&[turn.as_micros() as u64, ended], &times[..]].concat();
    let told: Vec<_> = told.iter().map(u64::to_string).collect();
    fs::write("told", told.join(" ")).unwrap();
    match how {
        "exit" => std::process::exit(0),
        "panic" => panic!("as asked"),
        _ => flightlog.flush(PATIENCE).unwrap(),
    }
}

#[tokio::test]
async fn a_sink_that_hangs_takes_no_time_from_the_files() {
    /// Takes its first record and never comes back from it.
    struct Hangs(Mutex<mpsc::Receiver<()>>);
    impl Sink for Hangs {
        fn finished(&self, _: &Arc<Exchange>) {
            let _ = self.0.lock().unwrap().recv();
        }
    }
    let (_home, dir) = home();
    let (_go, gate) = mpsc::channel();
    let builder = FlightLog::builder().dir(&dir).dumps(false).console(Console::Off);
    let flightlog = builder.sink(Hangs(Mutex::new(gate))).build().unwrap();
    ask(&flightlog, 10).await;
    drop(flightlog);
    let entries = entries(&dir, "api.log");
    assert_eq!(of_type(&entries, "response").len(), 10);
    assert_eq!(kinds(&entries).last(), Some(&"stopped"));
}

#[tokio::test]
async fn what_nobody_could_read_is_said_on_stderr() {
    let (_home, dir) = home();
    fs::write(&dir, "a file in place of the directory").unwrap();
    let mut child = Command::new(binary().await)
        .env_clear()
        .envs([("PORT", "0"), ("LOG_CONSOLE", "off"), ("LOG_DIR", dir.to_str().unwrap())])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<_> = stderr.by_ref().take_while(|line| !line.starts_with("listening on")).collect();
    assert!(said.iter().any(|line| line.starts_with("flightlog: LOG_DIR=")), "{said:?}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let said: Vec<_> = stderr.collect();
    assert!(said.iter().any(|line| line.contains("entries could not be written: ")), "{said:?}");
    assert!(child.wait().unwrap().success());
}
