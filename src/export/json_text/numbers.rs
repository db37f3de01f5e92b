use std::{mem::take, net::Ipv4Addr, time::Duration};

use super::Sheet;
use crate::exchange::{eight_digits, three_digits};

/// Writes a whole number.
#[inline(always)]
pub(crate) fn number(out: &mut Sheet<'_>, number: u64) {
    *out = with_number(take(out), number);
}

// A sheet comes and goes in registers, and what is seldom comes last and on its own: so nearly all save none.
fn with_number(mut out: Sheet<'_>, number: u64) -> Sheet<'_> {
    match u32::try_from(number) {
        Ok(number @ 0..10_000) => {
            let digits = four_digits(number);
            let zeros = ((digits - FOUR_ZEROS) | 1 << 24).trailing_zeros() / 8;
            out.put_first(&(digits >> (8 * zeros)).to_le_bytes(), 4 - zeros as usize);
        }
        Ok(number @ 10_000..100_000_000) => {
            let digits = u64::from_le_bytes(eight_digits(number));
            let zeros = leading_zeros(digits);
            out.put_first(&(digits >> (8 * zeros)).to_le_bytes(), 8 - zeros);
        }
        _ => return with_long_number(out, number),
    }
    out
}

#[cold]
fn with_long_number(out: Sheet<'_>, number: u64) -> Sheet<'_> {
    let mut out = with_number(out, number / 100_000_000);
    out.put(&eight_digits((number % 100_000_000) as u32));
    out
}

/// The digits of a number below 10,000 from the lowest byte up, split as [`eight_digits`] are, which takes longer.
fn four_digits(number: u32) -> u32 {
    let hundreds = (number * 5243) >> 19;
    let twos = hundreds | ((number - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f;
    (tens | ((twos - 10 * tens) << 8)) + FOUR_ZEROS
}

const FOUR_ZEROS: u32 = u32::from_le_bytes(*b"0000");

/// Writes a duration as milliseconds with three decimals.
#[inline(always)]
pub(crate) fn millis(out: &mut Sheet<'_>, duration: Duration) {
    *out = with_millis(take(out), duration.as_secs(), duration.subsec_micros());
}

fn with_millis(mut out: Sheet<'_>, seconds: u64, micros: u32) -> Sheet<'_> {
    match u32::try_from(seconds) {
        // Nearly all: three digits, of which one at least is shown, a point and three more.
        Ok(0) => {
            let whole = micros / 1000;
            let decimals = u64::from(three_digits(micros % 1000)) << 32;
            let text = u64::from(three_digits(whole)) | u64::from(b'.') << 24 | decimals;
            let zeros = usize::from(whole < 100) + usize::from(whole < 10);
            out.put_first(&(text >> (8 * zeros)).to_le_bytes(), 7 - zeros);
        }
        _ => return with_long_millis(out, seconds, micros),
    }
    out
}

#[cold]
fn with_long_millis(mut out: Sheet<'_>, seconds: u64, micros: u32) -> Sheet<'_> {
    number(&mut out, seconds.saturating_mul(1000).saturating_add(u64::from(micros / 1000)));
    let [.., a, b, c] = eight_digits(micros % 1000);
    out.put(&[b'.', a, b, c]);
    out
}

/// Writes a number that has a fraction, the shortest way; `null` where it is not finite.
pub(crate) fn float(out: &mut Sheet<'_>, number: f64) {
    // Writing to a sheet cannot fail.
    let _ = serde_json::to_writer(out, &number);
}

/// Writes an address as everybody does: two octets at once.
#[inline]
pub(crate) fn ipv4(out: &mut Sheet<'_>, address: Ipv4Addr) {
    let spell = |octet: u8| OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
    let [a, b, c, d] = address.octets().map(spell);
    let pair = |first: Octet, second: Octet| (first.text | second.text << (8 * first.length)).to_le_bytes();
    out.put_first(&pair(a, b), a.length + b.length);
    // No point stands behind the last.
    out.put_first(&pair(c, d), c.length + d.length - 1);
}

/// An octet with a point behind it.
#[derive(Clone, Copy, Default)]
struct Octet {
    /// From the lowest byte up.
    text: u64,
    length: usize,
}

static OCTETS: [Octet; 256] = {
    let mut octets = [Octet { text: 0, length: 0 }; 256];
    let mut rest: &mut [Octet] = &mut octets;
    let mut octet = 0;
    while let [first, others @ ..] = rest {
        let [a, b, c] = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
        let (text, length) = match octet {
            0..10 => ([c, b'.', 0, 0, 0, 0, 0, 0], 2),
            10..100 => ([b, c, b'.', 0, 0, 0, 0, 0], 3),
            _ => ([a, b, c, b'.', 0, 0, 0, 0], 4),
        };
        *first = Octet { text: u64::from_le_bytes(text), length };
        octet = octet.wrapping_add(1);
        rest = others;
    }
    octets
};

/// How many of some digits, the last excepted if all are, are zeros in front.
#[inline]
fn leading_zeros(digits: u64) -> usize {
    ((digits ^ u64::from_le_bytes([b'0'; 8])).trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    use crate::export::sheet::text_of as written;

    /// As many with few digits as with many.
    fn any_number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
    }

    proptest! {
        #[test]
        fn numbers_are_those_that_everybody_writes(any in any_number()) {
            prop_assert_eq!(written(|out| number(out, any)), any.to_string());
        }

        #[test]
        fn durations_are_milliseconds_with_three_decimals(seconds in any_number(), nanos in 0..1_000_000_000_u32) {
            for seconds in [seconds, seconds % 11, 0] {
                let duration = Duration::new(seconds, nanos);
                let (whole, micros) = (seconds.saturating_mul(1000).saturating_add((nanos / 1_000_000).into()), nanos / 1000);
                prop_assert_eq!(written(|out| millis(out, duration)), format!("{whole}.{:03}", micros % 1000));
            }
        }

        #[test]
        fn addresses_are_those_that_everybody_writes(octets: [u8; 4]) {
            let address = Ipv4Addr::from(octets);
            prop_assert_eq!(written(|out| ipv4(out, address)), address.to_string());
        }
    }

    #[test]
    fn few_digits_are_those_of_the_number() {
        for any in (0..=10_000).chain([99_999_999, 100_000_000, u64::MAX]) {
            assert_eq!(written(|out| number(out, any)), any.to_string());
        }
        for octet in 0..=u8::MAX {
            let address = Ipv4Addr::from([octet; 4]);
            assert_eq!(written(|out| ipv4(out, address)), address.to_string());
        }
    }
}
