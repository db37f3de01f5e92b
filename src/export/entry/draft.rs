use super::super::{append, json_text};

/// A line in a buffer that has no number yet: its `"seq":` is without digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Draft {
    /// Where the digits belong in the buffer.
    pub seq_at: usize,
}

impl Draft {
    /// Puts the digits in. The line is the last one in the buffer.
    pub(crate) fn number(self, out: &mut Vec<u8>, seq: u64) {
        let end = out.len();
        append(out, |out| json_text::number(out, seq));
        let digits = out.len() - end;
        if let Some(rest) = out.get_mut(self.seq_at..) {
            rest.rotate_right(digits);
        }
    }
}
