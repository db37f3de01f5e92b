//! What a dump becomes: a command, a test, a text, an archive. The library makes them.

use tower_flightlog::{Direction, Dump};

use super::dumps;
use crate::{Failure, Found, args::Options, say, term::Screen};

/// One dump as a text.
pub(crate) fn one(
    options: &Options,
    screen: &mut Screen<'_>,
    text: fn(&Dump) -> String,
) -> Result<Found, Failure> {
    let id = options.names.first().map(String::as_str).unwrap_or_default();
    let dump = read(options, id)?;
    // Of the client's there is nothing in it that acts: the library sees to that.
    screen.json(text(&dump).trim_end_matches('\n'))?;
    Ok(Found::Something)
}

/// A test; what the service sent itself has none.
pub(crate) fn test(options: &Options, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let id = options.names.first().map(String::as_str).unwrap_or_default();
    let exchange = read(options, id)?.exchange;
    if exchange.direction == Direction::Outbound {
        let parent = exchange
            .parent_request_id
            .map(|parent| format!("\nwhat it was sent for: flightlog test {parent}"));
        return Err(Failure::usage(format!(
            "{} is a request that the service sent: no test of its routes can send it\n\
             to send it again: flightlog curl {0}{}",
            exchange.request_id,
            parent.unwrap_or_default()
        )));
    }
    one(options, screen, Dump::test)
}

/// Several, or all, as an archive.
pub(crate) fn har(options: &Options, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut all = Vec::new();
    if options.names.is_empty() {
        let dir = options.dump_dir();
        let files =
            dumps::list(&dir).map_err(|error| Failure::usage(format!("{}: {error}", dir.display())))?;
        for file in files {
            match Dump::read(&file.path) {
                Ok(dump) => all.push(dump),
                // One that is torn is no reason to give none.
                Err(error) => say(&error.to_string()),
            }
        }
    }
    for id in &options.names {
        all.push(read(options, id)?);
    }
    screen.json(Dump::har_of(&all).trim_end_matches('\n'))?;
    Ok((!all.is_empty()).into())
}

fn read(options: &Options, id: &str) -> Result<Dump, Failure> {
    let file = dumps::only(&options.dump_dir(), id)?;
    Dump::read(&file.path).map_err(|error| Failure::usage(error.to_string()))
}
