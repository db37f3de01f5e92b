//! Documents are read in two ways: from one pair to the next as long as nothing is out of the ordinary, and step by step.
//! Blanks between tokens make each step one of the second way, and are left out of what is shown.

use proptest::{collection::vec, prelude::*, sample::select};

use serde::de::IgnoredAny;

use super::*;

/// Values, containers among them, with bytes that stand for nothing where a blank may be.
fn value() -> impl Strategy<Value = String> {
    const LEAVES: &[&str] = &[
        "1",
        "-0.5",
        "01",
        "1e5",
        "true",
        "null",
        "\"x\"",
        "\"a, b\"",
        "\"password\"",
        "\"token\"",
        "\"eyJhbGciOiJIUzI1NiJ9.e30.x\"",
        "\"4111 1111 1111 1111\"",
        "{~}",
        "[~]",
        "{~1}",
        "tru",
        "}",
        "]",
        "",
    ];
    const KEYS: &[&str] =
        &["a", "b", "id", "name", "value", "key", "password", "keep_me", "a_longer_name_of_a_field"];
    let leaf = prop_oneof![20 => select(&LEAVES[..14]), 1 => select(LEAVES)].prop_map(str::to_owned);
    leaf.prop_recursive(6, 60, 6, |inner| {
        let pair = (select(KEYS), inner.clone()).prop_map(|(key, value)| format!("\"{key}\"~:~{value}"));
        prop_oneof![
            3 => vec(pair, 1..6).prop_map(|pairs| format!("{{~{}~}}", pairs.join("~,~"))),
            1 => vec(inner, 1..4).prop_map(|values| format!("[~{}~]", values.join("~,~"))),
        ]
    })
}

fn both_ways(template: &str) {
    let compact = template.replace('~', "");
    for options in [RedactOptions::default(), RedactOptions::default().keep(["keep_me"])] {
        let redactor = options.build();
        // Whether it is shown as JSON is told too.
        let read =
            |document: &str| body_with(&redactor, "application/json", document.as_bytes(), true, 1 << 20);
        // No key is expected the first time, each one later.
        let first = read(&compact);
        for _ in 0..2 {
            assert_eq!(read(&compact), first, "{template}");
        }
        if serde_json::from_str::<IgnoredAny>(&compact).is_ok() {
            assert_eq!(read(&template.replace('~', " ")), first, "{template}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_through_a_document_show_the_same(values in vec(value(), 1..4)) {
        let pairs: Vec<String> = values.iter().map(|value| format!("\"a\"~:~{value}")).collect();
        both_ways(&format!("{{~{}~,~\"id\"~:~[~1~]~,~\"end\"~:~\"{}\"~}}", pairs.join("~,~"), "x".repeat(80)));
    }
}
