//! How names are spelled: what in them is a word, and what stands for nothing.

use std::borrow::Cow;

/// How often escapes in a name are taken off.
const ESCAPED: usize = 4;

/// Splits on everything that is neither letter nor digit, on camelCase, and drops digits.
pub(super) fn for_each_word(name: &[u8], mut found: impl FnMut(&[u8])) {
    let at = |i: usize| name.get(i).copied().unwrap_or(0);
    let is_lower = |b: u8| b.is_ascii_lowercase() || b >= 0x80;
    let mut start = 0;
    let mut before = 0_u8;
    for (i, &b) in name.iter().enumerate() {
        let letter = b.is_ascii_alphabetic() || b >= 0x80;
        // `userIDs`: a plural, not a hump
        let plural = at(i + 1) == b's' && !is_lower(at(i + 2));
        let last_capital = before.is_ascii_uppercase() && at(i + 1).is_ascii_lowercase() && !plural;
        let hump = b.is_ascii_uppercase() && (is_lower(before) || last_capital);
        if !letter || hump {
            if start < i {
                found(name.get(start..i).unwrap_or_default());
            }
            start = if hump { i } else { i + 1 };
        }
        before = b;
    }
    if let Some(word) = name.get(start..).filter(|word| !word.is_empty()) {
        found(word);
    }
}

/// Takes escapes, invisible characters and full-width forms out of a name. Borrows where there are none.
pub(super) fn plain_name(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.iter().all(|&b| b < 0x80 && b != b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = Cow::Borrowed(raw);
    // What is shown by `{:?}` has its escapes escaped.
    for _ in 0..ESCAPED {
        if !text.contains(&b'\\') {
            break;
        }
        let mut unescaped = Vec::new();
        super::escape::unescape(&text, &mut unescaped);
        text = Cow::Owned(unescaped);
    }
    let text = String::from_utf8_lossy(&text);
    let fold = |c: char| match c {
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFFD}'
        | '\u{0}'..='\u{8}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{3000}' => Some(' '),
        '\u{2010}'..='\u{2015}' => Some('-'),
        _ => Some(c),
    };
    Cow::Owned(text.chars().filter_map(fold).collect::<String>().into_bytes())
}
