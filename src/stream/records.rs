use super::events::Heard;
use crate::llm::{find, is};

const RECORD_SEPARATOR: u8 = 0x1E;

/// Finds the documents in NDJSON and in JSON text sequences (RFC 7464).
pub(super) struct Records {
    separator: u8,
    has_content: bool,
}

impl Records {
    pub(super) fn of(content_type: &[u8]) -> Self {
        let essence =
            content_type.split(|b| matches!(b, b';' | b',')).next().unwrap_or_default().trim_ascii();
        let is_sequence = essence.len() >= 8
            && essence.iter().rev().zip(b"json-seq".iter().rev()).all(|(a, b)| a.eq_ignore_ascii_case(b));
        Self { separator: if is_sequence { RECORD_SEPARATOR } else { b'\n' }, has_content: false }
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], to: &mut Heard) {
        let separator = self.separator;
        while !bytes.is_empty() {
            let end = find(bytes, |word| is(word, separator));
            let Some((record, [_, rest @ ..])) = end.map(|end| bytes.split_at(end)) else {
                return self.piece(bytes, to);
            };
            if !self.has_content && to.takes_whole() {
                let record = record.trim_ascii_start();
                if !record.is_empty() {
                    to.passed(record);
                }
                bytes = rest;
                continue;
            }
            self.piece(record, to);
            if std::mem::take(&mut self.has_content) {
                to.event(b"");
            }
            bytes = rest;
        }
    }

    /// The body ended; the last record of a whole one counts. True where it was cut off.
    pub(super) fn end(&mut self, is_whole: bool, to: &mut Heard) -> bool {
        let has_content = std::mem::take(&mut self.has_content);
        if has_content && is_whole {
            to.event(b"");
        }
        has_content && !is_whole
    }

    fn piece(&mut self, piece: &[u8], to: &mut Heard) {
        let piece = if self.has_content { piece } else { piece.trim_ascii_start() };
        if !piece.is_empty() {
            self.has_content = true;
            to.data(piece);
        }
    }
}
