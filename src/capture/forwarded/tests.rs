use http::HeaderValue;
use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1";
const CLIENT: &str = "203.0.113.9";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(pairs: &[(&str, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

/// Behind a proxy; 10.0.0.0/8, 127.0.0.1 and fd00::/8 are trusted.
fn behind_proxy(pairs: &[(&str, &[u8])]) -> String {
    let trusted = ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"].map(|net| net.parse().unwrap());
    client_addr(ip(PROXY), &headers(pairs), &trusted).to_string()
}

#[test]
fn nobody_is_believed_unless_trusted() {
    // X5
    for name in ["forwarded", "x-forwarded-for"] {
        for value in ["for=127.0.0.1", "127.0.0.1", "for=\"[::1]\"", "10.0.0.1"] {
            let headers = headers(&[(name, value.as_bytes())]);
            let trusted = ["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()];
            assert_eq!(client_addr(ip(CLIENT), &headers, &trusted), ip(CLIENT));
            assert_eq!(client_addr(ip(PROXY), &headers, &[]), ip(PROXY));
        }
    }
}

#[test]
fn x_forwarded_for() {
    for (value, client) in [
        // X1, X2
        ("1.2.3.4", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("1.2.3.4, 10.0.0.2, 10.0.0.3", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.3", "1.2.3.4"),
        ("127.0.0.1, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.7, 10.0.0.3", "10.0.0.7"),
        ("1.2.3.4, fd00::2", "1.2.3.4"),
        // X3
        ("unknown", PROXY),
        ("1.2.3.4, unknown", PROXY),
        ("1.2.3.4, unknown, 10.0.0.3", "10.0.0.3"),
        ("1.2.3.4, _hidden, 10.0.0.3", "10.0.0.3"),
        ("unknown, 1.2.3.4", "1.2.3.4"),
        // X6
        ("", PROXY),
        (" , ,", PROXY),
        ("1.2.3.4,", "1.2.3.4"),
        (",1.2.3.4 , , 10.0.0.3,", "1.2.3.4"),
        ("\t1.2.3.4\t", "1.2.3.4"),
        ("1.2.3.4:4711", "1.2.3.4"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("1.2.3.4:_x", "1.2.3.4"),
        ("1.2.3.4:", PROXY),
        ("1.2.3.4:123456", PROXY),
        ("1.2.3.4:80:80", PROXY),
        ("[2001:db8::1]4711", PROXY),
        ("[2001:db8::1", PROXY),
        ("[1.2.3.4]", PROXY),
        ("1.2.3.4 5.6.7.8", PROXY),
        ("\"1.2.3.4\"", PROXY),
        ("for=1.2.3.4", PROXY),
        ("example.com", PROXY),
        // X7
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("[::ffff:1.2.3.4]:80", "1.2.3.4"),
        ("1.2.3.4, ::ffff:10.0.0.3", "1.2.3.4"),
        ("fe80::1%eth0", PROXY),
        ("[fe80::1%25eth0]:80", PROXY),
        ("0127.0.0.1", PROXY),
        ("1.2.3.04", PROXY),
        ("0x7f.0.0.1", PROXY),
        ("2130706433", PROXY),
        ("1.2.3", PROXY),
        ("1.2.3.256", PROXY),
    ] {
        assert_eq!(behind_proxy(&[("x-forwarded-for", value.as_bytes())]), client, "{value}");
    }
}

#[test]
fn forwarded() {
    for (value, client) in [
        ("for=1.2.3.4", "1.2.3.4"),
        ("For=1.2.3.4", "1.2.3.4"),
        ("for=\"1.2.3.4\"", "1.2.3.4"),
        ("for=\"1.2.3.4:80\"", "1.2.3.4"),
        ("for=1.2.3.4:80", "1.2.3.4"),
        ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("FOR=\"[2001:db8::1]\"", "2001:db8::1"),
        ("for=\"[2001:db8::1]:_port\"", "2001:db8::1"),
        ("for=\"[::ffff:1.2.3.4]\"", "1.2.3.4"),
        ("for=1.2.3.4;proto=http;by=203.0.113.43", "1.2.3.4"),
        ("proto=https;by=\"[fd00::1]\";for=1.2.3.4", "1.2.3.4"),
        ("proto=https ; for = 1.2.3.4 ;", "1.2.3.4"),
        ("for=6.6.6.6, for=1.2.3.4, for=10.0.0.3", "1.2.3.4"),
        ("for=1.2.3.4;host=\"a,b;c\", for=10.0.0.3", "1.2.3.4"),
        ("host=\"a\\\",for=6.6.6.6;b\";for=1.2.3.4", "1.2.3.4"),
        ("host=\"a\\\\\";for=1.2.3.4", "1.2.3.4"),
        ("for=1.2.3.4, , for=10.0.0.3,", "1.2.3.4"),
        // Not quoted, and plain to see
        ("for=[2001:db8::1]:80", "2001:db8::1"),
        ("for=2001:db8::1", "2001:db8::1"),
        // X3
        ("for=unknown", PROXY),
        ("for=\"unknown\"", PROXY),
        ("for=_hidden", PROXY),
        ("for=1.2.3.4, for=_SEVKISEK, for=10.0.0.3", "10.0.0.3"),
        // X6: quoting errors, and what a client's open quote must not reach
        ("for=\"1.2.3.4", PROXY),
        ("for=1.2.3.4\"", PROXY),
        ("for='1.2.3.4'", PROXY),
        ("for=\"1.2.3.\\4\"", PROXY),
        ("for=\"\"", PROXY),
        ("for=\"", PROXY),
        ("for=", PROXY),
        ("for", PROXY),
        ("1.2.3.4", PROXY),
        ("proto=https", PROXY),
        ("for=1.2.3.4;for=1.2.3.4", PROXY),
        ("for=\"6.6.6.6, for=1.2.3.4", "1.2.3.4"),
        ("for=\"6.6.6.6, for=\"1.2.3.4\"", "1.2.3.4"),
        ("for=6.6.6.6;x=\"\\, for=1.2.3.4", "1.2.3.4"),
        ("\"\\\"\\\\\", for=1.2.3.4", "1.2.3.4"),
        // X7
        ("for=\"[fe80::1%eth0]\"", PROXY),
        ("for=0127.0.0.1", PROXY),
        ("forr=1.2.3.4", PROXY),
        ("", PROXY),
    ] {
        assert_eq!(behind_proxy(&[("forwarded", value.as_bytes())]), client, "{value}");
    }
}

#[test]
fn lines_are_one_list() {
    // X4
    for (lines, client) in [
        (["6.6.6.6", "1.2.3.4", "10.0.0.3"], "1.2.3.4"),
        (["1.2.3.4", "", "10.0.0.3, 10.0.0.4"], "1.2.3.4"),
        (["1.2.3.4", "unknown", "10.0.0.3"], "10.0.0.3"),
    ] {
        let lines = lines.map(|line| ("x-forwarded-for", line.as_bytes()));
        assert_eq!(behind_proxy(&lines), client, "{lines:?}");
    }
    // A quote does not reach over the end of its line.
    let lines = ["for=1.2.3.4", "for=\"10.0.0.4", "for=10.0.0.3"].map(|line| ("forwarded", line.as_bytes()));
    assert_eq!(behind_proxy(&lines), "10.0.0.3");
}

#[test]
fn two_headers_that_disagree_are_not_believed() {
    // X8
    let agree: [(&str, &[u8]); 2] = [("x-forwarded-for", b"6.6.6.6, 1.2.3.4"), ("forwarded", b"for=1.2.3.4")];
    assert_eq!(behind_proxy(&agree), "1.2.3.4");
    let differ: [(&str, &[u8]); 2] = [("x-forwarded-for", b"6.6.6.6"), ("forwarded", b"for=1.2.3.4")];
    assert_eq!(behind_proxy(&differ), PROXY);
    let hidden: [(&str, &[u8]); 2] = [("x-forwarded-for", b"6.6.6.6"), ("forwarded", b"for=_hidden")];
    assert_eq!(behind_proxy(&hidden), PROXY);
}

#[test]
fn headers_of_vendors_are_not_read() {
    // X9
    for name in ["x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip", "via", "x-forwarded"] {
        assert_eq!(behind_proxy(&[(name, b"1.2.3.4")]), PROXY, "{name}");
    }
}

#[test]
fn bytes_that_are_not_text_name_nobody() {
    // X10
    for value in [&b"\xff\xfe"[..], b"1.2.3.4\xff", b"for=\xff", b"for=\"\xc2\x9b\""] {
        assert_eq!(behind_proxy(&[("forwarded", value)]), PROXY);
        assert_eq!(behind_proxy(&[("x-forwarded-for", value)]), PROXY);
    }
    assert_eq!(behind_proxy(&[("x-forwarded-for", b"\xff, 1.2.3.4")]), "1.2.3.4");
}

#[test]
fn long_lists_are_read_from_the_near_end_and_not_to_the_far_one() {
    // X2
    let trusted = |hops: usize| vec!["10.0.0.3"; hops].join(", ");
    for (hops, client) in
        [(1, "1.2.3.4"), (33, "1.2.3.4"), (63, "1.2.3.4"), (64, "10.0.0.3"), (10_000, "10.0.0.3")]
    {
        let value = format!("1.2.3.4, {}", trusted(hops));
        assert_eq!(behind_proxy(&[("x-forwarded-for", value.as_bytes())]), client, "{hops}");
    }
    let noise = format!("{}1.2.3.4", "6.6.6.6,".repeat(10_000));
    assert_eq!(behind_proxy(&[("x-forwarded-for", noise.as_bytes())]), "1.2.3.4");
    let commas = format!("1.2.3.4{}", ",".repeat(10_000));
    assert_eq!(behind_proxy(&[("x-forwarded-for", commas.as_bytes())]), PROXY);
}

#[test]
fn a_mapped_peer_is_the_ipv4_address_it_stands_for() {
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    let headers = headers(&[("x-forwarded-for", b"1.2.3.4")]);
    assert_eq!(client_addr(ip("::ffff:10.0.0.1"), &headers, &trusted), ip("1.2.3.4"));
    assert_eq!(client_addr(ip("::ffff:9.9.9.9"), &headers, &trusted), ip("9.9.9.9"));
}

/// What a client can put into a header, with a taste for what matters here.
fn junk() -> impl Strategy<Value = Vec<u8>> {
    let bytes = proptest::collection::vec(prop_oneof![0x20u8..0x7f, 0x80u8..=0xff], 0..60);
    prop_oneof![bytes, "[\"\\\\,;=forFOR1.:\\[\\] ]{0,60}".prop_map(String::into_bytes)]
}

proptest! {
    #[test]
    fn nothing_a_client_writes_changes_what_the_proxy_appends(junk in junk(), quoted: bool) {
        let element = if quoted { format!("for=\"{CLIENT}:80\";proto=https") } else { format!("for={CLIENT}") };
        let forwarded = [junk.as_slice(), b", ", element.as_bytes()].concat();
        prop_assert_eq!(behind_proxy(&[("forwarded", &forwarded)]), CLIENT);
        let list = [junk.as_slice(), b",", CLIENT.as_bytes()].concat();
        prop_assert_eq!(behind_proxy(&[("x-forwarded-for", &list)]), CLIENT);
    }

    #[test]
    fn nothing_makes_it_panic(lines in proptest::collection::vec((any::<bool>(), junk()), 0..5)) {
        let lines: Vec<(&str, &[u8])> = lines
            .iter()
            .map(|(forwarded, value)| (if *forwarded { "forwarded" } else { "x-forwarded-for" }, value.as_slice()))
            .collect();
        behind_proxy(&lines);
    }
}
