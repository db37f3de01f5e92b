use std::{error::Error, fmt};

use super::{COUNT_LIMIT, TEXT_LIMIT, of_display, of_error, text};
use crate::redact::Redactor;

#[derive(Debug)]
struct Told(String, Option<Box<Told>>);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

/// Says a piece again and again, as long as it is let.
struct Pieces(&'static str, usize);

impl fmt::Display for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.1).try_for_each(|_| f.write_str(self.0))
    }
}

#[test]
fn what_an_error_says_is_bounded_and_says_so() {
    let scrub = Redactor::default();
    let error = Told("x".repeat(9000), Some(Box::new(Told("é".repeat(4500), None))));
    let report = of_error(&error, &[], &scrub);
    assert_eq!(report.message, "…[9000 bytes]");
    assert_eq!(report.chain.len(), 1);
    // Letters beyond ASCII end a word that may be half a secret.
    assert_eq!(report.chain[0].as_str(), format!("{}…[9000 bytes]", "é".repeat(TEXT_LIMIT / 2)));
    assert_eq!(of_display(&"x".repeat(9000), &[], &scrub).message, "…[9000 bytes]");
    for fits in [0, 1, TEXT_LIMIT - 1, TEXT_LIMIT] {
        assert_eq!(text(&"x".repeat(fits), &scrub).as_str().len(), fits);
    }
    assert_eq!(text(&"x".repeat(TEXT_LIMIT + 1), &scrub), "…[8193 bytes]");
    let secret = format!("{} password=hunter2", "x ".repeat(4088));
    assert!(!text(&secret, &scrub).as_str().contains("hun"));
}

#[test]
fn what_has_no_end_is_not_counted_to_it() {
    let scrub = Redactor::default();
    assert_eq!(text(&Pieces("x", 9000), &scrub), "…[9000 bytes]");
    assert_eq!(text(&Pieces("x", COUNT_LIMIT), &scrub), "…[262144 bytes]");
    assert_eq!(text(&Pieces("x", COUNT_LIMIT + 1), &scrub), "…[more than 262144 bytes]");
    assert_eq!(text(&Pieces("x", usize::MAX), &scrub), "…[more than 262144 bytes]");
    // One piece is known whole.
    assert_eq!(text(&"x".repeat(2 * COUNT_LIMIT), &scrub), "…[524288 bytes]");
}

#[test]
fn a_piece_that_fits_behind_one_that_did_not_is_not_told() {
    struct Uneven;

    impl fmt::Display for Uneven {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&"\n".repeat(TEXT_LIMIT - 1))?;
            f.write_str("é")?;
            f.write_str("a ")
        }
    }

    let told = text(&Uneven, &Redactor::default());
    assert_eq!(told.as_str(), format!("{}…[{} bytes]", "\n".repeat(TEXT_LIMIT - 1), TEXT_LIMIT + 3));
}
