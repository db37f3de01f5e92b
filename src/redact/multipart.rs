//! Multipart bodies (RFC 7578): names and headers of the parts stay, files are told by their size only.

use super::text::Text;
use super::{MASK, Show, detect};

/// Longer boundaries are not allowed (RFC 2046 section 5.1.1) but met.
const LONGEST_BOUNDARY: usize = 256;

/// Appends the body with secrets and files left out. False where no boundary is to be found.
pub(super) fn redact(
    src: &[u8],
    content_type: &str,
    text: Text<'_>,
    value: &Show<'_>,
    out: &mut Vec<u8>,
) -> bool {
    let Some(boundary) = boundary(src, content_type) else { return false };
    let mut delimiter = b"--".to_vec();
    delimiter.extend_from_slice(boundary);
    let Some(mut at) = line_with(src, 0, &delimiter) else { return false };
    // What stands before the first boundary is for nobody.
    loop {
        let start = at + delimiter.len();
        let rest = src.get(start..).unwrap_or_default();
        out.extend_from_slice(&delimiter);
        if rest.starts_with(b"--") {
            out.extend_from_slice(b"--\r\n");
            return true;
        }
        let next = line_with(src, start, &delimiter);
        let end = next.unwrap_or(src.len());
        out.extend_from_slice(b"\r\n");
        let part = src.get(start..end).unwrap_or_default();
        let last = next.is_none();
        one_part(part.trim_ascii_start_line(), text, last && text.cut, value, out);
        match next {
            Some(next) => at = next,
            None => return true,
        }
    }
}

trait TrimLine {
    fn trim_ascii_start_line(&self) -> &Self;
}

impl TrimLine for [u8] {
    /// Without the line end that closes the boundary's line.
    fn trim_ascii_start_line(&self) -> &Self {
        let line = self.iter().position(|&b| b == b'\n').map_or(self.len(), |at| at + 1);
        self.get(line..).unwrap_or_default()
    }
}

/// The next line that begins with `delimiter`.
fn line_with(src: &[u8], from: usize, delimiter: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = src.get(at..)?;
        if (at == 0 || src.get(at - 1) == Some(&b'\n')) && rest.starts_with(delimiter) {
            return Some(at);
        }
        at += rest.iter().position(|&b| b == b'\n')? + 1;
    }
}

fn boundary<'a>(src: &'a [u8], content_type: &'a str) -> Option<&'a [u8]> {
    let named = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').as_bytes();
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then_some(value)
    });
    let first_line = || {
        let line = src.strip_prefix(b"--")?.split(|&b| b == b'\n').next()?.trim_ascii_end();
        (!line.is_empty()).then_some(line)
    };
    named.or_else(first_line).filter(|b| b.len() <= LONGEST_BOUNDARY)
}

fn one_part(part: &[u8], text: Text<'_>, cut: bool, value: &Show<'_>, out: &mut Vec<u8>) {
    let found = detect::find(part, b"\r\n\r\n").map(|at| (at, 4)).or_else(|| {
        if part.starts_with(b"\r\n") { Some((0, 2)) } else { detect::find(part, b"\n\n").map(|at| (at, 2)) }
    });
    // Without a blank line it is not known what is header and what is value.
    let Some((head_end, gap)) = found else { return };
    let (head, rest) = part.split_at(head_end);
    let content = rest.get(gap..).unwrap_or_default();
    let content = content.strip_suffix(b"\r\n").or_else(|| content.strip_suffix(b"\n")).unwrap_or(content);
    let plain = Text { cut: false, ..text };
    if !plain.scrub(head, out) {
        out.extend_from_slice(head);
    }
    out.extend_from_slice(b"\r\n\r\n");
    let disposition = line_of(head, b"content-disposition:");
    let content_type = line_of(head, b"content-type:").to_ascii_lowercase();
    let is_file = detect::find(&disposition.to_ascii_lowercase(), b"filename").is_some()
        || detect::find(&content_type, b"multipart/").is_some()
        || detect::find(&content_type, b"octet-stream").is_some();
    match parameter(disposition, b"name") {
        _ if is_file && cut => out.extend_from_slice(b"[file]"),
        _ if is_file => out.extend_from_slice(format!("[file {} bytes]", content.len()).as_bytes()),
        Some(name) if !text.names.is_secret(name) => value(content, cut, out),
        // No name: nobody knows what it is.
        _ => out.extend_from_slice(MASK),
    }
    out.extend_from_slice(b"\r\n");
}

fn line_of<'a>(head: &'a [u8], name: &[u8]) -> &'a [u8] {
    head.split(|&b| b == b'\n')
        .find(|line| line.get(..name.len()).is_some_and(|l| l.eq_ignore_ascii_case(name)))
        .unwrap_or_default()
}

/// `name="x"` of a header line.
fn parameter<'a>(line: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    line.split(|&b| b == b';').skip(1).find_map(|parameter| {
        let at = parameter.iter().position(|&b| b == b'=')?;
        let (name, value) = parameter.split_at(at);
        let name = name.trim_ascii();
        let name = name.strip_suffix(b"*").unwrap_or(name);
        let value = value.get(1..)?.trim_ascii();
        let value = value.strip_prefix(b"\"").map_or(value, |v| v.strip_suffix(b"\"").unwrap_or(v));
        name.eq_ignore_ascii_case(wanted).then_some(value)
    })
}
