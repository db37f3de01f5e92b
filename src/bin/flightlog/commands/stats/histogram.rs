/// Counts of numbers in steps of which each is at most 1/64 of what it holds: percentiles are right within 1 %.
///
/// A factor of two takes 256 bytes, and only those are there that hold anything.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    octaves: Vec<Option<Box<[u32; STEPS]>>>,
    /// Numbers below the first octave, each exactly.
    small: [u32; STEPS],
    count: u64,
}

const STEPS: usize = 64;
const BITS: u32 = STEPS.ilog2();

impl Default for Histogram {
    fn default() -> Self {
        Self { octaves: Vec::new(), small: [0; STEPS], count: 0 }
    }
}

impl Histogram {
    #[inline(always)]
    pub(crate) fn add(&mut self, number: u64) {
        self.count += 1;
        let step = match number.checked_ilog2().and_then(|log| log.checked_sub(BITS)) {
            // The highest bit is the octave's, those behind it are the step.
            Some(octave) => self
                .octaves
                .get_mut(octave as usize)
                .and_then(Option::as_mut)
                .and_then(|steps| steps.get_mut((number >> octave) as usize % STEPS)),
            None => self.small.get_mut(number as usize),
        };
        match step {
            Some(count) => *count = count.saturating_add(1),
            None => self.add_first(number),
        }
    }

    /// Adds the first number of an octave.
    #[inline(never)]
    fn add_first(&mut self, number: u64) {
        let (octave, step) = place(number);
        if octave >= self.octaves.len() {
            self.octaves.resize_with(octave + 1, || None);
        }
        if let Some(slot) = self.octaves.get_mut(octave)
            && let Some(count) = slot.get_or_insert_with(|| Box::new([0; STEPS])).get_mut(step)
        {
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (octave, theirs) in other.octaves.iter().enumerate() {
            let Some(theirs) = theirs else { continue };
            if octave >= self.octaves.len() {
                self.octaves.resize_with(octave + 1, || None);
            }
            if let Some(slot) = self.octaves.get_mut(octave) {
                let ours = slot.get_or_insert_with(|| Box::new([0; STEPS]));
                ours.iter_mut().zip(theirs.iter()).for_each(|(a, b)| *a = a.saturating_add(*b));
            }
        }
        self.small.iter_mut().zip(other.small).for_each(|(a, b)| *a = a.saturating_add(b));
        self.count += other.count;
    }

    /// The number that a share of all are not above: the middle of its step.
    pub(crate) fn percentile(&self, share: f64) -> u64 {
        let rank = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (number, count) in self.small.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return number as u64;
            }
        }
        for (octave, steps) in self.octaves.iter().enumerate() {
            let Some(steps) = steps else { continue };
            for (step, count) in steps.iter().enumerate() {
                seen += u64::from(*count);
                if seen >= rank {
                    let width = 1_u64 << octave;
                    return ((STEPS + step) as u64) * width + width / 2;
                }
            }
        }
        0
    }
}

/// The octave above the small numbers, and the step in it.
fn place(number: u64) -> (usize, usize) {
    let octave = number.ilog2() - BITS;
    (octave as usize, (number >> octave) as usize - STEPS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Histogram;

    proptest! {
        #[test]
        fn percentiles_are_right_within_one_percent(
            mut numbers in prop::collection::vec(prop_oneof![0_u64..1000, 0_u64..10_000_000, 0_u64..u64::MAX / 2], 1..300),
            share in 0.0_f64..=1.0,
            split in 0_usize..300,
        ) {
            let (mut one, mut two) = (Histogram::default(), Histogram::default());
            for (place, number) in numbers.iter().enumerate() {
                if place < split { one.add(*number) } else { two.add(*number) }
            }
            one.merge(&two);
            numbers.sort_unstable();
            let rank = ((share * numbers.len() as f64).ceil() as usize).clamp(1, numbers.len());
            let (exact, found) = (numbers[rank - 1], one.percentile(share));
            prop_assert!(exact.abs_diff(found) as f64 <= exact as f64 * 0.01, "{exact} {found}");
        }
    }

    #[test]
    fn of_nothing_it_is_nothing() {
        assert_eq!(Histogram::default().percentile(0.5), 0);
    }
}
