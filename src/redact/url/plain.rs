//! URLs of which every byte is shown, and written, as it came: most are such.

use super::super::{detect, names::NameClass, text::Text};
use super::{announces_secret, is_secret_param, split_at};

/// As many bytes as are looked at together.
const BLOCK: usize = 16;
/// Longer paths are read closely: each place has a bit in one word.
const LONGEST: usize = 127;
/// In shorter segments `redact` does not look for secrets.
const SHORTEST_SECRET: usize = 12;
/// Nor in shorter ones for secrets that what stands before them announces.
const SHORTEST_ANNOUNCED: usize = 16;

/// True where `redact` would find nothing in the URL, and all of it is printable ASCII without quotes and backslashes.
/// Where it says false, `redact` may still find nothing.
///
/// Where it says true of a URL, it does of each part that begins with a slash and ends where the query begins.
pub(in super::super) fn is_plain(url: &[u8], text: Text<'_>) -> bool {
    if let Some(seen) = Seen::of(url) {
        return is_plain_path(url, seen, text);
    }
    let (path, query) = split_at(url, b'?');
    let Some((seen, query)) = Seen::of(path).zip(query) else { return false };
    is_plain_path(path, seen, text) && are_plain_params(query, text)
}

/// Scheme and host stand among the segments.
fn is_plain_path(path: &[u8], seen: Seen, text: Text<'_>) -> bool {
    let Seen { slashes, may_be_found } = seen;
    // A bit where as many bytes begin that are no slash.
    let mut long = !slashes & !(u128::MAX << path.len());
    for shift in [1, 2, 4, SHORTEST_SECRET - 8] {
        long &= long >> shift;
    }
    while long != 0 {
        let start = long.trailing_zeros() as usize;
        let end = ((slashes >> start).trailing_zeros() as usize + start).min(path.len());
        let (before, segment) = (path.get(..start), path.get(start..end));
        let (before, segment) = (before.unwrap_or_default(), segment.unwrap_or_default());
        if (may_be_found && is_found(segment)) || is_by_its_place(before, segment, text) {
            return false;
        }
        long &= u128::MAX << end;
    }
    true
}

fn is_found(segment: &[u8]) -> bool {
    may_be_found(segment) && detect::holds_secret(segment)
}

/// True where a segment may be a secret because of what stands before it.
fn is_by_its_place(before: &[u8], segment: &[u8], text: Text<'_>) -> bool {
    let is_announced = || {
        let before = before.strip_suffix(b"/").unwrap_or_default();
        announces_secret(before.rsplit(|b| *b == b'/').next().unwrap_or_default(), text.names)
    };
    // Telegram: `/bot123456:AA..`
    segment.starts_with(b"bot")
        || (segment.len() >= SHORTEST_ANNOUNCED && segment.iter().any(u8::is_ascii_digit) && is_announced())
}

/// `page=2&sort=name`, nothing encoded.
fn are_plain_params(query: &[u8], text: Text<'_>) -> bool {
    let stops = |b: &u8| !b.is_ascii_graphic() || matches!(b, b'"' | b'#' | b'%' | b'+' | b';' | b'\\');
    let inner = Text { depth: text.depth + 1, ..text };
    !text.strict
        && !query.iter().any(stops)
        && query.split(|b| *b == b'&').all(|field| match split_at(field, b'=') {
            (name, Some(value)) => {
                // One that starts with a slash is another URL.
                !matches!(text.names.class(name), NameClass::Secret | NameClass::Leak | NameClass::Kept)
                    && !is_secret_param(name)
                    && !value.starts_with(b"/")
                    && !inner.scrub_whole(value, &mut Vec::new())
            }
            (name, None) => !detect::holds_secret(name),
        })
}

/// True unless a word without blanks lacks what every detector hangs on: cards on 13 digits, tokens on an underscore, on
/// `A`, on `J`, on `k-`, on a dash behind an `x`.
fn may_be_found(segment: &[u8]) -> bool {
    let (mut digits, mut before, mut has_x) = (0, 0, false);
    segment.iter().any(|b| {
        digits = match b {
            b'0'..=b'9' => digits + 1,
            b'-' => digits,
            _ => 0,
        };
        has_x |= *b == b'x';
        let before = std::mem::replace(&mut before, *b);
        digits == 13 || matches!(b, b'_' | b'A' | b'J') || (*b == b'-' && (has_x || before == b'k'))
    })
}

/// What one pass over a path tells.
#[derive(Clone, Copy)]
struct Seen {
    /// Where the slashes are, a bit each.
    slashes: u128,
    /// False where no segment has what the detectors hang on: see [`may_be_found`].
    may_be_found: bool,
}

impl Seen {
    /// None where a byte means something to `redact`, or cannot be written as it is.
    #[inline]
    fn of(path: &[u8]) -> Option<Self> {
        let Some(last) = path.last_chunk() else {
            let mut few = [b'a'; BLOCK];
            few.iter_mut().zip(path).for_each(|(to, from)| *to = *from);
            return Self::of(&few);
        };
        if path.len() > LONGEST {
            return None;
        }
        let (blocks, _) = path.as_chunks();
        let (stops, may_be_found) = look_at(blocks, last);
        (!stops).then(|| Self { slashes: slashes(path, last), may_be_found })
    }
}

/// A byte stops: see [`of_interest`].
const STOPS: u128 = u128::from_le_bytes([1; BLOCK]);
/// A detector may hang on a byte.
const HANGS: u128 = u128::from_le_bytes([2; BLOCK]);
/// With fewer digits there is no number of a card.
const DIGITS_OF_A_CARD: u64 = 13;

/// Whether a byte stops, and whether the detectors may find anything. On its own, and in one loop: so compilers make
/// vectors of it.
#[inline(never)]
fn look_at(blocks: &[[u8; BLOCK]], last: &[u8; BLOCK]) -> (bool, bool) {
    let (mut marks, mut digits) = ([0; BLOCK], [0; BLOCK]);
    let mut look = |block: &[u8; BLOCK]| {
        for ((mark, digits), b) in marks.iter_mut().zip(&mut digits).zip(block) {
            let (found, is_digit) = of_interest(*b);
            *mark |= found;
            *digits += is_digit;
        }
    };
    blocks.iter().for_each(&mut look);
    look(last);
    let marks = u128::from_le_bytes(marks);
    // Some bytes of the last block are counted twice: digits may be fewer than that, never more.
    (marks & STOPS != 0, marks & HANGS != 0 || sum(u128::from_le_bytes(digits)) >= DIGITS_OF_A_CARD)
}

/// A bit if a byte begins or separates parameters, user or fragment, is a quote, a backslash, a blank or a percent sign,
/// or is no printable ASCII, with a few others; another bit if a detector hangs on it, or if it is a dash, that others
/// have. And whether it is a digit. By distances: of comparisons compilers make no vectors here.
#[inline(always)]
fn of_interest(b: u8) -> (u8, u8) {
    let from_graphic = b.wrapping_sub(0x7f).saturating_sub(b'+' + 0x81);
    let from_separators = b.wrapping_sub(b';').saturating_sub(b'@' - b';');
    let stops = from_graphic.min(from_separators).min(b ^ b'\\') == 0;
    let hangs = (b ^ b'_').min(b ^ b'-').min(b ^ b'A').min(b ^ b'J') == 0;
    (u8::from(stops) | u8::from(hangs) << 1, u8::from(b.wrapping_sub(b'0') < 10))
}

/// The sum of sixteen small numbers.
#[inline(always)]
fn sum(numbers: u128) -> u64 {
    let sum = |eight: u64| eight.wrapping_mul(0x0101_0101_0101_0101) >> 56;
    sum(numbers as u64) + sum((numbers >> 64) as u64)
}

/// Where the slashes are in a path whose last block is given.
#[inline(always)]
fn slashes(path: &[u8], last: &[u8; BLOCK]) -> u128 {
    let mut slashes = [0; 16];
    let (words, rest) = path.as_chunks();
    for (bits, word) in slashes.iter_mut().zip(words) {
        *bits = slashes_of(u64::from_le_bytes(*word));
    }
    if let Some(bits) = slashes.get_mut(words.len()) {
        // What comes before the rest in the last block is shifted out.
        let before = 8 * (BLOCK - rest.len()) as u32;
        *bits = slashes_of(u128::from_le_bytes(*last).checked_shr(before).unwrap_or(0) as u64);
    }
    u128::from_le_bytes(slashes)
}

/// Which of eight bytes, ASCII all, are slashes: a bit each. No carry goes from one to the next.
#[inline(always)]
fn slashes_of(eight: u64) -> u8 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let others = (eight ^ (ONES * u64::from(b'/'))) + ONES * 0x7f;
    // Bit 8 n goes to bit 56 + n.
    ((!others >> 7 & ONES).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}
