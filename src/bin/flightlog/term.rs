//! What is shown: colours, columns, and nothing of a log that could drive a terminal.

mod terminal;

use std::io::{self, IsTerminal, Write};

/// The colours, as ANSI codes (ECMA-48 section 8.3.117) of the 16 that every terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
    Alarm,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Red => "\x1b[31m",
            Self::Green => "\x1b[32m",
            Self::Yellow => "\x1b[33m",
            Self::Blue => "\x1b[34m",
            Self::Magenta => "\x1b[35m",
            Self::Cyan => "\x1b[36m",
            Self::Alarm => "\x1b[1;31m",
        }
    }

    /// Of a status; 0 is none.
    pub(crate) const fn of_status(status: u16, is_failure: bool) -> Self {
        match status {
            0 if is_failure => Self::Alarm,
            0 => Self::Dim,
            200..=299 => Self::Green,
            300..=399 => Self::Cyan,
            400..=499 => Self::Yellow,
            500.. => Self::Alarm,
            _ => Self::Blue,
        }
    }
}

/// Where everything is written to.
pub(crate) struct Screen<'w> {
    out: Box<dyn Write + 'w>,
    text: Vec<u8>,
    pub(crate) colours: bool,
    /// A person looks at it: each line is shown when it is made, and bars are drawn.
    pub(crate) is_terminal: bool,
    /// The columns of the terminal; none where there is none, and lines are as long as they are.
    pub(crate) width: Option<usize>,
    /// The terminal shows ASCII only.
    is_ascii: bool,
    column: usize,
}

/// When colours are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    Always,
    Never,
}

const FULL: usize = 32 * 1024;

impl<'w> Screen<'w> {
    /// Standard output.
    pub(crate) fn stdout(colour: Colour) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colours = match colour {
            Colour::Auto => is_terminal && !no_color && !is_dumb,
            Colour::Always => true,
            Colour::Never => false,
        };
        Self {
            out: Box::new(stdout.lock()),
            text: Vec::new(),
            colours,
            is_terminal,
            width: terminal::width(is_terminal),
            is_ascii: is_terminal && terminal::is_ascii(),
            column: 0,
        }
    }

    /// A terminal of so many columns, whose text goes elsewhere.
    #[cfg(test)]
    pub(crate) fn of_width(out: impl Write + 'w, columns: usize) -> Self {
        let width = Some(columns);
        Self {
            out: Box::new(out),
            text: Vec::new(),
            colours: false,
            is_terminal: true,
            width,
            is_ascii: false,
            column: 0,
        }
    }

    /// Text of a log or of ours. Characters that act leave as escapes.
    pub(crate) fn put(&mut self, ink: Ink, text: &str) {
        let colours = self.colours && ink != Ink::Plain;
        if colours {
            self.text.extend_from_slice(ink.code().as_bytes());
        }
        let start = self.text.len();
        if self.is_ascii && !text.is_ascii() {
            escape(&mut self.text, &terminal::plain(text), true);
        } else {
            escape(&mut self.text, text, true);
        }
        let shown = str::from_utf8(self.text.get(start..).unwrap_or_default()).unwrap_or_default();
        self.column += if shown.is_ascii() { shown.len() } else { shown.chars().map(width).sum() };
        if colours {
            self.text.extend_from_slice(b"\x1b[0m");
        }
    }

    /// Whether there is room for so many columns.
    pub(crate) fn fits(&self, columns: usize) -> bool {
        self.width.is_none_or(|width| width >= columns)
    }

    pub(crate) fn space(&mut self, columns: usize) {
        self.text.resize(self.text.len() + columns, b' ');
        self.column += columns;
    }

    /// Goes on at a column, or after a gap where the text before is longer.
    pub(crate) fn column(&mut self, column: usize) {
        self.space(column.saturating_sub(self.column).max(2));
    }

    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.text.push(b'\n');
        self.column = 0;
        if self.is_terminal || self.text.len() > FULL { self.flush() } else { Ok(()) }
    }

    /// A line of one ink.
    pub(crate) fn line(&mut self, ink: Ink, text: &str) -> io::Result<()> {
        self.put(ink, text);
        self.end_line()
    }

    /// Text of several lines, each at a column.
    pub(crate) fn lines(&mut self, indent: usize, ink: Ink, text: &str) -> io::Result<()> {
        for line in text.trim_end().split('\n') {
            self.space(indent);
            self.line(ink, line)?;
        }
        Ok(())
    }

    /// JSON of a log or of ours, on its lines. What JSON lets through and a terminal obeys leaves as `\uXXXX`, which JSON
    /// reads as the same.
    pub(crate) fn json(&mut self, json: &str) -> io::Result<()> {
        for (place, line) in json.split('\n').enumerate() {
            if place > 0 {
                self.text.push(b'\n');
            }
            escape(&mut self.text, line, false);
        }
        self.end_line()
    }

    /// Text of ours as it is, where what is the log's was made harmless before.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.text.extend_from_slice(text.as_bytes());
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.text.clear();
        self.out.flush()
    }
}

/// Writes text without characters that act: controls, separators and what turns the direction of reading; for people also
/// without those that nobody sees. Commands and JSON keep the latter: another program is to read them as they are.
fn escape(out: &mut Vec<u8>, text: &str, for_people: bool) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return out.extend_from_slice(text.as_bytes());
    }
    let mut buffer = [0; 4];
    for c in text.chars() {
        match c {
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if acts(c) || (for_people && hides(c)) => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes())
            }
            c => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
}

/// Whether a character does something to what shows it.
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether nobody sees a character, so that two texts that differ look the same.
fn hides(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The columns a character takes: two of what East Asia writes and of pictures, none of marks on the one before.
fn width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' => 2,
        '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// A bar of four columns for a duration: a tenth of a millisecond is nothing, a hundred seconds is all of it.
pub(crate) fn bar(micros: u64) -> String {
    const CELLS: usize = 4;
    let decades = (micros.max(1) as f64 / 100.0).log10().clamp(0.0, 6.0);
    bar_of(decades / 6.0, CELLS)
}

/// A bar of a share from 0 to 1.
pub(crate) fn bar_of(share: f64, cells: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (cells * 8) as f64).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS.get(eighths % 8).copied().unwrap_or_default());
    let taken = bar.chars().count();
    bar.extend(std::iter::repeat_n(' ', cells.saturating_sub(taken)));
    bar
}

/// Counts as small columns; what is there at all is seen.
pub(crate) fn sparkline(counts: &[u64]) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let step = |count: u64| match count {
        0 => ' ',
        _ => STEPS.get((count * 8 / most).clamp(1, 8) as usize - 1).copied().unwrap_or('█'),
    };
    counts.iter().copied().map(step).collect()
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// At most so many characters; what is cut says so.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_act_leave_as_escapes() {
        let mut out = Vec::new();
        escape(&mut out, "a\x1b[31m\u{7f}\u{9b}\u{202e}\u{2028}\u{200f}\n\té😀", true);
        assert_eq!(String::from_utf8(out).unwrap(), r"a\u001b[31m\u007f\u009b\u202e\u2028\u200f\n\té😀");
    }

    #[test]
    fn what_nobody_sees_is_shown_to_people_and_kept_for_programs() {
        for (for_people, shown) in [(true, r"a\u200bb\ufeff\ue0041"), (false, "a\u{200b}b\u{feff}\u{e0041}")]
        {
            let mut out = Vec::new();
            escape(&mut out, "a\u{200b}b\u{feff}\u{e0041}", for_people);
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
        assert_eq!("aé日本e\u{301}😀".chars().map(width).sum::<usize>(), 1 + 1 + 4 + 1 + 2);
    }

    #[test]
    fn bars_and_numbers_keep_their_width() {
        for micros in [0, 90, 150, 12_000, 1_000_000, u64::MAX] {
            assert_eq!(bar(micros).chars().count(), 4, "{micros}");
        }
        assert_eq!(sparkline(&[0, 1, 50, 100]), " ▁▄█");
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
