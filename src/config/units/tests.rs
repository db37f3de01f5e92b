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
    for text in ["", "%", ".", "nan", "inf", "1e-3", "-1", "+1", "0,1", "10 %", "1/2", "1..2", "%10", "１"] {
        assert_eq!(share(text), None, "{text}");
    }
}

#[test]
fn modes() {
    for (text, bits) in [("0600", 0o600), ("600", 0o600), ("0o640", 0o640), ("0777", 0o777), ("4755", 0o4755)]
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
