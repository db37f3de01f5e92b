//! URLs of which every byte is shown, and written, as it came: paths without parameters, as most are.

use super::super::detect;

/// Longer ones are read closely: each place has a bit in one word.
const LONGEST: usize = 127;
/// In shorter segments `redact` does not look for secrets.
const SHORTEST_SECRET: usize = 12;
/// Nor in shorter ones for secrets that what stands before them announces.
const SHORTEST_ANNOUNCED: usize = 16;

/// True where `redact` would find nothing in the URL, and all of it is printable ASCII without quotes and backslashes.
/// `announces_secret` is asked of a segment before a long one. Where it says false, `redact` may still find nothing.
pub(in super::super) fn is_plain(url: &[u8], announces_secret: impl Fn(&[u8]) -> bool) -> bool {
    let Some(slashes) = slashes(url) else { return false };
    // A bit where as many bytes begin that are no slash.
    let mut long = !slashes & !(u128::MAX << url.len());
    for shift in [1, 2, 4, SHORTEST_SECRET - 8] {
        long &= long >> shift;
    }
    while long != 0 {
        let start = long.trailing_zeros() as usize;
        let end = ((slashes >> start).trailing_zeros() as usize + start).min(url.len());
        let (before, segment) = (url.get(..start), url.get(start..end));
        if may_be_secret(before.unwrap_or_default(), segment.unwrap_or_default(), &announces_secret) {
            return false;
        }
        long &= u128::MAX << end;
    }
    true
}

fn may_be_secret(before: &[u8], segment: &[u8], announces_secret: impl Fn(&[u8]) -> bool) -> bool {
    let is_announced = || {
        let before = before.strip_suffix(b"/").unwrap_or_default();
        announces_secret(before.rsplit(|b| *b == b'/').next().unwrap_or_default())
    };
    // Telegram: `/bot123456:AA..`
    segment.starts_with(b"bot")
        || detect::holds_secret(segment)
        || (segment.len() >= SHORTEST_ANNOUNCED && segment.iter().any(u8::is_ascii_digit) && is_announced())
}

/// Where the slashes are, a bit each; None where a byte means something to `redact`, or cannot be written as it is.
#[inline]
fn slashes(url: &[u8]) -> Option<u128> {
    if url.len() > LONGEST {
        return None;
    }
    let Some((last, before_last)) = url.last_chunk().zip(url.len().checked_sub(8)) else {
        let mut few = [b'a'; 8];
        few.iter_mut().zip(url).for_each(|(to, from)| *to = *from);
        return slashes_of(few).map(u128::from);
    };
    // The last eight bytes may be looked at twice.
    let mut slashes = u128::from(slashes_of(*last)?) << before_last;
    for (word, at) in url.as_chunks().0.iter().zip((0..).step_by(8)) {
        slashes |= u128::from(slashes_of(*word)?) << at;
    }
    Some(slashes)
}

/// Few ranges hold all that begins or separates parameters, user and fragment, all quotes, backslashes, blanks and
/// percent signs, and what is no printable ASCII. No carry goes from one byte to the next.
#[inline(always)]
fn slashes_of(eight: [u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let word = u64::from_le_bytes(eight);
    let low = word & !HIGH;
    let from = |byte: u8| low + ONES * u64::from(0x80 - byte);
    let is = |byte: u8| !((low ^ (ONES * u64::from(byte))) + ONES * 0x7f);
    let shown = from(b',') & !from(0x7f) & !word;
    let stops = !shown | (from(b';') & !from(b'A')) | is(b'\\');
    // Bit 8 n goes to bit 56 + n.
    (stops & HIGH == 0).then(|| ((is(b'/') & HIGH) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56)
}
