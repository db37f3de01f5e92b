//! No secret gets out: canaries are planted wherever a client or a handler can put one, bodies are cut at every length,
//! and nothing that leaves the log, by any way, may hold one.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use proptest::{collection::vec, prelude::*, sample::select};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::{Console, FlightLog, MemorySink, RequestBody, Verbosity, current};

const CANARY: &str = "cAnAry7f3a9b";

/// What some output was given.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Wrapped(String, Option<Box<Wrapped>>);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

/// What a client sends and a handler does.
#[derive(Clone, Debug)]
struct Story {
    uri: String,
    content_type: &'static str,
    body: String,
    headers: Vec<(&'static str, String)>,
    error: String,
}

/// Tells a story to a log with every output there is, bodies cut after `limit` bytes, and gives all that came out.
fn outputs(story: &Story, limit: usize, style: Console) -> Vec<(&'static str, String)> {
    let dir = tempfile::tempdir().unwrap();
    let (console, events) = (Page::default(), Page::default());
    let memory = Arc::new(MemorySink::default());
    let flightlog = {
        let page = console.clone();
        FlightLog::builder()
            .dir(dir.path())
            .capture_limit(limit)
            .body_limit(limit)
            .verbosity(Verbosity::FULL)
            .sink(Arc::clone(&memory))
            .console(style)
            .stdout(page)
            .build()
            .unwrap()
    };
    let subscriber = {
        let events = events.clone();
        tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || events.clone())
            .finish()
    };
    tracing::subscriber::with_default(subscriber, || exchange(&flightlog, story));
    flightlog.flush(Duration::from_secs(20)).unwrap();

    let text = |page: Page| String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let mut outputs = vec![("console", text(console)), ("tracing events", text(events))];
    for exchange in memory.exchanges() {
        outputs.push(("Debug", format!("{exchange:?} {:#?}", memory)));
        outputs.push(("serde", serde_json::to_string(&*exchange).unwrap()));
        outputs.push(("head", format!("{:?}", exchange.request.body.head())));
    }
    for name in ["api.log", "errors.log"] {
        let text = std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(text.lines().count() > 1, "{name} has entries: {text}");
        outputs.push((name, text));
    }
    for dump in std::fs::read_dir(dir.path().join("dumps")).unwrap() {
        let path = dump.unwrap().path();
        outputs.push(("dump", std::fs::read_to_string(&path).unwrap()));
        outputs.push(("dump name", path.display().to_string()));
    }
    assert_eq!(outputs.iter().filter(|(name, _)| *name == "dump").count(), 1, "a 500 leaves a dump");
    outputs
}

fn exchange(flightlog: &FlightLog, story: &Story) {
    let story = story.clone();
    let error = story.error.clone();
    let mut request = Request::post(&story.uri).body(Full::<Bytes>::from(story.body)).unwrap();
    request.headers_mut().insert("content-type", HeaderValue::from_static(story.content_type));
    for (name, value) in &story.headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    let mut service =
        flightlog.layer().layer(tower::service_fn(move |request: Request<RequestBody<Full<Bytes>>>| {
            let error = error.clone();
            async move {
                let content_type = request.headers()["content-type"].clone();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let source = Wrapped(format!("caused by {error}"), None);
                current().report_error(&Wrapped(error, Some(Box::new(source))));
                let mut response = Response::new(Full::new(body));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response.headers_mut().insert("content-type", content_type);
                response
                    .headers_mut()
                    .insert("set-cookie", HeaderValue::from_str(&format!("sid={CANARY}")).unwrap());
                Ok::<_, Infallible>(response)
            }
        }));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { service.call(request).await.unwrap().into_body().collect().await.unwrap() });
}

#[track_caller]
fn none_is_found(story: &Story, limit: usize, style: Console) {
    for (name, text) in outputs(story, limit, style) {
        // The beginning of a secret is a secret too.
        assert!(!text.contains(&CANARY[..5]), "{name} of {story:?} cut at {limit}: {text}");
    }
}

fn story(content_type: &'static str, body: String) -> Story {
    Story {
        uri: format!(
            "http://ada:{CANARY}@h/a?token={CANARY}&q=1&next=https%3A%2F%2Fx%2F%3Fpassword%3D{CANARY}"
        ),
        content_type,
        body,
        headers: vec![
            ("authorization", format!("Bearer {CANARY}")),
            ("cookie", format!("session={CANARY}; theme={CANARY}")),
            ("x-api-key", CANARY.into()),
            ("x-custom-token", CANARY.into()),
            ("referer", format!("https://x/?access_token={CANARY}")),
            ("proxy-authorization", format!("Basic {CANARY}")),
        ],
        error: format!("login failed: password={CANARY} for postgres://ada:{CANARY}@db/shop"),
    }
}

#[test]
fn no_canary_leaves_wherever_a_body_is_cut() {
    let bodies = [
        (
            "application/json",
            format!(
                r#"{{"u":"ada","password":"{CANARY}","l":[{{"name":"token","value":"{CANARY}"}}],"api_key":["{CANARY}",{{"a":"{CANARY}"}}]}}"#
            ),
        ),
        ("application/json", format!(r#"{{"data":"{{\"pass\u0077ord\":\"{CANARY}\"}}","n":1}}"#)),
        (
            "application/x-www-form-urlencoded",
            format!("user=ada&password={CANARY}&a%5Btoken%5D={CANARY}&%70in={CANARY}"),
        ),
        ("text/plain", format!("user ada\npassword: {CANARY}\ntoken={CANARY} done")),
        ("text/plain", format!(r#"  {{"client_secret": "{CANARY}"}}"#)),
        ("application/xml", format!("<a><password>{CANARY}</password><b token=\"{CANARY}\"/></a>")),
        (
            "text/event-stream",
            format!("data: {{\"token\":\"{CANARY}\"}}\n\ndata: {{\"secret\":\"{CANARY}\"}}\n\n"),
        ),
        ("application/x-ndjson", format!("{{\"a\":1}}\n{{\"token\":\"{CANARY}\"}}\n")),
        (
            "multipart/form-data; boundary=xx",
            format!(
                "--xx\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n{CANARY}\r\n--xx--\r\n"
            ),
        ),
        (
            "text/plain",
            format!(
                "--xx\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n{CANARY}\r\n--xx--\r\n"
            ),
        ),
        ("text/plain", format!("x=1&data=%7B%22password%22%3A%22{CANARY}%22%7D&pass%77ord={CANARY}")),
    ];
    for (content_type, body) in bodies {
        for limit in 1..=body.len() + 1 {
            let style = if limit % 2 == 0 { Console::Json } else { Console::Pretty };
            none_is_found(&story(content_type, body.clone()), limit, style);
        }
    }
}

/// JSON with canaries below secret names, and what else JSON can hold.
fn document() -> impl Strategy<Value = String> {
    let secret = select(vec![
        "password",
        "PassWord",
        "user_password",
        "apiKey",
        "access_token",
        "client-secret",
        "sessionId",
        "cvv",
        "otp",
        "authorization",
        "private_key",
        "p\\u0061ssword",
    ]);
    let plain = select(vec!["user", "id", "max_tokens", "author", "note", "price", "a b", ""]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-1.50e3".to_owned()),
        "[a-z ]{0,8}".prop_map(|text| format!("{text:?}")),
        Just(r#""é\n\ud83d\ude00""#.to_owned()),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            vec((select(vec!["k", "list", "x_y"]), inner.clone()), 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    let hidden = prop_oneof![
        Just(format!("\"{CANARY}\"")),
        Just(format!("[\"{CANARY}\", {{\"deep\": \"{CANARY}\"}}]")),
        Just(format!("\"{CANARY}\\n{CANARY}\"")),
    ];
    let member = prop_oneof![
        3 => (plain, value).prop_map(|(name, value)| format!("\"{name}\":{value}")),
        2 => (secret, hidden).prop_map(|(name, value)| format!("\"{name}\" : {value}")),
    ];
    vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(", ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_canary_leaves_any_document(body in document(), cut in 0.0..1.1f64) {
        let limit = (body.len() as f64 * cut) as usize + 1;
        none_is_found(&story("application/json", body), limit, Console::Json);
    }
}

#[test]
fn a_panics_text_is_redacted_too() {
    let memory = Arc::new(MemorySink::default());
    let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build().unwrap();
    let mut service = flightlog.layer().layer(tower::service_fn(
        |_: Request<RequestBody<Full<Bytes>>>| -> std::future::Ready<Result<Response<Full<Bytes>>, Infallible>> {
            panic!("no user with password={CANARY}")
        },
    ));
    let call = std::panic::AssertUnwindSafe(|| service.call(Request::new(Full::default())));
    assert!(std::panic::catch_unwind(call).is_err());
    flightlog.flush(Duration::from_secs(20)).unwrap();
    let exchange = &memory.exchanges()[0];
    assert_eq!(exchange.error.as_ref().unwrap().message, "no user with password=[REDACTED]");
}
