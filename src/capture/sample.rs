use crate::exchange::RequestId;

/// So many values the bits that decide have.
const VALUES: u64 = 1 << 48;

/// Which of the unremarkable exchanges are logged (`LOG_SAMPLE`).
///
/// The last 48 bits of an id, which are the last 12 digits of its text, are random. An exchange is logged where that
/// number is below the share of 2^48: a pure function of the id and the share, so that everybody who has an id can tell
/// whether it was logged, and what a small share logs a larger one logs too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Numbers below it are logged.
    below: u64,
}

impl Sample {
    /// `share` is 0 to 1. The product is exact: 2^48 only moves the point.
    pub(super) fn of(share: f64) -> Self {
        Self { below: (share * VALUES as f64).ceil() as u64 }
    }

    /// True where all are logged.
    pub(super) fn is_all(self) -> bool {
        self.below >= VALUES
    }

    /// True where this one is logged.
    pub(super) fn takes(self, id: RequestId) -> bool {
        let (_, random) = id.as_uuid().as_u64_pair();
        random % VALUES < self.below
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exchange::Timestamp;

    fn id(last: &str) -> RequestId {
        format!("01a1fd05-796c-7984-bfff-{last}").parse().unwrap()
    }

    #[test]
    fn the_last_group_of_the_id_decides() {
        for (share, last, takes) in [
            (0.5, "7fffffffffff", true),
            (0.5, "800000000000", false),
            (0.1, "199999999999", true),
            (0.1, "19999999999a", false),
            (0.0, "000000000000", false),
            (1.0, "ffffffffffff", true),
            (f64::MIN_POSITIVE, "000000000000", true),
            (f64::MIN_POSITIVE, "000000000001", false),
            (1.0 - f64::EPSILON, "ffffffffffff", true),
            (1.0 - 2.0f64.powi(-48), "ffffffffffff", false),
        ] {
            assert_eq!(Sample::of(share).takes(id(last)), takes, "{share} of {last}");
        }
        assert!(Sample::of(1.0).is_all() && !Sample::of(0.999).is_all());
    }

    #[test]
    fn fresh_ids_are_taken_in_the_share_asked_for() {
        let at = Timestamp::now();
        let sample = Sample::of(0.25);
        let taken = (0..40_000).filter(|_| sample.takes(RequestId::fresh(at))).count();
        // Eight standard deviations.
        assert!((9_300..10_700).contains(&taken), "{taken}");
    }

    proptest! {
        #[test]
        fn what_a_small_share_takes_a_larger_one_takes(a in 0.0..=1.0f64, b in 0.0..=1.0f64, last in any::<u64>()) {
            let id = id(&format!("{:012x}", last % VALUES));
            let (small, large) = (Sample::of(a.min(b)), Sample::of(a.max(b)));
            prop_assert!(!small.takes(id) || large.takes(id));
            prop_assert!(Sample::of(1.0).takes(id) && !Sample::of(0.0).takes(id));
        }
    }
}
