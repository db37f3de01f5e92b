//! Valid JSON cut into tokens, without reading what they mean: digits, order and repeated keys stay as they are.

/// Valid JSON without the white space around its tokens.
pub(crate) fn one_line(json: &str) -> String {
    tokens(json).collect()
}

/// Brackets, commas, colons, strings, and runs of anything else.
pub(crate) fn tokens(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let length = match rest.bytes().next()? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_length(rest),
            _ => rest.find(['{', '}', '[', ']', ',', ':', '"', ' ', '\t', '\r', '\n']).unwrap_or(rest.len()),
        };
        let (token, tail) = rest.split_at_checked(length)?;
        rest = tail;
        Some(token)
    })
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
