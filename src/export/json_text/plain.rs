//! Texts that can be written as they are: nearly all, told sixteen bytes at once.

/// Bytes looked at together.
const BLOCK: usize = 16;

/// Copies a text of a block and more, the last of which is given, to a place of its size, if it is printable ASCII
/// without quotes and backslashes: then true. Else the place holds something.
#[inline]
pub(super) fn copy(text: &[u8], last: &[u8; BLOCK], place: &mut [u8]) -> bool {
    let ((blocks, rest), (places, _)) = (text.as_chunks(), place.as_chunks_mut());
    for (&block, place) in blocks.iter().zip(places) {
        *place = block;
        if !is_plain_block(&block) {
            return false;
        }
    }
    if rest.is_empty() {
        return true;
    }
    // What does not fill a block goes with some of the one before.
    put_last(place, last);
    is_plain_block(last)
}

/// The same of a text that is shorter than a block: its first bytes and its last, some of them twice.
#[inline]
pub(super) fn copy_short(text: &[u8], place: &mut [u8]) -> bool {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        put_first(place, first);
        put_last(place, last);
        return (odd(u64::from_le_bytes(*first)) | odd(u64::from_le_bytes(*last))) == 0;
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        put_first(place, first);
        put_last(place, last);
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return odd(u64::from(first) | u64::from(last) << 32) == 0;
    }
    for (byte, place) in text.iter().zip(place) {
        *place = *byte;
    }
    text.iter().all(|byte| is_plain_byte(*byte))
}

#[inline(always)]
fn put_first<const N: usize>(place: &mut [u8], bytes: &[u8; N]) {
    place.first_chunk_mut().into_iter().for_each(|place| *place = *bytes);
}

#[inline(always)]
fn put_last<const N: usize>(place: &mut [u8], bytes: &[u8; N]) {
    place.last_chunk_mut().into_iter().for_each(|place| *place = *bytes);
}

#[inline]
fn is_plain_block(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(true, |plain, byte| plain & is_plain_byte(*byte))
}

/// The least of what is left of each difference, not one comparison after the other: of these the compiler would make
/// more than one vector for a block.
#[inline]
fn is_plain_byte(byte: u8) -> bool {
    let from_others = (byte ^ b'"').min(byte ^ b'\\');
    let from_the_last = 0x5f_u8.saturating_sub(byte.wrapping_sub(b' '));
    from_others.min(from_the_last) != 0
}

/// Not zero where one of eight bytes is not plain. What a difference borrows from the next byte does no harm: that one was
/// not plain either.
#[inline]
fn odd(text: u64) -> u64 {
    let is = |byte: u8| (text ^ (ONES * u64::from(byte))).wrapping_sub(ONES);
    let is_control = text.wrapping_add(ONES) | text.wrapping_sub(ONES * u64::from(b' '));
    (text | is_control | is(b'"') | is(b'\\')) & (ONES * 0x80)
}

const ONES: u64 = u64::from_le_bytes([1; 8]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_told_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            let expected = matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte);
            for length in 1..50 {
                for place in 0..length {
                    let mut text = vec![b'x'; length];
                    text[place] = byte;
                    let mut copied = vec![0; length];
                    let is_plain = match text.last_chunk() {
                        Some(last) => copy(&text, last, &mut copied),
                        None => copy_short(&text, &mut copied),
                    };
                    assert_eq!(is_plain, expected, "{byte} at {place} of {length}");
                    assert!(!expected || copied == text, "{byte} at {place} of {length}");
                }
            }
        }
        assert!(copy_short(b"", &mut []));
    }
}
