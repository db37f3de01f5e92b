use crate::export::escape_for_terminal;

/// The colours of the console, as ANSI codes (ECMA-48 section 8.3.117) of the 16 that every terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
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
    fn code(self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::Bold => b"\x1b[1m",
            Self::Dim => b"\x1b[2m",
            Self::Red => b"\x1b[31m",
            Self::Green => b"\x1b[32m",
            Self::Yellow => b"\x1b[33m",
            Self::Blue => b"\x1b[34m",
            Self::Magenta => b"\x1b[35m",
            Self::Cyan => b"\x1b[36m",
            Self::Alarm => b"\x1b[1;31m",
        }
    }
}

/// Writes coloured text; whatever a text holds, it cannot drive the terminal.
pub(super) struct Paint<'a> {
    out: &'a mut Vec<u8>,
    colours: bool,
    /// Columns taken in this line.
    column: usize,
}

impl<'a> Paint<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, colours: bool) -> Self {
        Self { out, colours, column: 0 }
    }

    pub(super) fn put(&mut self, ink: Ink, text: &str) {
        let colours = self.colours && ink != Ink::Plain;
        if colours {
            self.out.extend_from_slice(ink.code());
        }
        let start = self.out.len();
        escape_for_terminal(self.out, text);
        // Every byte that does not go on a character begins one.
        let begun = |byte: &&u8| **byte & 0xc0 != 0x80;
        self.column += self.out.get(start..).unwrap_or_default().iter().filter(begun).count();
        if colours {
            self.out.extend_from_slice(b"\x1b[0m");
        }
    }

    pub(super) fn space(&mut self, columns: usize) {
        self.out.resize(self.out.len() + columns, b' ');
        self.column += columns;
    }

    /// Goes on at a column, or after a gap where the text before is longer.
    pub(super) fn column(&mut self, column: usize) {
        self.space(column.saturating_sub(self.column).max(2));
    }

    pub(super) fn end_line(&mut self) {
        self.out.push(b'\n');
        self.column = 0;
    }
}
