//! Numbers: which of them any reader accepts.

use super::{MASK, NameClass, Scan, Stop};

/// Where the digits that begin at `at` end.
#[inline(always)]
fn digits(src: &[u8], mut at: usize) -> usize {
    while src.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// A number that was read.
struct Number {
    end: usize,
    /// Digits are there before the point.
    whole: bool,
    /// As the grammar of JSON has it.
    good: bool,
    exponent: bool,
}

fn read(src: &[u8], start: usize) -> Number {
    let byte = |at: usize| src.get(at).copied().unwrap_or(0);
    let mut at = start + usize::from(byte(start) == b'-');
    let zero = byte(at) == b'0';
    let end = digits(src, at);
    let whole = end - at;
    let mut good = whole == 1 || (whole > 1 && !zero);
    at = end;
    if byte(at) == b'.' {
        let end = digits(src, at + 1);
        good &= end > at + 1;
        at = end;
    }
    let exponent = byte(at) | 0x20 == b'e';
    if exponent {
        at += 1;
        at += usize::from(matches!(byte(at), b'+' | b'-'));
        let end = digits(src, at);
        good &= end > at;
        at = end;
    }
    Number { end: at, whole: whole > 0, good, exponent }
}

/// Where the number that begins at `at` ends, if any reader accepts it: `42`, `-0.5`.
#[inline(always)]
pub(super) fn simple(src: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(src.get(at) == Some(&b'-'));
    let mut end = digits(src, start);
    if end == start || (end > start + 1 && src.get(start) == Some(&b'0')) {
        return None;
    }
    if src.get(end) == Some(&b'.') {
        let point = end;
        end = digits(src, point + 1);
        if end == point + 1 {
            return None;
        }
    }
    let closed = matches!(src.get(end), Some(b',' | b'}' | b']'));
    (closed && end - start < 300).then_some(end)
}

impl Scan<'_, '_> {
    #[inline(never)]
    pub(super) fn any_number(&mut self) -> Result<(), Stop> {
        let start = self.pos;
        let Number { end, whole, mut good, exponent } = read(self.src, start);
        self.pos = end;
        match self.byte() {
            // The end of a cut number may be the beginning of a longer one: it says nothing, secret or not.
            None if self.depth > 0 || self.rules.cut => {
                let with = if self.is_secret_here() { MASK } else { b"" };
                self.replace(start, end, with);
                return Err(Stop::End);
            }
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | 0x1E) => {}
            // `192.168.0.1`, `2024-01-01`, `12abc`
            Some(_) => return Err(Stop::Garbage),
        }
        if !whole {
            return Err(Stop::Garbage);
        }
        if self.is_secret_here() {
            self.replace(start, end, b"\"[REDACTED]\"");
            return Ok(());
        }
        if exponent || end - start > 300 {
            let text = self.src.get(start..end).and_then(|n| std::str::from_utf8(n).ok()).unwrap_or_default();
            good &= text.parse::<f64>().is_ok_and(f64::is_finite);
        }
        self.inlinable &= good;
        if self.key == NameClass::PairValue {
            let to = self.written();
            self.pair_value_at(to - (end - start), to);
        }
        Ok(())
    }
}
