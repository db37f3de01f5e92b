/// Whose bodies entries show (`LOG_BODIES`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bodies {
    /// Every exchange's.
    #[default]
    All,
    /// Those of failed exchanges.
    Errors,
    /// Nobody's: bodies are counted, never kept.
    Off,
}
