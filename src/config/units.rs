//! How people write values. Every function takes trimmed text and gives none where it cannot be meant.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::error::escaped;

/// `true/false`, `1/0`, `yes/no`, `on/off`, any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    const YES: [&str; 4] = ["true", "1", "yes", "on"];
    const NO: [&str; 4] = ["false", "0", "no", "off"];
    let any_of = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if any_of(YES) { Some(true) } else { any_of(NO).then_some(false) }
}

/// A whole number, digits only: no sign, no separators.
pub(super) fn number(text: &str) -> Option<u64> {
    let (digits, rest) = split_digits(text);
    if rest.is_empty() { digits.parse().ok() } else { None }
}

/// Bytes: `10485760`, `512B`, `10MB` (10^6), `10MiB` (2^20), any case. `10M` is refused: it means both.
pub(super) fn bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 10] = [
        ("", 1),
        ("B", 1),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
    ];
    let (digits, unit) = split_digits(text);
    let (_, factor) = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name))?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

/// A part of the whole: `0.25` or `25%`, plain decimals. Whether it is one at most is for others to say.
pub(super) fn share(text: &str) -> Option<f64> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    // `f64` would read `nan`, `inf` and `1e-3` too.
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = if is_plain { number.parse().ok()? } else { return None };
    Some(number / whole)
}

/// `250ms`, `5s`, `10m`, `2h`, `7d`, and from large to small `1h30m`. A bare number is refused:
/// `LOG_SLOW=500` would be taken for milliseconds by one half of us and for seconds by the other.
pub(super) fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut millis = 0u64;
    while !rest.is_empty() {
        let (digits, tail) = split_digits(rest);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        let (_, factor) = units.find(|(name, _)| unit.eq_ignore_ascii_case(name))?;
        millis = millis.checked_add(digits.parse::<u64>().ok()?.checked_mul(*factor)?)?;
        rest = tail;
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

/// An octal file mode: `0600`, `600`, `0o600`.
pub(super) fn mode(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let octal = matches!(digits.len(), 3 | 4) && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    if octal { u32::from_str_radix(digits, 8).ok() } else { None }
}

/// What stands between the commas, trimmed, empty ones dropped.
pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// A network `10.0.0.0/8` or one address. IPv4 written as IPv6 (`::ffff:10.0.0.0/104`) becomes IPv4, as peers
/// do.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let net = match text.parse::<IpNet>() {
        Ok(net) => net,
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    match (net.addr().to_canonical(), net.prefix_len().checked_sub(96)) {
        (IpAddr::V4(addr), Some(prefix)) => IpNet::new(addr.into(), prefix).ok(),
        _ => Some(net),
    }
}

/// A filter that `tracing_subscriber::EnvFilter` understands as it was meant, or none.
///
/// `EnvFilter` takes any word that is no level of its own for a target: `WARNING` means "all of the target
/// `WARNING`, and nothing else", and `" warn"` the target `" warn"`. So level names of elsewhere are mapped
/// first, alone and behind `target=`, and everything is trimmed; words that are surely meant as levels but
/// have no counterpart are refused, and so is a [target alone](bare_target).
pub(super) fn directives(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) || bare_target(text).is_some() {
        return None;
    }
    let mut filter = String::with_capacity(text.len());
    for item in list(text) {
        let (target, level) = match item.rsplit_once('=') {
            Some((target, level)) => (Some(target.trim_end()), level.trim_start()),
            None => (None, item),
        };
        let level = match level_name(level) {
            Some(name) => name,
            None if target.is_none() && is_foreign_level(level) => return None,
            None => level,
        };
        if !filter.is_empty() {
            filter.push(',');
        }
        let start = filter.len();
        if let Some(target) = target {
            filter.push_str(target);
            filter.push('=');
        }
        filter.push_str(level);
        if !is_directive(filter.get(start..)?) {
            return None;
        }
    }
    (!filter.is_empty()).then_some(filter)
}

/// The one word that a filter is, where that is no level: `inof` is a slip that would silence all else.
pub(super) fn bare_target(text: &str) -> Option<&str> {
    let mut items = list(text);
    let word = items.next().filter(|_| items.next().is_none())?;
    let is_level = level_name(word).is_some() || is_foreign_level(word) || number(word).is_some();
    let is_more = word.contains("::") || word.contains(|c: char| matches!(c, '=' | '[') || c.is_control());
    (!is_level && !is_more && is_directive(word)).then_some(word)
}

/// How the target that a filter is alone is written.
pub(super) fn how_to_write(target: &str) -> String {
    format!("a target is written {}=trace", escaped(OsStr::new(target)))
}

fn level_name(text: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 9] = [
        ("off", "off"),
        ("error", "error"),
        ("critical", "error"),
        ("fatal", "error"),
        ("warn", "warn"),
        ("warning", "warn"),
        ("info", "info"),
        ("debug", "debug"),
        ("trace", "trace"),
    ];
    NAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, ours)| *ours)
}

/// Levels of other loggers, and numbers (Python's 10 to 50; `EnvFilter` itself knows 0 to 5).
fn is_foreign_level(text: &str) -> bool {
    const NAMES: [&str; 12] = [
        "alert",
        "all",
        "crit",
        "emerg",
        "emergency",
        "err",
        "none",
        "notice",
        "quiet",
        "severe",
        "silent",
        "verbose",
    ];
    NAMES.iter().any(|name| text.eq_ignore_ascii_case(name)) || number(text).is_some_and(|level| level > 5)
}

/// Held against the parser that will read it; not through `EnvFilter`, which may print to stderr as it is
/// built.
#[cfg(feature = "init")]
fn is_directive(text: &str) -> bool {
    text.parse::<tracing_subscriber::filter::Directive>().is_ok()
}

/// Nobody reads it in this build.
#[cfg(not(feature = "init"))]
fn is_directive(_text: &str) -> bool {
    true
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests;
