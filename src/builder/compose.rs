use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::Relaxed},
};

use super::{
    FlightLogBuilder,
    outputs::{self, Plant},
};
use crate::{
    capture::{self, Equipment, Recorder},
    config::{Error, Settings},
    exchange::{Budget, Scrub, random},
    export::{View, Watch},
    flightlog::FlightLog,
    redact::{Contained, RedactOptions, Redactor},
    sink::{Counters, Fanout},
};

impl FlightLogBuilder {
    /// Starts the log.
    ///
    /// # Errors
    ///
    /// Every value that cannot be meant; with [`strict`](Self::strict) also a directory that cannot be used, or that
    /// anybody may write to.
    pub fn build(self) -> Result<FlightLog, Error> {
        let (flightlog, warnings) = self.build_quietly()?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(flightlog)
    }

    /// The same; what is to be warned of is given, for when there is someone to hear it.
    pub(crate) fn build_quietly(self) -> Result<(FlightLog, Vec<String>), Error> {
        let settings = self.settings;
        settings.validate()?;
        let scrub: Arc<dyn Scrub> = Arc::new(Contained(redactor(&settings)));
        let counters = Arc::new(Counters::default());
        let budget = Arc::new(Budget::new(settings.capture_budget));
        let verbosity = Arc::new(AtomicU8::new(settings.verbosity.get()));
        let plant = Plant {
            settings: &settings,
            view: watch(&settings, &verbosity),
            counters: &counters,
            budget: &budget,
            has_subscriber_of_ours: self.has_subscriber_of_ours,
        };
        let opened = outputs::open(&plant, self.sinks, self.stdout, self.dump_when);
        if self.strict && !opened.troubles.is_empty() {
            return Err(Error::new(opened.troubles.into_iter().map(|trouble| trouble.problem).collect()));
        }
        opened.begin(&settings);
        let troubles = opened.troubles;
        let sinks = Arc::new(Fanout::new(opened.outputs, Arc::clone(&counters)));
        if !self.without_panic_hook {
            capture::chain_hook();
        }
        let mut known_errors = self.known_errors;
        known_errors.extend(capture::known_errors());
        let remote_addr = self.remote_addr;
        let equipment = Equipment {
            settings,
            scrub,
            sinks,
            counters,
            budget,
            verbosity,
            remote_addr,
            known_errors,
            journal: opened.journal,
        };
        let flightlog = FlightLog::new(Recorder::new(equipment));
        Ok((flightlog, troubles.iter().map(ToString::to_string).collect()))
    }
}

fn redactor(settings: &Settings) -> Redactor {
    RedactOptions::default()
        .redact(settings.redact.iter().cloned())
        .keep(settings.redact_keep.iter().cloned())
        .mode(settings.redact_mode)
        .build()
}

/// What entries show, as the settings say, with the verbosity of the moment.
fn watch(settings: &Settings, verbosity: &Arc<AtomicU8>) -> Watch {
    let (headers, bodies, combined) = (settings.headers, settings.bodies, settings.combined);
    let (run, verbosity) = (run(), Arc::clone(verbosity));
    let backtraces = !settings.dumps;
    Arc::new(move || View { run, verbosity: verbosity.load(Relaxed), headers, bodies, combined, backtraces })
}

/// Eight characters that tell one start of the process from another.
fn run() -> [u8; 8] {
    let mut run = *b"00000000";
    let mut rest = random();
    for character in &mut run {
        *character = *b"0123456789abcdefghjkmnpqrstvwxyz".get((rest % 32) as usize).unwrap_or(&b'0');
        rest /= 32;
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Bodies;

    #[test]
    fn what_entries_show_is_what_the_settings_say() {
        let settings =
            Settings { headers: true, bodies: Bodies::Errors, combined: true, ..Settings::default() };
        let verbosity = Arc::new(AtomicU8::new(1));
        let view = watch(&settings, &verbosity);
        assert!(view().headers && view().combined && view().bodies == Bodies::Errors);
        assert!(!watch(&Settings::default(), &verbosity)().combined);
        assert!(!view().backtraces && watch(&Settings { dumps: false, ..settings }, &verbosity)().backtraces);
        verbosity.store(3, Relaxed);
        assert_eq!((view().verbosity, view().run), (3, view().run));
    }
}
