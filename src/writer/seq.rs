/// A number that goes up by one, and its digits, which are kept: writing them anew would cost more than all else that
/// is done under the lock.
#[derive(Clone, Debug)]
pub(super) struct Seq {
    value: u64,
    /// From the first on; what stands behind them is of no interest.
    digits: [u8; Self::LONGEST],
    length: usize,
}

impl Default for Seq {
    fn default() -> Self {
        Self { value: 0, digits: [b'0'; Self::LONGEST], length: 1 }
    }
}

impl Seq {
    /// As many digits as any number has at most.
    pub(super) const LONGEST: usize = 20;

    pub(super) fn value(&self) -> u64 {
        self.value
    }

    /// Its digits, of which so many count.
    #[inline]
    pub(super) fn digits(&self) -> (&[u8; Self::LONGEST], usize) {
        (&self.digits, self.length)
    }

    #[inline]
    pub(super) fn advance(&mut self) {
        self.value += 1;
        match self.digits.get_mut(self.length - 1) {
            Some(last) if *last < b'9' => *last += 1,
            _ => self.carry(),
        }
    }

    /// The last digit is a nine, or more of them are.
    #[cold]
    fn carry(&mut self) {
        for digit in self.digits.iter_mut().take(self.length).rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        // All are zeros now: before them comes a one.
        self.length = (self.length + 1).min(Self::LONGEST);
        self.digits.first_mut().into_iter().for_each(|first| *first = b'1');
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
            let (digits, length) = seq.digits();
            assert_eq!((seq.value(), &digits[..length]), (number, number.to_string().as_bytes()));
        }
    }
}
