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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn booleans() {
        for text in ["true", "TRUE", "True", "1", "yes", "YES", "on", "On"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "FALSE", "0", "no", "No", "off", "OFF"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        for text in ["", "2", "y", "n", "t", "enabled", "true ", "truе", "00", "-1"] {
            assert_eq!(boolean(text), None, "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, size) in [
            ("0", 0),
            ("10485760", 10_485_760),
            ("512B", 512),
            ("64KB", 64_000),
            ("10MB", 10_000_000),
            ("10mb", 10_000_000),
            ("1GB", 1_000_000_000),
            ("2TB", 2_000_000_000_000),
            ("64KiB", 65_536),
            ("64kib", 65_536),
            ("10MiB", 10_485_760),
            ("1GiB", 1 << 30),
            ("1TiB", 1 << 40),
            ("0MiB", 0),
            ("18446744073709551615", u64::MAX),
            ("16777215TiB", 16_777_215 << 40),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in [
            "",
            "B",
            "MiB",
            "10M",
            "10k",
            "10 MB",
            "1.5MiB",
            "1_000",
            "1,000",
            "-1",
            "+1",
            "1e6",
            "0x10",
            "10PB",
            "10MBps",
            "18446744073709551616",
            "16777216TiB",
            "１０",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, millis) in [
            ("250ms", 250),
            ("5s", 5_000),
            ("5S", 5_000),
            ("0s", 0),
            ("10m", 600_000),
            ("2h", 7_200_000),
            ("7d", 604_800_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("90m", 5_400_000),
            ("1m500ms", 60_500),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "5",
            "0",
            "s",
            "5 s",
            "5 parsecs",
            "1.5s",
            "-5s",
            "+5s",
            "5sec",
            "30m1h",
            "1s1s",
            "1h30",
            "5µs",
            "7w",
            "18446744073709551615s",
            "18446744073709551616ms",
            "213503982335d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn shares() {
        for (text, part) in [
            ("0", 0.0),
            ("1", 1.0),
            ("0.1", 0.1),
            (".5", 0.5),
            ("1.0", 1.0),
            ("10%", 0.1),
            ("0.5%", 0.005),
            ("100%", 1.0),
            ("7", 7.0),
        ] {
            assert_eq!(share(text), Some(part), "{text}");
        }
        for text in
            ["", "%", ".", "nan", "inf", "1e-3", "-1", "+1", "0,1", "10 %", "1/2", "1..2", "%10", "１"]
        {
            assert_eq!(share(text), None, "{text}");
        }
    }

    #[test]
    fn modes() {
        for (text, bits) in
            [("0600", 0o600), ("600", 0o600), ("0o640", 0o640), ("0777", 0o777), ("4755", 0o4755)]
        {
            assert_eq!(mode(text), Some(bits), "{text}");
        }
        for text in ["", "0", "6", "0800", "rw-------", "u=rw", "-600", "+600", "0x180", "00600", "06 0"] {
            assert_eq!(mode(text), None, "{text}");
        }
    }

    #[test]
    fn networks() {
        for (text, net) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(network(text).unwrap().to_string(), net, "{text}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "010.0.0.1",
            "localhost",
            "fe80::1%eth0",
            "10.0.0.1:80",
            "[::1]",
            "/8",
        ] {
            assert_eq!(network(text), None, "{text}");
        }
    }

    #[test]
    fn levels_mean_what_they_say() {
        for (text, filter) in [
            ("info", "info"),
            ("INFO", "info"),
            ("WARNING", "warn"),
            ("Warning", "warn"),
            ("CRITICAL", "error"),
            ("fatal", "error"),
            ("off", "off"),
            ("3", "3"),
            ("my_crate=", "my_crate="),
            ("my_crate::path", "my_crate::path"),
            ("info,inof", "info,inof"),
            ("my_crate=WARNING", "my_crate=warn"),
            ("WARNING,my_crate=CRITICAL", "warn,my_crate=error"),
            (" info , hyper = Debug ,, ", "info,hyper=debug"),
            ("info,my::path=trace", "info,my::path=trace"),
            ("[span]=FATAL", "[span]=error"),
            ("[span{field=warning}]=WARNING", "[span{field=warning}]=warn"),
            ("[span{field=warning}]", "[span{field=warning}]"),
            ("critical_service=info", "critical_service=info"),
            ("notice=info", "notice=info"),
        ] {
            assert_eq!(directives(text).as_deref(), Some(filter), "{text}");
            assert_eq!(directives(filter).as_deref(), Some(filter), "{filter} again");
        }
        for text in ["inof", " wran,", "my_crate", "billing.audit", "größe"] {
            assert_eq!(bare_target(text), Some(text.trim_matches([' ', ','])), "{text}");
            assert_eq!(directives(text), None, "{text}");
        }
        for text in ["info", "Warning", "3", "50", "verbose", "a=info", "a::b", "[a]", "a,b", "", "a\nb"] {
            assert_eq!(bare_target(text), None, "{text}");
        }
        for text in ["", ",", " , ", "verbose", "NOTICE", "none", "30", "info,50", "6", "\x1b", "a\nb=info"] {
            assert_eq!(directives(text), None, "{text}");
        }
    }

    #[cfg(feature = "init")]
    #[test]
    fn a_target_alone_means_all_of_it() {
        let directive = |text: &str| text.parse::<tracing_subscriber::filter::Directive>().unwrap();
        assert_eq!(directive("my_crate"), directive("my_crate=trace"));
    }

    #[cfg(feature = "init")]
    #[test]
    fn filters_nobody_could_read_are_refused() {
        for text in ["a=loud", "info,a=b=c", "[span", "a=20", "[span{]", "=info", "!x", "info,[a{b=}]x"] {
            assert_eq!(directives(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_them_panic(text in "\\PC*|[ =,\\[\\]{}a-z0-9.:/%\u{2003}é]*|[0-9]{1,25}[a-zA-Z]{0,3}") {
            boolean(&text);
            bytes(&text);
            duration(&text);
            mode(&text);
            share(&text);
            list(&text).for_each(|item| { network(item); });
            if let Some(filter) = directives(&text) {
                prop_assert_eq!(directives(&filter), Some(filter.clone()));
                #[cfg(feature = "init")]
                prop_assert!(tracing_subscriber::EnvFilter::builder().parse(&filter).is_ok());
            }
        }
    }
}
