/// A number that goes up by one, and its digits, which are kept: writing them anew would cost more than all else that
/// is done under the lock.
#[derive(Clone, Debug)]
pub(super) struct Seq {
    value: u64,
    digits: [u8; 20],
    first: usize,
}

impl Default for Seq {
    fn default() -> Self {
        Self { value: 0, digits: [b'0'; 20], first: 19 }
    }
}

impl Seq {
    pub(super) fn value(&self) -> u64 {
        self.value
    }

    pub(super) fn digits(&self) -> &[u8] {
        self.digits.get(self.first..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn advance(&mut self) {
        self.value += 1;
        for (place, digit) in self.digits.iter_mut().enumerate().rev() {
            self.first = self.first.min(place);
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Seq;

    #[test]
    fn the_digits_are_those_of_the_number() {
        let mut seq = Seq::default();
        for number in 1..=100_100 {
            seq.advance();
            assert_eq!((seq.value(), seq.digits()), (number, number.to_string().as_bytes()));
        }
    }
}
