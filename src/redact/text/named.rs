//! Values in free text that stand behind a name: behind `:` or `=`, as the second of a pair, on a command line.

use std::ops::Range;

use super::super::before::name_before;
use super::super::names::NameClass;
use super::super::values::value_after;
use super::super::{parts, tags, url, wrapped};
use super::{Hit, Text, is_name, is_quote, masked, run, unless_masked};

impl Text<'_> {
    /// `name: value`, `name=value`, `"name": "value"`, `name => value`.
    pub(super) fn named(self, src: &[u8], pos: usize, floor: usize, named: &mut bool) -> Option<Hit> {
        // A path of Rust or C++: `token::Kind`.
        if src.get(pos + 1) == Some(&b':') && src.get(pos + 2).is_some_and(u8::is_ascii_alphabetic) {
            return None;
        }
        // `T10:30`
        let digit = |at: usize| src.get(at).is_some_and(u8::is_ascii_digit);
        if pos >= 4
            && digit(pos + 1)
            && digit(pos - 1)
            && digit(pos - 2)
            && matches!(src.get(pos - 3), Some(b'T' | b' ' | b':'))
            && digit(pos - 4)
        {
            return None;
        }
        let name = name_before(src, pos, floor)?;
        let mut class = self.class(src, &name);
        if class == NameClass::PairValue && std::mem::take(named) {
            class = NameClass::Secret;
        }
        match class {
            NameClass::Secret => {}
            NameClass::PairName => {
                // A short look: names are short, and the value is read again for what it holds.
                let value = value_after(src.get(..src.len().min(pos + 64))?, pos)?;
                let shown = src.get(value.range.clone())?;
                // An escaped line end: `name=password\r\n`
                let length = shown.iter().position(|b| *b == b'\\').unwrap_or(shown.len());
                *named = length <= 40 && self.names.value_names_secret(shown.get(..length)?);
                if !*named {
                    return None;
                }
                let end = value.range.start + length;
                let belongs = parts::value(src, name.start, end).or_else(|| tags::named_content(src, end));
                return belongs.and_then(|range| unless_masked(src, range));
            }
            _ => return None,
        }
        masked(src, pos)
    }

    /// `("name", "value")`: how Rust shows pairs.
    pub(super) fn pair(self, src: &[u8], pos: usize) -> Option<Hit> {
        let slashes = run(src, pos + 1, |b| b == b'\\');
        let quote = *src.get(slashes).filter(|b| is_quote(**b))?;
        let end = run(src, slashes + 1, is_name);
        let name = src.get(slashes + 1..end)?;
        let closed = run(src, end, |b| b == b'\\');
        let comma = run(src, closed + 1, |b| b == b' ');
        if src.get(closed) != Some(&quote) || src.get(comma) != Some(&b',') || !self.names.is_secret(name) {
            return None;
        }
        // Anything but a quoted text is not read: it may hold pairs itself.
        let value = run(src, comma + 1, |b| matches!(b, b' ' | b'b' | b'\\'));
        src.get(value).filter(|b| is_quote(**b))?;
        masked(src, comma)
    }

    /// `--name value`, `"--name" "value"`: command lines.
    pub(super) fn flag(self, src: &[u8], pos: usize) -> Option<Hit> {
        let before = pos.checked_sub(1).and_then(|at| src.get(at)).copied().unwrap_or(b' ');
        let opens = src.get(pos + 1) == Some(&b'-') && src.get(pos + 2).is_some_and(u8::is_ascii_alphabetic);
        if !opens || !(before.is_ascii_whitespace() || is_quote(before)) {
            return None;
        }
        let end = run(src, pos + 2, is_name);
        let is_quoted = is_quote(before) && src.get(end) == Some(&before);
        let blank = end + usize::from(is_quoted);
        let value = run(src, blank, |b| matches!(b, b' ' | b'\t'));
        let first = *src.get(value)?;
        // Another flag, or `--name = value`, which is read there.
        let begins = if is_quoted { first == before } else { !matches!(first, b'-' | b'=' | b':') };
        let name = src.get(pos + 2..end)?;
        let is_secret = begins && value > blank && self.names.is_secret(name);
        if is_secret { masked(src, blank) } else { None }
    }

    fn class(self, src: &[u8], name: &Range<usize>) -> NameClass {
        let word = src.get(name.clone()).unwrap_or_default();
        // Times and addresses: `10:30`
        if word.iter().all(u8::is_ascii_digit) {
            return NameClass::Plain;
        }
        let decoded = url::decode_name(word);
        let class = self.names.class(&decoded);
        if matches!(class, NameClass::Secret | NameClass::Kept) {
            return class;
        }
        // A name in a query, or the last word of something else: `1+token=x`
        let last = word.iter().rposition(|b| *b == b'+').and_then(|at| word.get(at + 1..));
        if last.is_some_and(|last| self.names.is_secret(&url::decode_name(last)))
            || wrapped::in_braces(src, name, class, self.names)
        {
            return NameClass::Secret;
        }
        // In a query the short names of OAuth and signed URLs count too.
        let before = name.start.checked_sub(1).and_then(|b| src.get(b)).copied().unwrap_or(0);
        if matches!(before, b'?' | b'&') && url::is_secret_param(&decoded) {
            return NameClass::Secret;
        }
        // `api key: x`
        if before == b' ' {
            let head = src.get(..name.start - 1).unwrap_or_default();
            let word = head.iter().rev().take(24).take_while(|b| b.is_ascii_alphabetic()).count();
            if word > 0 && self.names.is_secret(src.get(name.start - 1 - word..name.end).unwrap_or_default())
            {
                return NameClass::Secret;
            }
        }
        class
    }
}
