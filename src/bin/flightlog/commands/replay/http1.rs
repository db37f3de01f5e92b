//! As much HTTP/1.1 (RFC 9112) as one request on a connection of its own takes.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// A request as its bytes.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: String,
    pub(super) target: String,
    bytes: Vec<u8>,
}

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// 0 where the connection closed without an answer, as after a panic.
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The body ended before its end.
    pub(super) is_cut: bool,
    pub(super) micros: u64,
}

const PATIENCE: Duration = Duration::from_secs(60);
/// So much of an answer is read.
const MOST: u64 = 16 << 20;

impl Question {
    /// A request; an error where something in it would end a line too early.
    pub(super) fn new(
        method: &str,
        target: &str,
        host: &str,
        headers: Vec<(String, String)>,
        body: Option<String>,
    ) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let mut line = |parts: &[&str]| {
            for part in parts {
                // Values were read as Latin-1 where they are no ASCII.
                for c in part.chars() {
                    if c.is_control() && c != '\t' {
                        return Err(format!(
                            "a control character in {}",
                            parts.first().copied().unwrap_or_default()
                        ));
                    }
                    match u8::try_from(u32::from(c)) {
                        Ok(byte) => bytes.push(byte),
                        Err(_) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
            }
            bytes.extend_from_slice(b"\r\n");
            Ok(())
        };
        if method.contains(' ') || target.contains(' ') {
            return Err("a space in the method or the path".into());
        }
        line(&[method, " ", target, " HTTP/1.1"])?;
        line(&["host: ", host])?;
        line(&["connection: close"])?;
        for (name, value) in &headers {
            line(&[name, ": ", value])?;
        }
        if let Some(body) = &body {
            line(&["content-length: ", &body.len().to_string()])?;
        }
        line(&[])?;
        bytes.extend_from_slice(body.unwrap_or_default().as_bytes());
        Ok(Self { method: method.to_owned(), target: target.to_owned(), bytes })
    }

    /// Sends it to the first address that answers, and reads the answer.
    pub(super) fn ask(&self, addresses: &[SocketAddr]) -> io::Result<Answer> {
        self.exchange(addresses).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                io::Error::other(format!("nothing came for {} s", PATIENCE.as_secs()))
            }
            _ => error,
        })
    }

    fn exchange(&self, addresses: &[SocketAddr]) -> io::Result<Answer> {
        let begun = Instant::now();
        let mut stream = connect(addresses)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        // Who answers early may close before it has read it all.
        let sent = stream.write_all(&self.bytes);
        let mut reader = BufReader::new(stream.take(MOST));
        let mut answer = Answer::default();
        loop {
            match head(&mut reader) {
                Ok(Some((status, headers))) => (answer.status, answer.headers) = (status, headers),
                Ok(None) => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            }
            if answer.status >= 200 {
                break;
            }
        }
        if answer.status == 0 {
            sent?;
        } else if self.method != "HEAD" && !matches!(answer.status, 204 | 304) {
            (answer.body, answer.is_cut) = body(&mut reader, &answer)?;
        }
        answer.micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(answer)
    }
}

/// A name may have several addresses: `localhost` is `::1` and 127.0.0.1, and a server listens on one of them.
fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the host has no address");
    for address in addresses {
        match TcpStream::connect_timeout(address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn shown(&self) -> String {
        if self.status == 0 { "no answer".into() } else { self.status.to_string() }
    }
}

/// One line without its end, as Latin-1; none at the end.
fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if reader.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

type Head = (u16, Vec<(String, String)>);

fn head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let Some(first) = line(reader)? else { return Ok(None) };
    let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("what answers there is no HTTP/1.1 server"))?;
    let mut headers = Vec::new();
    while let Some(line) = line(reader)?.filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok(Some((status, headers)))
}

/// The body, and whether it broke off. What is larger than is read did not.
fn body(reader: &mut BufReader<io::Take<TcpStream>>, answer: &Answer) -> io::Result<(Vec<u8>, bool)> {
    let mut body = Vec::new();
    let is_whole = match read_body(reader, answer, &mut body) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => false,
        read => read?,
    };
    Ok((body, !is_whole && reader.get_ref().limit() > 0))
}

/// Whether the end of the body came.
fn read_body(reader: &mut impl BufRead, answer: &Answer, body: &mut Vec<u8>) -> io::Result<bool> {
    if answer.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        while let Some(size) = line(reader)? {
            let size = size.split(';').next().unwrap_or_default().trim();
            let size =
                u64::from_str_radix(size, 16).map_err(|_| io::Error::other("a chunk without a size"))?;
            if size == 0 {
                return Ok(true);
            }
            reader.by_ref().take(size).read_to_end(body)?;
            line(reader)?;
        }
        return Ok(false);
    }
    let length: Option<u64> = answer.header("content-length").and_then(|length| length.parse().ok());
    let read = reader.take(length.unwrap_or(MOST)).read_to_end(body)?;
    Ok(length.is_none_or(|length| read as u64 == length))
}
