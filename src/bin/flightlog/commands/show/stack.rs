use std::io;

use crate::term::{Ink, Screen};

/// Frames shown where none is the application's.
const FRAMES: usize = 10;

/// A stack. The frames of the application are those whose source is neither in a registry nor in the toolchain, nor ours;
/// the others are only counted, but for `-v` and where there is none.
pub(super) fn backtrace(screen: &mut Screen<'_>, stack: &str, verbose: bool) -> io::Result<()> {
    let lines: Vec<_> = stack.lines().collect();
    let mut frames: Vec<&[&str]> = Vec::new();
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let is_place = |line: Option<&&str>| line.is_some_and(|line| line.trim_start().starts_with("at "));
        let (frame, tail) =
            rest.split_at_checked(1 + usize::from(is_place(rest.get(1)))).unwrap_or((rest, &[]));
        frames.push(frame);
        rest = tail;
    }
    let has_own = frames.iter().any(|frame| is_own(frame));
    let mut hidden = 0;
    for (place, frame) in frames.iter().enumerate() {
        let own = is_own(frame);
        if !verbose && if has_own { !own } else { place >= FRAMES } {
            hidden += 1;
            continue;
        }
        for (place, line) in frame.iter().enumerate() {
            screen.put(Ink::Plain, if own && place == 0 { "  > " } else { "    " });
            screen.line(if own { Ink::Bold } else { Ink::Dim }, line)?;
        }
    }
    if hidden > 0 {
        let frames = if hidden == 1 { "frame" } else { "frames" };
        screen.line(Ink::Dim, &format!("    and {hidden} {frames} of others (-v)"))?;
    }
    Ok(())
}

fn is_own(frame: &[&str]) -> bool {
    const THEIRS: [&str; 4] = ["/rustc/", ".cargo/registry", "/rustlib/", ".cargo/git"];
    let [name, place] = frame else { return false };
    !name.contains("tower_flightlog::") && !THEIRS.iter().any(|part| place.contains(part))
}
