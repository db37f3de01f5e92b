//! What is known of the terminal.

use std::{env, io};

/// Nothing can be laid out on less.
const NARROWEST: usize = 40;

/// How wide it is: COLUMNS where that is set, else what the terminal says. None where it is no terminal.
pub(super) fn width(is_terminal: bool) -> Option<usize> {
    if !is_terminal {
        return None;
    }
    let set = env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let asked = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    set.or_else(asked).filter(|columns| *columns > 0).map(|columns: usize| columns.max(NARROWEST))
}

/// Whether the locale (POSIX, 8.2) names an encoding that is not UTF-8. Where nothing is said, it is taken for UTF-8.
pub(super) fn is_ascii() -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|text| !text.is_empty()));
    said.is_some_and(|locale| names_another(&locale))
}

fn names_another(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    !locale.contains("utf-8") && !locale.contains("utf8")
}

/// The same in ASCII: bars as bars, the rest as what it looks like, or `?`. A character stays one.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            _ if c.is_ascii() => c,
            '▁' | '▏' => '.',
            '▂' | '▎' => ':',
            '▃' | '▍' => '-',
            '▄' | '▌' => '=',
            '▅' | '▋' => '+',
            '▆' | '▊' => '*',
            '▇' | '▉' => '%',
            '█' => '#',
            '━' => '=',
            'µ' => 'u',
            '…' => '~',
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_name_their_encoding() {
        assert_eq!(["C", "POSIX", "de_DE.ISO-8859-1", "de_DE"].map(names_another), [true; 4]);
        assert_eq!(["C.UTF-8", "en_US.utf8", "de_DE.UTF-8@euro"].map(names_another), [false; 3]);
    }

    #[test]
    fn what_is_no_ascii_keeps_its_columns() {
        assert_eq!(plain("12 µs ▁▄█ ━━ é…"), "12 us .=# == ?~");
    }
}
