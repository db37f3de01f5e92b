use proptest::prelude::*;

use super::*;

#[test]
fn members_stand_as_they_are_written_and_nested_ones_are_passed_over() {
    let text = br#" { "a" : {"status_code":500,"x":["}",{"b":"\"}"}]} ,"status_code":200,"c":[],"d":"q\\"} "#;
    let members = Members::of(text);
    let seen: Vec<_> = members
        .map(|m| (String::from_utf8_lossy(m.key).into_owned(), String::from_utf8_lossy(m.value).into_owned()))
        .collect();
    let seen: Vec<_> = seen.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("a", r#"{"status_code":500,"x":["}",{"b":"\"}"}]}"#),
            ("status_code", "200"),
            ("c", "[]"),
            ("d", r#""q\\""#)
        ]
    );
    let path = ["a", "x", "1", "b"].map(String::from);
    assert_eq!(lookup(text, &path).map(super::text).unwrap(), "\"}");
}

#[test]
fn keys_written_with_escapes_are_found() {
    assert_eq!(member(br#"{"status\u005fcode":7}"#, "status_code"), Some(b"7".as_slice()));
}

#[test]
fn pieces_of_objects_are_broken_and_do_no_harm() {
    let whole = br#"{"a":{"b":[1,"x\"",null]},"c":-1.5e3}"#;
    for end in 0..whole.len() {
        let mut members = Members::of(&whole[..end]);
        _ = members.by_ref().count();
        assert!(members.is_broken(), "{end}");
    }
    for bad in ["", "[", "{", "{a:1}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1,}", "{,}"] {
        let mut members = Members::of(bad.as_bytes());
        _ = members.by_ref().count();
        assert!(members.is_broken(), "{bad}");
    }
}

proptest! {
    #[test]
    fn strings_read_as_serde_json_reads_them(text: String) {
        let written = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(super::text(written.as_bytes()), text);
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        _ = Members::of(&bytes).count();
        _ = items(&bytes).count();
        _ = unescape(&bytes);
    }
}

proptest! {
    #[test]
    fn quotes_and_backslashes_are_found_where_they_are(text in r#"[a-c!#\[\]\x80"\\\\]{0,60}"#) {
        let bytes = text.as_bytes();
        prop_assert_eq!(special(bytes), bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')));
    }
}

#[test]
fn lone_surrogates_are_no_characters() {
    assert_eq!(unescape(br"\ud800x\ud83d\ude00\udc00"), "\u{fffd}x\u{1f600}\u{fffd}");
    assert_eq!(unescape(br"\u12"), "\u{fffd}12");
}
