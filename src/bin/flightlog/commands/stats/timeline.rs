/// Counts over time in a number of steps that stays small: when time goes on, two become one.
///
/// Steps are a power of two of seconds long and begin at multiples of it, so that the steps of several lines meet.
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
const SECOND: u64 = 1_000_000;

/// Steps between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) begins: u64,
    pub(crate) width: u64,
    pub(crate) count: usize,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { begins: 0, width: SECOND, counts: Vec::new(), last: 0, last_begins: u64::MAX }
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
        self.add_many(at, 1);
    }

    pub(crate) fn add_many(&mut self, at: u64, many: u64) {
        if self.counts.is_empty() {
            self.begins = at - at % self.width;
        }
        // What is told out of order belongs to the first step.
        let mut place = (at.saturating_sub(self.begins) / self.width) as usize;
        while place >= MOST {
            self.double();
            place = (at.saturating_sub(self.begins) / self.width) as usize;
        }
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add(many);
        }
        self.last = place;
        self.last_begins = self.begins + place as u64 * self.width;
    }

    fn double(&mut self) {
        let wide = self.width * 2;
        // A first step that is the second half of one stays alone.
        let late = usize::from(!self.begins.is_multiple_of(wide));
        self.begins -= self.begins % wide;
        self.width = wide;
        let steps = (self.counts.len() + late).div_ceil(2);
        for step in 0..steps {
            let (from, to) = ((step * 2).saturating_sub(late), step * 2 + 2 - late);
            let sum = self.counts.iter().take(to).skip(from).sum();
            if let Some(count) = self.counts.get_mut(step) {
                *count = sum;
            }
        }
        self.counts.truncate(steps);
    }

    /// The steps between two moments, at most so many.
    pub(crate) fn steps(from: u64, to: u64, most: usize) -> Steps {
        let mut width = SECOND;
        let count = |width: u64| (to.max(from) / width - from / width) as usize + 1;
        while count(width) > most.max(1) && width < u64::MAX / 4 {
            width *= 2;
        }
        Steps { begins: from - from % width, width, count: count(width) }
    }

    /// The counts in these steps.
    pub(crate) fn between(&self, from: u64, to: u64, most: usize) -> Vec<u64> {
        let steps = Self::steps(from, to, most);
        let mut shown = vec![0; steps.count];
        for (place, count) in self.counts.iter().enumerate() {
            let begins = self.begins + place as u64 * self.width;
            let step = (begins.saturating_sub(steps.begins) / steps.width) as usize;
            if let Some(slot) = shown.get_mut(step.min(steps.count - 1)) {
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
        assert!((5..=10).contains(&shown.len()) && shown[0] > shown[shown.len() - 1]);
    }

    #[test]
    fn lines_that_begin_at_different_times_have_the_same_steps() {
        for late in [0, 1, 3, 64, 100] {
            let (mut early, mut one) = (Timeline::default(), Timeline::default());
            for second in 0..1000_u64 {
                early.add((7 + second) * 1_000_000);
                if second >= late {
                    one.add((7 + second) * 1_000_000);
                }
            }
            let (from, to) = (7_000_000, 1_006_000_000);
            let (all, part) = (early.between(from, to, 60), one.between(from, to, 60));
            assert_eq!(all.iter().sum::<u64>() - part.iter().sum::<u64>(), late);
            let differ = all.iter().zip(&part).filter(|(a, b)| a != b).count() as u64;
            assert!(differ <= late.div_ceil(32) + 1, "{late}: {all:?} {part:?}");
        }
    }
}
