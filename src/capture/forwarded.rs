use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Hops that are looked at. No path is longer; a list that is was written to waste our time.
const MAX_HOPS: usize = 64;

/// Who sent a request: `peer`, or, where `peer` is a trusted proxy, whom the proxies name.
///
/// The list of hops is read from the right, where the nearest proxy wrote, to the left, where anybody can
/// write anything. The first address that is not a trusted proxy's is the client's, and nothing left of it
/// matters. The walk also ends, with the last address that was vouched for, at a hop that names no address
/// (`unknown`, `_hidden`, a host name, a zone id, octal digits, broken quoting, bytes that are not text), at
/// the end of the list and after 64 hops.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are read alike. Where both are present and name different clients,
/// neither is believed and the peer is given: a proxy that writes one and lets the other through would let clients
/// choose their address. `X-Real-IP` and headers of vendors are never read.
///
/// An IPv4 address written as IPv6 is given as IPv4. Ports are dropped.
pub(crate) fn client_addr(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |addr: &IpAddr| trusted.iter().any(|net| net.contains(addr));
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded = || walk(peer, hops(headers, &FORWARDED, next_element).map(forwarded_for), is_trusted);
    let listed = || walk(peer, hops(headers, &X_FORWARDED_FOR, next_item).map(address), is_trusted);
    match (headers.contains_key(&FORWARDED), headers.contains_key(&X_FORWARDED_FOR)) {
        (true, true) => Some(forwarded()).filter(|client| *client == listed()).unwrap_or(peer),
        (true, false) => forwarded(),
        (false, _) => listed(),
    }
}

/// From the nearest hop outwards, as far as the word of trusted proxies goes.
fn walk(
    peer: IpAddr,
    hops: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(&IpAddr) -> bool,
) -> IpAddr {
    let mut vouched = peer;
    for hop in hops {
        match hop {
            Some(addr) => vouched = addr,
            None => break,
        }
        if !is_trusted(&vouched) {
            break;
        }
    }
    vouched
}

/// What stands left of the last separator outside quotes, if there is one, and what right of it.
type Split = fn(&[u8]) -> (Option<&[u8]>, &[u8]);

/// The elements of all lines of a header from last to first, empty ones left out (RFC 9110 section 5.6.1.2).
fn hops<'a>(headers: &'a HeaderMap, name: &HeaderName, split: Split) -> impl Iterator<Item = &'a [u8]> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .flat_map(move |line| {
            let mut rest = Some(line.as_bytes());
            std::iter::from_fn(move || {
                let (left, element) = split(rest?);
                rest = left;
                Some(element.trim_ascii())
            })
        })
        .take(MAX_HOPS)
        .filter(|element| !element.is_empty())
}

fn next_item(list: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match list.iter().rposition(|byte| *byte == b',') {
        Some(comma) => (list.get(..comma), list.get(comma + 1..).unwrap_or_default()),
        None => (None, list),
    }
}

/// Quotes are matched from the right too: an open quote that a client sent must not swallow the comma and the
/// element that a proxy appended to it.
fn next_element(list: &[u8]) -> (Option<&[u8]>, &[u8]) {
    rsplit_unquoted(list, b',')
}

fn rsplit_unquoted(text: &[u8], separator: u8) -> (Option<&[u8]>, &[u8]) {
    let mut quoted = false;
    let mut left = text;
    while let [before @ .., byte] = left {
        if *byte == b'"' && !(quoted && ends_in_escape(before)) {
            quoted = !quoted;
        } else if *byte == separator && !quoted {
            return (Some(before), text.get(left.len()..).unwrap_or_default());
        }
        left = before;
    }
    (None, text)
}

/// Whether the byte after `text` is escaped: an odd number of backslashes stands before it.
fn ends_in_escape(text: &[u8]) -> bool {
    text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the one `for=` of an element such as `for="[2001:db8::1]:4711";proto=https` (RFC 7239
/// section 4).
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    let mut rest = Some(element);
    while let Some(text) = rest {
        let (left, pair) = rsplit_unquoted(text, b';');
        rest = left;
        let equals = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = equals.and_then(|at| pair.split_at_checked(at)).unwrap_or((pair, b""));
        if name.trim_ascii().eq_ignore_ascii_case(b"for") {
            // Each parameter occurs once: of two, neither is to be believed.
            if found.replace(value.strip_prefix(b"=")?.trim_ascii()).is_some() {
                return None;
            }
        }
    }
    match found? {
        // A backslash fails to parse as part of an address: nobody has a reason to escape a digit.
        [b'"', node @ .., b'"'] => address(node),
        node => address(node),
    }
}

/// An IPv4 or IPv6 address, the latter in brackets or not, with or without a port (RFC 7239 section 6).
/// Brackets without quotes are against that grammar, and plain to see.
fn address(node: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(node).ok()?;
    if let Some(bracketed) = text.strip_prefix('[') {
        let (addr, port) = bracketed.split_once(']')?;
        let addr = addr.parse::<Ipv6Addr>().ok()?;
        return (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then(|| addr.to_canonical());
    }
    if let Ok(addr) = text.parse::<IpAddr>() {
        return Some(addr.to_canonical());
    }
    let (addr, port) = text.split_once(':')?;
    let addr = addr.parse::<Ipv4Addr>().ok()?;
    is_port(port).then_some(addr.into())
}

/// RFC 7239 section 6.3: up to five digits, or an underscore and a made-up name.
fn is_port(port: &str) -> bool {
    match port.as_bytes() {
        [b'_', name @ ..] => {
            !name.is_empty()
                && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        }
        digits => (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests;
