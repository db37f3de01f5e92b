use http::HeaderValue;

use super::super::{
    blanks::{Blanks, Piece},
    replay::Header,
    rust_literal::{bytes, string},
    shell::latin1,
};

/// Makes expressions, with constants in place of what was redacted.
#[derive(Default)]
pub(super) struct Values {
    blanks: Blanks,
    /// What each constant is called, and what it holds until somebody fills it in.
    constants: Vec<(String, String)>,
}

impl Values {
    /// An expression of type `&str` or `String`.
    pub(super) fn expression(&mut self, text: &str, owner: &str) -> String {
        match self.blanks.pieces(text, owner).as_slice() {
            [] => "\"\"".into(),
            [Piece::Text(text)] => string(text),
            pieces => {
                let pieces: Vec<_> = pieces.iter().map(|piece| self.piece(piece, string)).collect();
                format!("[{}].concat()", pieces.join(", "))
            }
        }
    }

    /// An expression that the builder takes for a header's value.
    fn bytes(&mut self, value: &str, owner: &str) -> String {
        let pieces = self.blanks.pieces(value, owner);
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => format!("{}.as_slice()", bytes(&latin1(text))),
                Piece::Blank(_) => format!("{}.as_bytes()", self.piece(piece, string)),
            })
            .collect();
        format!("[{}].concat()", pieces.join(", "))
    }

    fn piece(&mut self, piece: &Piece<'_>, literal: impl Fn(&str) -> String) -> String {
        match piece {
            Piece::Text(text) => literal(text),
            Piece::Blank(name) => self.constant(name.clone(), super::super::blanks::REDACTED),
        }
    }

    fn constant(&mut self, name: String, placeholder: &str) -> String {
        self.constants.push((name.clone(), placeholder.into()));
        name
    }

    /// How many secrets got no constant.
    pub(super) fn left(&self) -> usize {
        self.blanks.left()
    }

    /// Their declarations, to stand before the test.
    pub(super) fn constants(&self) -> String {
        if self.constants.is_empty() {
            return String::new();
        }
        let declared = self
            .constants
            .iter()
            .map(|(name, value)| format!("    const {name}: &str = {};\n", string(value)));
        format!("    // Not recorded, to be filled in.\n{}\n", declared.collect::<String>())
    }
}

/// None where no header can have such a value.
pub(super) fn header_value(header: &Header<'_>, values: &mut Values) -> Option<String> {
    let Some(value) = header.value else {
        let name = values.blanks.named(header.name);
        return Some(values.constant(name, "[too long to be recorded]"));
    };
    let wire = latin1(value);
    HeaderValue::from_bytes(&wire).ok()?;
    // A string has to be visible ASCII.
    let is_text = wire.iter().all(|byte| (b' '..=b'~').contains(byte));
    Some(if is_text { values.expression(value, header.name) } else { values.bytes(value, header.name) })
}
