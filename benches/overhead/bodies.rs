//! What is sent: JSON as APIs have it, always the same, of exact lengths, and no two bodies alike.

use std::fmt::Write as _;

use axum::body::Bytes;

/// Bytes of a question.
pub(crate) const QUESTION: usize = 300;
/// Bytes of a row, with the comma or bracket around it.
const ROW: usize = 256;
/// Bytes of a frame of a long answer.
pub(crate) const FRAME: usize = 4 * ROW;
/// Bytes of a frame of an upload.
pub(crate) const UPLOAD_FRAME: usize = 64 * ROW;

/// Other questions for other seeds.
pub(crate) fn question(seed: u64) -> Bytes {
    let head = format!(
        r#"{{"model":"small-1","temperature":0.{},"max_tokens":{},"stream":false,"user":"u-{}","messages":[{{"role":"system","content":"Answer in one sentence."}},{{"role":"user","content":""#,
        seed % 9 + 1,
        200 + seed % 800,
        10_000 + seed * 7919 % 90_000,
    );
    let tail = r#""}]}"#;
    let words = text(seed, QUESTION - head.len() - tail.len());
    Bytes::from(format!("{head}{words}{tail}"))
}

/// So many bytes of text; others for other seeds.
pub(crate) fn text(seed: u64, length: usize) -> String {
    let mut text = String::with_capacity(length + 16);
    let mut state = seed;
    while text.len() < length {
        // Numerical Recipes' generator: a choice of words is all it is for.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(WORDS.get(state as usize / 64 % WORDS.len()).unwrap_or(&"the"));
        text.push(' ');
    }
    while text.len() > length {
        text.pop();
    }
    // Half of a letter too much went as a whole.
    while text.len() < length {
        text.push('.');
    }
    text
}

const WORDS: &[&str] = &[
    "how",
    "far",
    "is",
    "the",
    "moon",
    "from",
    "earth",
    "and",
    "light",
    "needs",
    "1.28",
    "seconds",
    "on",
    "average",
    "384,400",
    "kilometres",
    "caf\u{e9}",
    "a",
    "windless",
    "night,",
    "at",
    "perigee",
    "it",
    "closer",
    "order",
    "paid",
];

/// A JSON array as frames of as many bytes each.
pub(crate) fn array(frames: usize, frame: usize) -> Vec<Bytes> {
    let rows = frame / ROW;
    let mut all = Vec::with_capacity(frames);
    for index in 0..frames {
        let mut text = String::with_capacity(frame);
        for row in index * rows..(index + 1) * rows {
            push_row(&mut text, row, row + 1 == frames * rows);
        }
        all.push(Bytes::from(text));
    }
    all
}

/// An order, with the bracket or comma before it, and behind the last one the end.
fn push_row(text: &mut String, row: usize, is_last: bool) {
    let before = if row == 0 { '[' } else { ',' };
    let end = text.len() + ROW - usize::from(is_last);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        r#"{before}{{"id":"ord-{row:06}","customer":"u-{}","created":"2026-11-{:02}T10:{:02}:00Z","total":{}.{:02},"currency":"EUR","paid":{},"note":""#,
        10_000 + row * 7919 % 90_000,
        row % 28 + 1,
        row % 60,
        row % 977,
        row % 100,
        row.is_multiple_of(3),
    );
    let tail = "\"}";
    let words = end.saturating_sub(text.len() + tail.len());
    text.push_str(&self::text(row as u64, words));
    text.push_str(tail);
    if is_last {
        text.push(']');
    }
}
