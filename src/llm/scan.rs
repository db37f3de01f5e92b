/// The place of the first byte that `is` says yes to. Sixteen at a time are asked first, which compiles to a few
/// instructions where `is` is made of comparisons.
#[inline]
pub(crate) fn find(bytes: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    let (chunks, rest) = bytes.as_chunks::<16>();
    let mut at = 0;
    for chunk in chunks {
        if chunk.iter().fold(false, |found, b| found | is(*b)) {
            return chunk.iter().position(|b| is(*b)).map(|within| at + within);
        }
        at += chunk.len();
    }
    rest.iter().position(|b| is(*b)).map(|within| at + within)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_first_is_found_in_every_place() {
        for length in 0..70 {
            let mut bytes = vec![b'a'; length];
            assert_eq!(find(&bytes, |b| b == b'x'), None);
            for at in (0..length).rev() {
                bytes[at] = b'x';
                assert_eq!(find(&bytes, |b| b == b'x'), Some(at), "{length}");
            }
        }
    }
}
