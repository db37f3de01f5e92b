//! JSON for people.

/// JSON indented, short arrays and objects left on their line; as it is where it is no JSON.
pub(crate) fn pretty(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    if text.len() <= 60 {
        return text.into_owned();
    }
    let raw: Result<Box<serde_json::value::RawValue>, _> = serde_json::from_str(&text);
    raw.map_or_else(|_| text.clone().into_owned(), |raw| indented(raw.get()))
}

/// Valid JSON laid out anew; its numbers, order and repeated keys are kept.
fn indented(json: &str) -> String {
    const DEEPEST: usize = 32;
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    };
    let mut before = ' ';
    for c in json.chars() {
        if in_string {
            text.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            before = c;
            continue;
        }
        match c {
            ' ' | '\n' | '\r' | '\t' => continue,
            '{' | '[' => {
                if matches!(before, '{' | '[') {
                    line(&mut text, depth);
                }
                depth += 1;
                text.push(c);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !matches!(before, '{' | '[') {
                    line(&mut text, depth);
                }
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            other => {
                if matches!(before, '{' | '[') {
                    line(&mut text, depth);
                }
                in_string = other == '"';
                text.push(other);
            }
        }
        before = c;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_keeps_what_it_says() {
        assert_eq!(pretty(br#"{"a":1.50}"#), r#"{"a":1.50}"#);
        let long = r#"{"a":1.50,"a":[1E+2,{},[]],"s":"x, {\"y\": [1]}","n":123456789012345678901234567890}"#;
        let text = pretty(long.as_bytes());
        assert_eq!(
            text,
            "{\n  \"a\": 1.50,\n  \"a\": [\n    1E+2,\n    {},\n    []\n  ],\n  \"s\": \"x, {\\\"y\\\": [1]}\",\n  \"n\": 123456789012345678901234567890\n}"
        );
        let cut = format!("{{\"a\":\"{}", "x".repeat(100));
        assert_eq!(pretty(cut.as_bytes()), cut);
    }
}
