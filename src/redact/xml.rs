//! XML and HTML: what stands in secret elements and attributes.

use super::names::NameClass;
use super::text::Text;
use super::{MASK, Show, detect};

/// Elements of HTML that are never closed.
const VOID: [&str; 10] = ["input", "meta", "br", "img", "link", "hr", "source", "area", "base", "col"];

/// Appends the document without its secrets. `show` says what becomes of text between tags.
pub(super) fn redact(src: &[u8], text: Text<'_>, show: &Show<'_>, out: &mut Vec<u8>) {
    let mut at = 0;
    // The secret element that is open, and how many of its name.
    let mut secret: Option<(&[u8], usize)> = None;
    // `<key>password</key><string>x</string>`
    let (mut in_name, mut named) = (false, false);
    while at < src.len() {
        let rest = src.get(at..).unwrap_or_default();
        let cdata = rest.starts_with(b"<![CDATA[");
        if rest.first() != Some(&b'<') || cdata {
            let length = if cdata {
                section(rest, b"]]>")
            } else {
                rest.iter().position(|&b| b == b'<').unwrap_or(rest.len())
            };
            let content = rest.get(..length).unwrap_or_default();
            let last = at + length >= src.len();
            let blank = content.trim_ascii().is_empty();
            if blank {
                out.extend_from_slice(content);
            } else if secret.is_some() || named {
                out.extend_from_slice(MASK);
                named = false;
            } else {
                show(content, last && text.cut, out);
                let content = content.strip_prefix(b"<![CDATA[").unwrap_or(content);
                named = in_name
                    && text.names.is_secret(content.strip_suffix(b"]]>").unwrap_or(content).trim_ascii());
            }
            at += length;
            continue;
        }
        let comment = rest.starts_with(b"<!--");
        let length = if comment { section(rest, b"-->") } else { tag_length(rest) };
        let tag = rest.get(..length).unwrap_or_default();
        at += length;
        if !tag.ends_with(b">") {
            // Half a tag says nothing.
            break;
        }
        if secret.is_some() && comment {
            continue;
        }
        if !text.scrub_whole(tag, out) {
            out.extend_from_slice(tag);
        }
        if comment {
            continue;
        }
        let closing = tag.starts_with(b"</");
        let name = tag.get(if closing { 2 } else { 1 }..).unwrap_or_default();
        let name =
            name.split(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/')).next().unwrap_or_default();
        let local = name.rsplit(|&b| b == b':').next().unwrap_or_default();
        let opens = !closing
            && !tag.ends_with(b"/>")
            && !matches!(local.first(), Some(b'!' | b'?'))
            && !VOID.iter().any(|v| local.eq_ignore_ascii_case(v.as_bytes()));
        in_name = opens && text.names.class(local) == NameClass::PairName;
        match secret {
            Some((open, depth)) if open == name && closing => {
                secret = (depth > 1).then_some((open, depth - 1));
            }
            Some((open, depth)) if open == name && opens => secret = Some((open, depth + 1)),
            None if opens && (text.names.is_secret(local) || attribute_names_secret(tag, text)) => {
                secret = Some((name, 1));
            }
            _ => {}
        }
    }
}

/// Up to and with `end`, or all.
fn section(rest: &[u8], end: &[u8]) -> usize {
    detect::find(rest, end).map_or(rest.len(), |at| at + end.len())
}

/// A tag ends at the first `>` outside quotes.
fn tag_length(rest: &[u8]) -> usize {
    let mut quote = None;
    for (at, &b) in rest.iter().enumerate() {
        match (quote, b) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    // A quote that never closes: an apostrophe in what is no tag at all.
    rest.iter().position(|&b| b == b'>').map_or(rest.len(), |at| at + 1)
}

/// `<entry key="password">`
fn attribute_names_secret(tag: &[u8], text: Text<'_>) -> bool {
    let mut parts = tag.split(|b| matches!(b, b'"' | b'\''));
    while let (Some(before), Some(value)) = (parts.next(), parts.next()) {
        let name = before.trim_ascii_end().strip_suffix(b"=").unwrap_or_default().trim_ascii_end();
        let name = name.rsplit(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
        if (text.names.class(name) == NameClass::PairName || name.eq_ignore_ascii_case(b"id"))
            && text.names.is_secret(value)
        {
            return true;
        }
    }
    false
}
