/// Counts over time in a number of steps that stays small: when time goes on, two become one.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    begins: u64,
    width: u64,
    counts: Vec<u64>,
    /// The step of the last one: what comes next is most often in it.
    last: usize,
    last_begins: u64,
}

const MOST: usize = 128;

impl Default for Timeline {
    fn default() -> Self {
        Self { begins: 0, width: 1_000_000, counts: Vec::new(), last: 0, last_begins: u64::MAX }
    }
}

impl Timeline {
    #[inline]
    pub(crate) fn add(&mut self, at: u64) {
        if at >= self.last_begins
            && at - self.last_begins < self.width
            && let Some(count) = self.counts.get_mut(self.last)
        {
            *count += 1;
            return;
        }
        self.add_elsewhere(at);
    }

    fn add_elsewhere(&mut self, at: u64) {
        if self.counts.is_empty() {
            self.begins = at - at % self.width;
        }
        // What is told out of order belongs to the first step.
        let mut place = (at.saturating_sub(self.begins) / self.width) as usize;
        while place >= MOST {
            for pair in 0..self.counts.len().div_ceil(2) {
                let sum = self.counts.iter().skip(pair * 2).take(2).sum();
                if let Some(count) = self.counts.get_mut(pair) {
                    *count = sum;
                }
            }
            self.counts.truncate(self.counts.len().div_ceil(2));
            self.width *= 2;
            place = (at.saturating_sub(self.begins) / self.width) as usize;
        }
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.last = place;
        self.last_begins = self.begins + place as u64 * self.width;
    }

    /// The counts between two moments in at most so many steps: each a number of seconds by which the counts can be
    /// added up without a remainder.
    pub(crate) fn between(&self, from: u64, to: u64, most: usize) -> Vec<u64> {
        let mut width = 1_000_000;
        let from = from - from % width;
        let span = to.saturating_sub(from);
        while span / width >= most as u64 {
            width *= 2;
        }
        let steps = (span / width) as usize + 1;
        let mut shown = vec![0; steps];
        for (place, count) in self.counts.iter().enumerate() {
            let begins = self.begins + place as u64 * self.width;
            let step = (begins.saturating_sub(from) / width) as usize;
            if let Some(slot) = shown.get_mut(step.min(steps - 1)) {
                *slot += count;
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::Timeline;

    #[test]
    fn nothing_is_lost_however_long_it_lasts() {
        let mut line = Timeline::default();
        for n in 0..100_000_u64 {
            line.add(1_000_000_000 + n * n);
        }
        line.add(5);
        assert!(line.counts.len() <= 128);
        assert_eq!(line.counts.iter().sum::<u64>(), 100_001);
        let shown = line.between(1_000_000_000, 1_000_000_000 + 100_000 * 100_000, 10);
        assert_eq!(shown.iter().sum::<u64>(), 100_001);
        assert!(shown[0] > shown[9]);
    }
}
