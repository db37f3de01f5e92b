//! Everything tower: wherever a layer can stand, ours stands, over HTTP/1.1 and HTTP/2.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Request,
    handler::Handler,
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn, util::option_layer};
use tower_flightlog::{Exchange, FlightLog, Outcome, RequestBody, RequestId};

use crate::support::{Watcher, serve, watched};

/// Asks for `path` over HTTP/1.1 and HTTP/2 and gives the two records.
async fn both_versions(addr: SocketAddr, path: &str, watcher: Arc<Watcher>) -> Vec<Arc<Exchange>> {
    for is_http2 in [false, true] {
        let client = Client::builder(TokioExecutor::new()).http2_only(is_http2).build_http::<Full<Bytes>>();
        let request = http::Request::post(format!("http://{addr}{path}"))
            .header("content-type", "application/json")
            .body(Full::from(r#"{"n":1}"#))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert!(response.status().is_success(), "{response:?}");
        assert!(response.headers().contains_key("x-request-id"));
        response.into_body().collect().await.unwrap();
    }
    let exchanges = tokio::task::spawn_blocking(move || watcher.exchanges(2)).await.unwrap();
    assert_eq!(exchanges.len(), 2, "each request is recorded once: {exchanges:#?}");
    for (exchange, version) in exchanges.iter().zip(["HTTP/1.1", "HTTP/2.0"]) {
        assert_eq!(exchange.outcome, Outcome::Complete);
        assert_eq!(exchange.request.http_version(), version);
        assert_eq!(exchange.request.remote_addr.unwrap().to_string(), "127.0.0.1");
        assert_eq!(exchange.request.body.total_bytes(), 7);
        assert_eq!(exchange.request.url(), &*format!("http://{addr}{path}"));
    }
    exchanges
}

async fn echo(body: String) -> String {
    body
}

async fn nothing(request: Request, next: Next) -> Response {
    next.run(request).await
}

#[tokio::test]
async fn it_stands_wherever_axum_takes_a_layer() {
    type Build = fn(&FlightLog) -> Router;
    let stacks: [(&str, Build, &str); 10] = [
        ("Router::layer", |log| Router::new().route("/a/{b}", post(echo)).layer(log.axum_layer()), "/a/{b}"),
        (
            "Router::layer, any body",
            |log| Router::new().route("/a/{b}", post(echo)).layer(log.layer()),
            "/a/{b}",
        ),
        (
            "route_layer",
            |log| Router::new().route("/a/{b}", post(echo)).route_layer(log.axum_layer()),
            "/a/{b}",
        ),
        (
            "MethodRouter::layer",
            |log| Router::new().route("/a/{b}", post(echo).layer(log.axum_layer())),
            "/a/{b}",
        ),
        ("Handler::layer", |log| Router::new().route("/a/{b}", post(echo.layer(log.axum_layer()))), "/a/{b}"),
        (
            "nested",
            |log| Router::new().nest("/a", Router::new().route("/{b}", post(echo)).layer(log.axum_layer())),
            "/a/{b}",
        ),
        (
            "around nested",
            |log| Router::new().nest("/a", Router::new().route("/{b}", post(echo))).layer(log.axum_layer()),
            "/a/{b}",
        ),
        (
            "above from_fn",
            |log| {
                let stack = ServiceBuilder::new().layer(log.axum_layer()).layer(middleware::from_fn(nothing));
                Router::new().route("/a/{b}", post(echo)).layer(stack)
            },
            "/a/{b}",
        ),
        (
            "option_layer",
            |log| Router::new().route("/a/{b}", post(echo)).layer(option_layer(Some(log.axum_layer()))),
            "/a/{b}",
        ),
        (
            "three times on one path",
            |log| {
                let inner =
                    Router::new().route("/{b}", post(echo.layer(log.layer()))).layer(log.axum_layer());
                Router::new().nest("/a", inner).layer(log.axum_layer())
            },
            "/a/{b}",
        ),
    ];
    for (name, build, endpoint) in stacks {
        println!("{name}");
        let (flightlog, watcher) = watched();
        let exchanges = both_versions(serve(build(&flightlog)).await, "/a/b?c=d", watcher).await;
        assert_eq!(exchanges[0].request.endpoint(), endpoint, "{name}");
    }
}

#[tokio::test]
async fn it_stands_around_a_whole_router() {
    let (flightlog, watcher) = watched();
    let router: Router = Router::new().route("/a/{b}", post(echo));
    let service = flightlog.axum_layer().layer(router);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let service = axum::ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(service);
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let exchanges = both_versions(addr, "/a/b", watcher).await;
    assert_eq!(exchanges[0].request.endpoint(), "/a/b", "the route is not known out there");
}

#[tokio::test]
async fn it_stands_in_a_hyper_server() {
    let (flightlog, watcher) = watched();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            let layer = flightlog.layer();
            let inner = service_fn(|request: http::Request<RequestBody<hyper::body::Incoming>>| async {
                let body = request.into_body().collect().await?.to_bytes();
                Ok::<_, hyper::Error>(http::Response::new(Full::new(body)))
            });
            let service = ServiceBuilder::new()
                .map_request(move |mut request: http::Request<_>| {
                    request.extensions_mut().insert(peer);
                    request
                })
                .layer(layer)
                .service(inner);
            tokio::spawn(async move {
                auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                    .await
            });
        }
    });
    both_versions(addr, "/a/b", watcher).await;
}

#[tokio::test]
async fn it_stands_in_a_tonic_server_and_reads_the_grpc_status() {
    use tonic::{client::Grpc, server::NamedService};
    use tonic_prost_free::{BytesCodec, Fails};

    let (flightlog, watcher) = watched();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = tonic::transport::Server::builder().layer(flightlog.layer()).add_service(Fails);
    tokio::spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });

    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap();
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let path = format!("/{}/Call", Fails::NAME).parse().unwrap();
    let status =
        client.unary(tonic::Request::new(Bytes::from_static(b"ask")), path, BytesCodec).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Internal);
    let exchange = tokio::task::spawn_blocking(move || watcher.only()).await.unwrap();
    assert_eq!(exchange.grpc_status, Some(13));
    assert_eq!(exchange.level(), tracing::Level::ERROR);
    assert_eq!(exchange.error.as_ref().unwrap().message, "the oven is cold");
    assert_eq!(exchange.request.endpoint(), "/test.Fails/Call");
    #[cfg(feature = "tonic")]
    assert_eq!(exchange.request.remote_addr.unwrap().to_string(), "127.0.0.1");
}

/// A gRPC service without generated code: it answers every call with INTERNAL.
pub(crate) mod tonic_prost_free {
    use std::{convert::Infallible, future::Ready, task::Poll};

    use bytes::{Buf, BufMut, Bytes};
    use tonic::{
        Status,
        body::Body,
        codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
        server::NamedService,
    };
    use tower::Service;

    #[derive(Clone)]
    pub(super) struct Fails;

    impl NamedService for Fails {
        const NAME: &'static str = "test.Fails";
    }

    impl Service<http::Request<Body>> for Fails {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            std::future::ready(Ok(Status::internal("the oven is cold").into_http()))
        }
    }

    #[derive(Clone, Copy, Default)]
    pub(crate) struct BytesCodec;

    impl Codec for BytesCodec {
        type Encode = Bytes;
        type Decode = Bytes;
        type Encoder = Self;
        type Decoder = Self;

        fn encoder(&mut self) -> Self {
            *self
        }

        fn decoder(&mut self) -> Self {
            *self
        }
    }

    impl Encoder for BytesCodec {
        type Item = Bytes;
        type Error = Status;

        fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
            buffer.put(item);
            Ok(())
        }
    }

    impl Decoder for BytesCodec {
        type Item = Bytes;
        type Error = Status;

        fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
            Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
        }
    }
}

#[tokio::test]
async fn the_id_is_in_both_extensions_and_in_the_header() {
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route(
            "/",
            get(|id: RequestId, request: Request| async move {
                assert_eq!(request.extensions().get::<RequestId>(), Some(&id));
                assert_eq!(tower_flightlog::current().request_id(), Some(id));
            }),
        )
        .layer(flightlog.axum_layer());
    let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
    let exchange = watcher.only();
    assert_eq!(response.extensions().get(), Some(&exchange.request_id));
    assert_eq!(response.headers()["x-request-id"], exchange.request_id.to_string());
    assert!(tower_flightlog::current().request_id().is_none());
}

#[tokio::test]
async fn switched_off_the_extractor_makes_an_id_of_its_own() {
    let flightlog = FlightLog::builder().files(false).dumps(false).enabled(false).build().unwrap();
    let app = Router::new()
        .route("/", get(|id: RequestId| async move { id.to_string() }))
        .layer(flightlog.axum_layer());
    let body = app.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
    let text = body.collect().await.unwrap().to_bytes();
    assert_eq!(text.len(), 36);
}

#[test]
fn types_keep_what_the_inner_ones_have() {
    fn is<T: Send + Sync + Unpin + Default + std::fmt::Debug>() {}
    is::<tower_flightlog::ResponseBody<http_body_util::Empty<Bytes>>>();
    is::<RequestBody<http_body_util::Empty<Bytes>>>();
    fn is_clone<T: Clone + Send + Sync + std::fmt::Debug>(_: T) {}
    let (flightlog, _) = watched();
    is_clone(flightlog.clone());
    is_clone(flightlog.layer());
    is_clone(flightlog.axum_layer());

    fn takes_send<T: Send>(_: T) {}
    let mut service =
        flightlog.layer().layer(service_fn(|_: http::Request<RequestBody<Full<Bytes>>>| async {
            Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
        }));
    takes_send(tower::Service::call(&mut service, http::Request::new(Full::default())));
}

#[tokio::test]
async fn a_service_that_is_not_send_is_served_too() {
    let (flightlog, watcher) = watched();
    let here = std::rc::Rc::new(());
    let mut service =
        flightlog.layer().layer(service_fn(move |_: http::Request<RequestBody<Full<Bytes>>>| {
            let here = here.clone();
            async move {
                tokio::task::yield_now().await;
                drop(here);
                Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::default()))
            }
        }));
    tower::Service::call(&mut service, http::Request::new(Full::default())).await.unwrap();
    assert_eq!(watcher.only().outcome, Outcome::Complete);
}
