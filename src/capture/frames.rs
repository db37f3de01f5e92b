//! Stacks as texts: found in what an error says of itself, and trimmed to what its reader wrote or chose.

use std::{
    borrow::Cow,
    env,
    fmt::{self, Write},
};

use super::owner::{Owner, is_hook, owner};

/// Bytes shown of a stack, and of one of which all is wanted.
const LIMIT: usize = 32 * 1024;
const LIMIT_OF_ALL: usize = 256 * 1024;

/// A function on a stack. One that was inlined has the number of the one it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame<'a> {
    number: usize,
    symbol: &'a str,
    place: Option<Cow<'a, str>>,
}

/// A stack as the standard library writes one, without the frames of the runtime and of this crate, unless
/// RUST_BACKTRACE asks for every frame. None where there is no frame.
pub(super) fn trimmed(stack: &str) -> Option<String> {
    chosen(&of_lines(stack.lines()), wants_all())
}

/// The stack in what an error says with `{:?}`, trimmed.
///
/// `anyhow` and `eyre` write a line `Stack backtrace:`, `color-eyre` one of dashes with the word in it; a field of type
/// `std::backtrace::Backtrace` in a derived `Debug` is a list on one line.
pub(super) fn in_debug(said: &str) -> Option<String> {
    in_debug_as(said, wants_all())
}

fn wants_all() -> bool {
    env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full")
}

fn in_debug_as(said: &str, all: bool) -> Option<String> {
    let mut rest = said.lines();
    if rest.any(is_header) {
        let text: String = rest.map(without_colours).collect::<Vec<_>>().join("\n");
        return chosen(&of_lines(text.lines()), all);
    }
    let (_, list) = said.split_once("Backtrace [{ fn: ")?;
    let items = list.split("{ fn: ").enumerate();
    let frames: Vec<_> = items.map_while(|(number, item)| of_item(number, item)).collect();
    chosen(&frames, all)
}

fn chosen(frames: &[Frame<'_>], all: bool) -> Option<String> {
    let (kept, limit) = if all { (vec![true; frames.len()], LIMIT_OF_ALL) } else { (kept(frames), LIMIT) };
    (!frames.is_empty()).then(|| shown(frames, &kept, limit))
}

fn is_header(line: &str) -> bool {
    let line = without_colours(line);
    let word = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '━' | '─' | '=' | '-' | ':'));
    ["stack backtrace", "backtrace"].iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// A line without the terminal's colour sequences.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    text
}

/// The frames of a stack, up to the first empty line behind one. Lines that are none are passed over.
fn of_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Frame<'a>> {
    let mut frames: Vec<Frame<'a>> = Vec::new();
    for line in lines {
        let text = line.trim();
        if text.is_empty() {
            if frames.is_empty() {
                continue;
            }
            break;
        }
        if let Some((number, symbol)) = numbered(text) {
            frames.push(Frame { number, symbol, place: None });
        } else if let Some(last) = frames.last_mut() {
            if let Some(place) = text.strip_prefix("at ") {
                last.place = Some(place.into());
            } else if line.starts_with("      ") {
                // What was inlined follows without a number of its own.
                let number = last.number;
                frames.push(Frame { number, symbol: text, place: None });
            }
        }
    }
    frames
}

/// `12: shop::order`, also with an address before the name.
fn numbered(text: &str) -> Option<(usize, &str)> {
    let (number, symbol) = text.split_once(':')?;
    let symbol = symbol.trim_start();
    let symbol = match symbol.split_once(" - ") {
        Some((address, name)) if address.starts_with("0x") => name,
        _ => symbol,
    };
    Some((number.parse().ok()?, symbol)).filter(|_| !symbol.is_empty())
}

/// `"shop::order", file: "./src/order.rs", line: 42 }, `, as it stands in a derived `Debug`.
fn of_item(number: usize, item: &str) -> Option<Frame<'_>> {
    let (symbol, rest) = item.strip_prefix('"')?.split_once('"')?;
    let place = rest.strip_prefix(", file: \"").and_then(|rest| rest.split_once('"')).map(|(file, rest)| {
        let line = rest.strip_prefix(", line: ").and_then(|rest| rest.split([' ', '}', ',']).next());
        line.map_or_else(|| file.into(), |line| format!("{file}:{line}").into())
    });
    Some(Frame { number, symbol, place })
}

/// Which frames stay: those of the service and of what it depends on, and what of the standard library stands between
/// two of them. Where all are of the runtime, all.
fn kept(frames: &[Frame<'_>]) -> Vec<bool> {
    let hook = frames.iter().position(|frame| is_hook(frame.symbol)).map_or(0, |at| at + 1);
    let owners: Vec<_> = frames
        .iter()
        .enumerate()
        .map(|(at, frame)| if at < hook { Owner::Runtime } else { owner(frame.symbol) })
        .collect();
    if !owners.contains(&Owner::Service) {
        return vec![true; frames.len()];
    }
    let above = nearest(owners.iter());
    let mut below = nearest(owners.iter().rev());
    below.reverse();
    let between = above.into_iter().zip(below).map(|(above, below)| above && below);
    owners
        .iter()
        .zip(between)
        .map(|(owner, between)| match owner {
            Owner::Service => true,
            Owner::Library => between,
            Owner::Runtime => false,
        })
        .collect()
}

/// For each: whether the nearest one before it that is not of a library is the service's.
fn nearest<'a>(owners: impl Iterator<Item = &'a Owner>) -> Vec<bool> {
    owners
        .scan(false, |is_service, owner| {
            let before = *is_service;
            if *owner != Owner::Library {
                *is_service = *owner == Owner::Service;
            }
            Some(before)
        })
        .collect()
}

/// The frames that stay, with the numbers they had, and how many are left out.
fn shown(frames: &[Frame<'_>], kept: &[bool], limit: usize) -> String {
    let mut text = String::new();
    let mut last = None;
    let (mut trimmed, mut over) = (0_usize, 0_usize);
    for (frame, kept) in frames.iter().zip(kept) {
        if !kept {
            trimmed += 1;
        } else if over > 0
            || text.len() + frame.symbol.len() + frame.place.as_ref().map_or(0, |place| place.len()) > limit
        {
            over += 1;
        } else {
            let number = (last != Some(frame.number)).then_some(frame.number);
            last = Some(frame.number);
            // Writing to a string does not fail.
            let _ = write_frame(&mut text, number, frame);
        }
    }
    if over > 0 {
        text.push_str(&format!("      … {over} more frames\n"));
    }
    if trimmed > 0 {
        text.push_str(&format!(
            "      … {trimmed} frames of the runtime left out, RUST_BACKTRACE=full keeps them\n"
        ));
    }
    text.truncate(text.trim_end().len());
    text
}

fn write_frame(text: &mut String, number: Option<usize>, frame: &Frame<'_>) -> fmt::Result {
    match number {
        Some(number) => writeln!(text, "{number:4}: {}", frame.symbol)?,
        None => writeln!(text, "      {}", frame.symbol)?,
    }
    match &frame.place {
        Some(place) => writeln!(text, "             at {place}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
