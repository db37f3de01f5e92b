//! Numbers of payment cards: 13 to 19 digits, in groups or not, that a card scheme issues and whose check digit is
//! right.

use std::ops::Range;

use super::byte;

/// True where a card number stands in the text; next to no text is read byte by byte for that.
pub(in super::super) fn holds_card(text: &[u8]) -> bool {
    // No two bytes of a card number are without a digit, and every 13 hold two of which the first is at such a place.
    let mut at = STEP - 1;
    while let Some([a, b]) = text.get(at..).and_then(<[u8]>::first_chunk) {
        // The row goes on to one side or the other.
        let goes_on = |near: usize, far: usize| is_part(byte(text, near)) && is_part(byte(text, far));
        let long = || goes_on(at - 1, at - 5) || goes_on(at + 2, at + 6);
        if (a.is_ascii_digit() || b.is_ascii_digit()) && long() && row_holds_card(text, at) {
            return true;
        }
        at += STEP;
    }
    false
}

/// A byte of a card number.
fn is_part(b: u8) -> bool {
    b.is_ascii_digit() || b == b' ' || b == b'-'
}

/// Where `holds_card` looks.
const STEP: usize = 12;

/// True where a card number stands in the row of digits, blanks and dashes around `at`.
fn row_holds_card(text: &[u8], at: usize) -> bool {
    let part = |b: &&u8| is_part(**b);
    let Some((head, tail)) = text.split_at_checked(at) else { return false };
    // What begins further before was seen from the place before.
    let start = at - head.iter().rev().take(STEP).take_while(part).count();
    let end = at + tail.iter().take(STEP + 1).take_while(part).count();
    let begins = |i: usize| byte(text, i).is_ascii_digit() && (i == 0 || !follows(byte(text, i - 1)));
    end - start >= 13 && (start..=at).any(|i| begins(i) && card_from(text, i).is_some())
}

/// A card number: 13 to 19 digits, in groups or not, that a card scheme issues and whose check digit is right.
pub(super) fn card(src: &[u8], at: usize) -> Option<Range<usize>> {
    let mut start = at;
    // Back over at most one number; every digit of a longer one is looked at from its own chunk.
    while start > 0 && at - start < 24 && is_part(byte(src, start - 1)) {
        start -= 1;
    }
    // A group of something else may stand before the card's: `12 4111 1111 1111 1111`.
    (start..=at)
        .filter(|&i| byte(src, i).is_ascii_digit() && (i == 0 || !follows(byte(src, i - 1))))
        .find_map(|i| {
            let end = card_from(src, i)?;
            Some(i..end)
        })
}

/// Bytes after which no card number begins.
fn follows(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'.'
}

/// Where the card number that begins here ends: after one of its groups, for another group may follow.
fn card_from(src: &[u8], start: usize) -> Option<usize> {
    let (mut digits, mut count) = ([0_u8; 19], 0);
    for (i, &b) in src.iter().enumerate().skip(start).take(24) {
        if !b.is_ascii_digit() {
            if !matches!(b, b' ' | b'-') || !byte(src, i - 1).is_ascii_digit() {
                return None;
            }
            continue;
        }
        *digits.get_mut(count)? = b - b'0';
        count += 1;
        let next = byte(src, i + 1);
        if count >= 13 && !next.is_ascii_alphanumeric() {
            let all = digits.get(..count)?;
            if issued(all) && luhn(all) {
                return Some(i + 1);
            }
        }
    }
    None
}

fn issued(digits: &[u8]) -> bool {
    let head = |n: usize| digits.iter().take(n).fold(0_u32, |v, d| v * 10 + u32::from(*d));
    match digits.len() {
        13 | 18 => head(1) == 4,
        14 => matches!(head(2), 30 | 36 | 38 | 39),
        15 => matches!(head(2), 34 | 37) || matches!(head(4), 2131 | 1800),
        16 | 19 => {
            matches!(head(1), 4..=6) || matches!(head(2), 35 | 36 | 81) || (2221..=2720).contains(&head(4))
        }
        17 => head(1) == 6,
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().fold(0_u32, |sum, (place, &digit)| {
        let digit = u32::from(digit);
        sum + match (place % 2, digit) {
            (0, _) => digit,
            (_, 5..) => digit * 2 - 9,
            _ => digit * 2,
        }
    });
    sum % 10 == 0
}
