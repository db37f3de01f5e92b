use std::path::Path;

use crate::{entry::Broken, say};

/// Lines that are no entries: counted, the first ones named, never a reason to stop.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) torn: u64,
    pub(crate) not_json: u64,
    pub(crate) nul: u64,
    pub(crate) first: Option<String>,
}

impl Trouble {
    /// Notes a line. The last line of a log may be being written: it is none of these.
    pub(crate) fn note(&mut self, broken: Broken, path: &Path, at: u64) {
        let what = match broken {
            Broken::Empty => return,
            Broken::Torn => {
                self.torn += 1;
                "is torn"
            }
            Broken::NotJson => {
                self.not_json += 1;
                "is no JSON object"
            }
            Broken::Nul => {
                self.nul += 1;
                "is made of NUL bytes"
            }
        };
        if self.first.is_none() {
            self.first = Some(format!("the first at byte {at} of {}, which {what}", path.display()));
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.torn + self.not_json + self.nul
    }

    /// Says on stderr what was passed over.
    pub(crate) fn tell(&self) {
        if let Some(first) = &self.first {
            let count = self.count();
            let lines = if count == 1 { "1 line is".to_owned() } else { format!("{count} lines are") };
            say(&format!("{lines} no entry and left out ({first}); flightlog doctor says more"));
        }
    }
}
