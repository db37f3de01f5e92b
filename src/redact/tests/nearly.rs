//! What begins as JSON and is none, after pairs whose value stands before its name.

use super::*;

#[test]
fn a_value_before_its_name_is_hidden_in_what_is_nearly_json() {
    for (head, tail) in [("", "\nx"), ("[", ",NaN]"), ("[", ",]"), ("[", ",more\n"), ("{\"p\":", ",q}")] {
        for (pair, masked) in [
            (r#"{"value":"CANARY","name":"password"}"#, r#"{"value":"[REDACTED]","name":"password"}"#),
            (r#"{"value":["CANARY"],"name":"token"}"#, r#"{"value":"[REDACTED]","name":"token"}"#),
            (r#"{"name":"password","value":"CANARY"}"#, r#"{"name":"password","value":"[REDACTED]"}"#),
        ] {
            let (text, expected) = (format!("{head}{pair}{tail}"), format!("{head}{masked}{tail}"));
            assert_eq!(json(&text), expected, "as JSON");
            assert_eq!(Redactor::default().text(&text).to_string(), expected, "as a message");
            for content_type in ["application/json", "application/x-ndjson", "text/plain"] {
                let shown = format!("{:?}", body_of(content_type, text.as_bytes(), true, 1000));
                assert!(!shown.contains("CANARY"), "{content_type}: {text}: {shown}");
            }
            let inside = serde_json::json!({ "said": text }).to_string();
            assert!(!json(&inside).contains("CANARY"), "{inside}");
        }
    }
}

#[test]
fn a_value_is_hidden_whose_name_may_come_behind_the_fault_or_came_right_before_it() {
    let text = r#"{"value":"CANARY","at":NaN,"name":"password"}"#;
    assert_eq!(json(text), r#"{"value":"[REDACTED]","at":NaN,"name":"password"}"#);
    let text = r#"{"value":"CANARY","name":"password"}x"#;
    assert_eq!(json(text), "{\"value\":\"[REDACTED]\",\"name\":\"password\"}\nx");
}

#[test]
fn what_is_nearly_json_stays_as_it_came_where_no_pair_says_otherwise() {
    for text in [
        r#"{ "name" : "cpu", "value" : 0.5, "max" : NaN }"#,
        "{ \"a\": 1, }",
        "[INFO]  it is up",
        "[ 1, 2, ]\n",
    ] {
        assert_eq!(json(text), text);
    }
}
