//! Sends a dumped request again and compares the answer with the recorded one.

mod http1;
mod secrets;

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;
use tower_flightlog::{BodyText, Dump, Outcome};

use super::{
    dumps,
    show::compare::{self, Difference},
};
use crate::{
    Failure, Found,
    args::Options,
    term::{Ink, Screen, grouped},
    time::human,
};
use http1::{Answer, Question};
use secrets::Secrets;

/// Headers of a response that differ from one answer to the next.
const FLEETING: [&str; 9] = [
    "date",
    "age",
    "x-request-id",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "etag",
    "last-modified",
];
/// Connections at a time, at most.
const WIDEST: usize = 64;

pub(crate) fn replay(options: &Options, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let id = options.names.first().map(String::as_str).unwrap_or_default();
    let to = options.to.as_deref().ok_or_else(|| {
        Failure::usage(
            "replay wants to know where to\ntry: flightlog replay latest --to http://127.0.0.1:3000",
        )
    })?;
    let target = Target::parse(to, options.allow_remote)?;
    let file = dumps::only(&options.dump_dir(), id)?;
    let dump = Dump::read(&file.path).map_err(|error| Failure::usage(error.to_string()))?;
    let (question, secrets) = question(&dump, &target, &options.set)?;
    let recorded = Recorded::of(&dump);
    let times = options.lines.unwrap_or(1).max(1);
    let answers = ask(&target, &question, times, options.concurrency.unwrap_or(1).clamp(1, WIDEST));

    let mut different = 0_u64;
    let mut durations = Vec::new();
    let mut first = None;
    for answer in answers {
        let answer = answer.map_err(|error| Failure::usage(format!("{to}: {error}")))?;
        durations.push(answer.micros);
        let mut differences = recorded.differences(&answer);
        for difference in &mut differences {
            difference.hide(&secrets);
        }
        different += u64::from(!differences.is_empty());
        if first.is_none() || (!differences.is_empty() && different == 1) {
            first = Some((answer, differences));
        }
    }
    let Some((answer, differences)) = first else { return Ok(Found::Nothing) };
    durations.sort_unstable();
    if options.json {
        let value = serde_json::json!({
            "sent": durations.len(), "different": different, "status_code": answer.status,
            "recorded_status_code": recorded.status, "median_ms": middle(&durations) as f64 / 1000.0,
            "differences": differences.iter().map(Difference::short).map(|d| serde_json::json!({"path": d.path, "recorded": d.here, "now": d.there})).collect::<Vec<_>>(),
        });
        screen.json(&value.to_string())?;
    } else {
        show(screen, &question, &recorded, &answer, &differences)?;
        if durations.len() > 1 {
            let slowest = durations.last().copied().unwrap_or(0);
            let text = format!(
                "{} sent, {} answered otherwise; median {}, slowest {}",
                grouped(durations.len() as u64),
                grouped(different),
                human(middle(&durations)),
                human(slowest)
            );
            screen.line(Ink::Plain, &text)?;
        }
    }
    Ok((different == 0).into())
}

fn middle(sorted: &[u64]) -> u64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn show(
    screen: &mut Screen<'_>,
    question: &Question,
    recorded: &Recorded,
    answer: &Answer,
    differences: &[Difference],
) -> Result<(), Failure> {
    screen.put(Ink::Bold, &format!("{} {}", question.method, question.target));
    screen.put(Ink::Dim, "  recorded ");
    let status = if recorded.status == 0 { "no answer".to_owned() } else { recorded.status.to_string() };
    screen.put(Ink::of_status(recorded.status, true), &status);
    screen.put(Ink::Dim, "  now ");
    screen.put(Ink::of_status(answer.status, true), &answer.shown());
    screen.put(Ink::Plain, &format!("  {}", human(answer.micros)));
    screen.end_line()?;
    if differences.is_empty() {
        screen.line(Ink::Green, "the same answer")?;
    }
    compare::show(screen, differences, ["recorded", "now"])?;
    Ok(())
}

/// Where to.
struct Target {
    authority: String,
    addresses: Vec<SocketAddr>,
}

impl Target {
    fn parse(url: &str, allow_remote: bool) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::usage(format!("--to {url}: {why}\ntry: --to http://127.0.0.1:3000"));
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some(("https", _)) => {
                return Err(Failure::usage(format!(
                    "--to {url}: no TLS is spoken here\ntry: --to http://127.0.0.1:PORT, the service's own port behind what ends TLS\n\
                     or:  flightlog curl ID, and put {url} in the place of the scheme and host of its --url"
                )));
            }
            Some(_) => return Err(wrong("only http:// is spoken")),
            None => url,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if rest.trim_end_matches('/') != authority || authority.contains('@') || authority.is_empty() {
            return Err(wrong("want a scheme, a host and a port only: the path is the dump's"));
        }
        let host_ends = authority.rfind(']').unwrap_or(0);
        let has_port = authority.get(host_ends..).is_some_and(|rest| rest.contains(':'));
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        let addresses = with_port.to_socket_addrs().map_err(|error| wrong(&error.to_string()))?;
        let addresses: Vec<_> = addresses.collect();
        if addresses.is_empty() {
            return Err(wrong("the host has no address"));
        }
        let is_loopback = |address: &&SocketAddr| match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
        };
        if let Some(address) = addresses.iter().find(|address| !is_loopback(address))
            && !allow_remote
        {
            return Err(Failure::usage(format!(
                "--to {url}: {} is another machine, and a request may do harm there\nif that is meant: --allow-remote",
                address.ip()
            )));
        }
        Ok(Self { authority: authority.to_owned(), addresses })
    }
}

/// Headers of one connection, and those that are made anew.
const LEFT_OUT: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "accept-encoding",
    "expect",
];

/// The request to send, its secrets filled in, and those.
fn question(
    dump: &Dump,
    target: &Target,
    set: &[(String, String)],
) -> Result<(Question, Vec<String>), Failure> {
    let request = &dump.exchange.request;
    let mut secrets = Secrets::new(set);
    let url = request.url().as_str();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => url,
    };
    let path = secrets.query(if path.is_empty() { "/" } else { path });
    let id = dump.exchange.request_id.to_string();
    let mut headers = Vec::new();
    for (name, value) in request.headers().iter() {
        if LEFT_OUT.contains(&name) || (name == "x-request-id" && value == id) {
            continue;
        }
        headers.push((name.to_owned(), secrets.text(name, value)));
    }
    let body = if request.body.total_bytes() == 0 {
        None
    } else {
        match request.body.whole() {
            BodyText::Json(json) => Some(secrets.json(json.as_str())),
            BodyText::Text { text, truncated: false } => Some(secrets.text("body", text.as_str())),
            _ => {
                return Err(Failure::usage(
                    "the body was not kept whole, so the request cannot be sent again as it was\n\
                     a larger LOG_CAPTURE_LIMIT keeps more; flightlog curl takes the body from a file",
                ));
            }
        }
    };
    let secrets = secrets.used()?;
    let target = target.authority.as_str();
    let question = Question::new(request.method.as_str(), &path, target, headers, body);
    Ok((question.map_err(Failure::usage)?, secrets))
}

/// Sends it so many times, so many at once. All answers, or the first error.
fn ask(target: &Target, question: &Question, times: usize, width: usize) -> Vec<std::io::Result<Answer>> {
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..width.min(times) {
            scope.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < times {
                    let answer = question.ask(&target.addresses);
                    answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
                }
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What was answered then.
struct Recorded {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<Value>,
    text: Option<String>,
    /// Whether it broke off, where that is known.
    is_cut: Option<bool>,
}

impl Recorded {
    fn of(dump: &Dump) -> Self {
        let Some(response) = &dump.exchange.response else {
            return Self { status: 0, headers: Vec::new(), body: None, text: None, is_cut: None };
        };
        let (body, text) = match response.body.whole() {
            BodyText::Json(json) => (serde_json::from_str(json.as_str()).ok(), None),
            BodyText::Text { text, truncated: false } => (None, Some(text.as_str().to_owned())),
            _ => (None, None),
        };
        let headers = response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let is_cut = match dump.exchange.outcome {
            Outcome::Complete => Some(false),
            Outcome::BodyError | Outcome::Panicked => Some(true),
            _ => None,
        };
        Self { status: response.status.as_u16(), headers: headers.collect(), body, text, is_cut }
    }

    fn differences(&self, answer: &Answer) -> Vec<Difference> {
        let mut found = Vec::new();
        let differ = |path: String, here: &str, there: &str| Difference {
            path,
            here: here.to_owned(),
            there: there.to_owned(),
        };
        if self.status != answer.status {
            let here = if self.status == 0 { "(none)".to_owned() } else { self.status.to_string() };
            found.push(differ("status".into(), &here, &answer.shown()));
        }
        for (name, value) in &self.headers {
            let now = answer.header(name);
            let is_same = now == Some(value) || value.contains(secrets::REDACTED);
            if !is_same && !FLEETING.contains(&name.as_str()) {
                found.push(differ(format!("header {name}"), value, now.unwrap_or("(none)")));
            }
        }
        if self.is_cut.is_some_and(|is_cut| is_cut != answer.is_cut) && answer.status > 0 {
            let end = |is_cut| if is_cut { "broken off" } else { "whole" };
            found.push(differ("body".into(), end(!answer.is_cut), end(answer.is_cut)));
        }
        let text = String::from_utf8_lossy(&answer.body);
        match (&self.body, &self.text) {
            (Some(recorded), _) => match serde_json::from_str(&text) {
                Ok(now) => compare::values("body", recorded, &now, &mut found),
                Err(_) => found.push(differ("body".into(), "JSON", &text)),
            },
            (None, Some(recorded)) if *recorded != text && !recorded.contains(secrets::REDACTED) => {
                found.push(differ("body".into(), recorded, &text));
            }
            _ => {}
        }
        found
    }
}
