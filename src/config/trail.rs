use tracing::{Metadata, level_filters::LevelFilter};

use super::units;

/// What LOG_TRAIL says: a level for each target, that of the longest beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrailLevels {
    /// For what is not named.
    others: LevelFilter,
    /// The longest first.
    targets: Vec<(Box<str>, LevelFilter)>,
}

impl Default for TrailLevels {
    /// Nothing.
    fn default() -> Self {
        Self { others: LevelFilter::OFF, targets: Vec::new() }
    }
}

impl TrailLevels {
    /// What the text means; none where it cannot be meant. Levels and targets are those of LOG_LEVEL, without its
    /// directives for spans.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut levels = Self::default();
        for item in units::list(&units::directives(text)?) {
            let (target, level) =
                item.rsplit_once('=').map_or((None, item), |(target, level)| (Some(target), level));
            let level = level.parse().ok()?;
            match target {
                None => levels.others = level,
                Some(target) if target.is_empty() || target.contains(['[', '{', '"', '=']) => return None,
                Some(target) => {
                    levels.targets.retain(|(known, _)| **known != *target);
                    levels.targets.push((target.into(), level));
                }
            }
        }
        levels.targets.sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
        Some(levels)
    }

    /// True where this is wanted.
    pub(crate) fn takes(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.of(metadata.target())
    }

    /// The deepest level of all.
    pub(crate) fn deepest(&self) -> LevelFilter {
        self.targets.iter().map(|(_, level)| *level).chain([self.others]).max().unwrap_or(self.others)
    }

    /// The level of what is not named, or the deepest of what is.
    pub(crate) fn usual(&self) -> LevelFilter {
        if self.others == LevelFilter::OFF { self.deepest() } else { self.others }
    }

    fn of(&self, target: &str) -> LevelFilter {
        if self.targets.is_empty() {
            return self.others;
        }
        let named = self.targets.iter().find(|(start, _)| target.starts_with(&**start));
        named.map_or(self.others, |(_, level)| *level)
    }
}

#[cfg(test)]
mod tests {
    use super::{LevelFilter, TrailLevels};

    fn levels(text: &str) -> TrailLevels {
        TrailLevels::parse(text).unwrap()
    }

    #[test]
    fn the_longest_beginning_says_and_the_last_of_the_same() {
        let levels = levels("hyper=info, DEBUG, hyper::proto=off,shop=WARNING,shop=trace");
        for (target, level) in [
            ("other", LevelFilter::DEBUG),
            ("hyper", LevelFilter::INFO),
            ("hyper_util", LevelFilter::INFO),
            ("hyper::proto::h1", LevelFilter::OFF),
            ("shop::orders", LevelFilter::TRACE),
        ] {
            assert_eq!(levels.of(target), level, "{target}");
        }
        assert_eq!((levels.deepest(), levels.usual()), (LevelFilter::TRACE, LevelFilter::DEBUG));
    }

    #[test]
    fn without_a_level_for_all_only_what_is_named_is_wanted() {
        let levels = levels("shop=debug");
        assert_eq!((levels.of("hyper"), levels.usual()), (LevelFilter::OFF, LevelFilter::DEBUG));
        assert_eq!(TrailLevels::parse("off").unwrap(), TrailLevels::default());
    }

    #[cfg(feature = "init")]
    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in
            ["", ",", "shop", "verbose", "[span]=debug", "shop[span]=debug", "shop[{id}]=debug", "=debug"]
        {
            assert_eq!(TrailLevels::parse(text), None, "{text:?}");
        }
    }
}
