//! URLs in which nothing is, told at a glance.

use super::super::decisions::Decisions;
use super::announces_secret;

/// True where the URL that goes on with `rest`, behind `://`, is a host and a path, and `redact` would find nothing
/// in them but by the value detectors. Where it says false, `redact` may still find nothing.
pub(in super::super) fn is_harmless(rest: &[u8], names: &Decisions<'_>) -> bool {
    let (mut length, mut segment, mut longest) = (0, 0, 0);
    for b in rest {
        if !is_plain(*b) {
            break;
        }
        if *b == b'/' {
            longest = longest.max(length - segment);
            segment = length + 1;
        }
        length += 1;
    }
    if !matches!(rest.get(length), None | Some(b'"' | b'<' | b'>' | b'`' | b'\\' | b' ')) {
        return false;
    }
    if longest.max(length - segment) < 16 {
        return true;
    }
    let mut before: &[u8] = &[];
    rest.get(..length).unwrap_or_default().split(|&b| b == b'/').all(|segment| {
        let before = std::mem::replace(&mut before, segment);
        segment.len() < 16 || !segment.iter().any(u8::is_ascii_digit) || !announces_secret(before, names)
    })
}

/// Bytes of a host and a path that stand for themselves.
#[inline(always)]
fn is_plain(b: u8) -> bool {
    static PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut b = 0;
        while b < 128_u8 {
            #[allow(clippy::indexing_slicing)] // at compile time
            {
                plain[b as usize] =
                    b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_' | b'~' | b',' | b'!');
            }
            b += 1;
        }
        plain
    };
    PLAIN.get(usize::from(b)).copied().unwrap_or(false)
}
