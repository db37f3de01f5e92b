//! Texts that can be written as they are: nearly all, told sixteen bytes at once.

/// Bytes looked at together.
const BLOCK: usize = 16;

/// True for printable ASCII without quotes and backslashes.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else { return is_plain_and_short(text) };
    let (blocks, rest) = text.as_chunks();
    // What does not fill a block is looked at with some of the one before.
    blocks.iter().all(is_plain_block) && (rest.is_empty() || is_plain_block(last))
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

/// The same of a text that is shorter than a block: its first bytes and its last, some of them twice.
fn is_plain_and_short(text: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (odd(u64::from_le_bytes(*first)) | odd(u64::from_le_bytes(*last))) == 0;
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return odd(u64::from(first) | u64::from(last) << 32) == 0;
    }
    text.iter().all(|byte| is_plain_byte(*byte))
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
                    assert_eq!(is_plain(&text), expected, "{byte} at {place} of {length}");
                }
            }
        }
        assert!(is_plain(b""));
    }
}
