//! A log as the crate writes it, of any size: made anew wherever it is needed, the same each time.

use std::io::{self, Write};

use tower_flightlog::Timestamp;

/// When the log begins: 2026-11-20T10:30:00Z.
pub(crate) const BEGIN: u64 = 1_795_170_600_000_000;

const ROUTES: [(&str, &str); 8] = [
    ("POST", "/api/v1/generate"),
    ("GET", "/users/{id}/orders/{order}"),
    ("GET", "/health"),
    ("POST", "/api/v1/checkout"),
    ("GET", "/api/v1/articles"),
    ("PUT", "/users/{id}"),
    ("GET", "/search"),
    ("DELETE", "/sessions/{id}"),
];

/// What is the same each time (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// One exchange in each call: two lines for api.log, of about 2 KiB together, and one for errors.log
/// in twenty, or what is said.
pub(crate) struct Generator {
    dice: Dice,
    at: u64,
    api: u64,
    errors: u64,
    /// One exchange in so many fails.
    pub(crate) one_in: u64,
}

impl Default for Generator {
    fn default() -> Self {
        Self { dice: Dice(7), at: BEGIN, api: 0, errors: 0, one_in: 20 }
    }
}

impl Generator {
    pub(crate) fn exchange(&mut self, api: &mut Vec<u8>, errors: &mut Vec<u8>) -> io::Result<()> {
        self.at += 2000 + self.dice.roll(3000);
        let (method, endpoint) = ROUTES[self.dice.roll(8) as usize];
        let millis = self.at / 1000;
        let id = format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16,
            millis & 0xffff,
            self.dice.roll(0x1000),
            0x8000 + self.dice.roll(0x4000),
            self.dice.roll(1 << 48)
        );
        // Most are quick, some are slow: about log-normal.
        let duration = 300 * (1 << self.dice.roll(6)) * (1 + self.dice.roll(7)) + self.dice.roll(1000);
        let failed = self.dice.roll(self.one_in) == 0;
        let status = match self.dice.roll(40) {
            _ if failed => 500,
            0 => 404,
            1 => 201,
            _ => 200,
        };
        let level = match status {
            500 => "ERROR",
            404 => "WARN",
            _ => "INFO",
        };
        let (begun, ended) = (Timestamp::from_micros(self.at), Timestamp::from_micros(self.at + duration));
        let text = "lorem ipsum dolor sit amet, ".repeat(8 + self.dice.roll(24) as usize);
        let client = self.dice.roll(200);
        self.api += 1;
        writeln!(
            api,
            r#"{{"timestamp":"{begun}","level":"INFO","type":"request","run":"a1b2c3d4","seq":{seq},"request_id":"{id}","method":"{method}","endpoint":"{endpoint}","message":"Incoming request","started":"{begun}","url":"http://shop.test{endpoint}?page={client}","http_version":"HTTP/1.1","remote_addr":"192.0.2.{client}","user_agent":"curl/8.5.0","content_type":"application/json","request_bytes":{bytes},"request_body":{{"model":"m{model}","status_code":500,"type":"response","prompt":"{text}"}}}}"#,
            seq = self.api,
            bytes = text.len() + 60,
            model = client % 3,
        )?;
        self.api += 1;
        let error = if failed {
            let row = self.dice.roll(100_000);
            format!(r#","error_type":"shop::OrderError","error_message":"could not place order {row}""#)
        } else {
            String::new()
        };
        writeln!(
            api,
            r#"{{"timestamp":"{ended}","level":"{level}","type":"response","run":"a1b2c3d4","seq":{seq},"request_id":"{id}","method":"{method}","endpoint":"{endpoint}","status_code":{status},"duration_ms":{ms}.{us:03},"ttfb_ms":{ms}.{us:03},"outcome":"complete","message":"Outgoing response","content_type":"application/json","response_bytes":{bytes}{error},"response_body":{{"text":"{text}","usage":{{"input_tokens":12,"output_tokens":34}}}}}}"#,
            seq = self.api,
            ms = duration / 1000,
            us = duration % 1000,
            bytes = text.len() + 80,
        )?;
        if failed {
            self.errors += 1;
            let message = error.split("error_message\":\"").nth(1).unwrap_or_default().trim_end_matches('"');
            writeln!(
                errors,
                r#"{{"timestamp":"{ended}","level":"ERROR","type":"error","run":"a1b2c3d4","seq":{seq},"request_id":"{id}","method":"{method}","endpoint":"{endpoint}","status_code":{status},"duration_ms":{ms}.{us:03},"ttfb_ms":{ms}.{us:03},"outcome":"complete","message":"{message}","location":"src/orders.rs:42","started":"{begun}","url":"http://shop.test{endpoint}?page={client}","http_version":"HTTP/1.1","remote_addr":"192.0.2.{client}","user_agent":"curl/8.5.0","request_bytes":{bytes},"response_bytes":80{error},"error_chain":["connection refused (os error 111)"]}}"#,
                seq = self.errors,
                ms = duration / 1000,
                us = duration % 1000,
                bytes = text.len() + 60,
            )?;
        }
        Ok(())
    }
}
