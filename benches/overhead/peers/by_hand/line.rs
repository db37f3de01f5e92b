//! A line, written while its request goes on.

use std::{
    io::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Instant, SystemTime},
};

use axum::extract::Request;
use http::{HeaderName, StatusCode, header};

pub(super) struct Line {
    text: Vec<u8>,
    began: Instant,
}

/// A process's count is all that its ids are.
static IDS: AtomicU64 = AtomicU64::new(0);

/// Where an id stands, and how long it is.
const ID: std::ops::Range<usize> = 7..23;
/// As much of a body as the flight log shows.
const SHOWN: usize = 2 * 1024;

impl Line {
    pub(super) fn new(request: &Request) -> Self {
        let mut line = Self { text: Vec::with_capacity(512), began: Instant::now() };
        let id = IDS.fetch_add(1, Relaxed);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        line.add(br#"{"id":""#);
        line.add(&hexadecimal(id));
        line.add(br#"","at":"#);
        line.number(now.as_secs());
        line.add(b".");
        line.number(now.subsec_micros().into());
        line.add(br#","method":""#);
        line.add(request.method().as_str().as_bytes());
        line.add(br#"","path":""#);
        line.add(request.uri().path().as_bytes());
        line.add(br#"","agent":""#);
        line.header(request, header::USER_AGENT);
        line.add(br#"","type":""#);
        line.header(request, header::CONTENT_TYPE);
        line
    }

    pub(super) fn id(&self) -> &[u8] {
        self.text.get(ID).unwrap_or_default()
    }

    pub(super) fn status(&mut self, status: StatusCode) {
        self.add(br#"","status":"#);
        self.add(status.as_str().as_bytes());
    }

    /// What was asked and what was answered, where it was kept.
    pub(super) fn end(&mut self, bodies: Option<(&[u8], &[u8])>) {
        self.add(br#","us":"#);
        let took = self.began.elapsed().as_micros();
        self.number(took.try_into().unwrap_or(u64::MAX));
        if let Some((asked, answered)) = bodies {
            self.add(br#","asked":"#);
            self.add(asked.get(..SHOWN).unwrap_or(asked));
            self.add(br#","answered":"#);
            self.add(answered.get(..SHOWN).unwrap_or(answered));
        }
        self.add(b"}\n");
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    fn header(&mut self, request: &Request, name: HeaderName) {
        if let Some(value) = request.headers().get(name) {
            self.add(value.as_bytes());
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    fn number(&mut self, number: u64) {
        // A `Vec` takes all.
        let _ = write!(self.text, "{number}");
    }
}

fn hexadecimal(id: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (index, digit) in text.iter_mut().rev().enumerate() {
        let nibble = (id >> (4 * index)) as usize & 15;
        *digit = b"0123456789abcdef".get(nibble).copied().unwrap_or(b'0');
    }
    text
}
