use std::{fs, io::Write, os::unix::fs::symlink};

use proptest::prelude::*;

use super::*;
use crate::entry::Parser;

fn file_of(bytes: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

type Seen = (Vec<u8>, u64, u64, bool);

fn seen(line: Line<'_>) -> Seen {
    (line.bytes.to_vec(), line.at, line.length, line.is_ended)
}

fn forward(bytes: &[u8]) -> Vec<Seen> {
    let file = file_of(bytes);
    let mut lines = Forward::new(&file, 0, bytes.len() as u64);
    let mut found = Vec::new();
    while let Some(line) = lines.next().unwrap() {
        found.push(seen(line));
    }
    found
}

fn backward(bytes: &[u8]) -> Vec<Seen> {
    let file = file_of(bytes);
    let mut lines = Backward::new(&file, bytes.len() as u64);
    let mut found = Vec::new();
    while let Some(line) = lines.next().unwrap() {
        found.push(seen(line));
    }
    found.reverse();
    found
}

fn expected(bytes: &[u8]) -> Vec<Seen> {
    let mut at = 0;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let (text, is_ended) = line.strip_suffix(b"\n").map_or((line, false), |text| (text, true));
        let kept = if text.len() >= PIECE { HEAD } else { text.len() };
        let seen = (text[..kept].to_vec(), at, text.len() as u64, is_ended);
        at += line.len() as u64;
        seen
    });
    lines.collect()
}

/// Lines of these lengths, the last with or without its end.
fn text_of(lengths: &[usize], ended: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for (place, length) in lengths.iter().enumerate() {
        let letter = b'a' + (place % 26) as u8;
        text.resize(text.len() + length, letter);
        text.push(b'\n');
    }
    if !ended {
        text.pop();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn lines_are_the_same_from_both_sides_whatever_their_length(
        lengths in prop::collection::vec(prop_oneof![
            0_usize..40,
            PIECE - 3..PIECE + 4,
            HEAD - 2..HEAD + 2,
            2 * PIECE - 2..2 * PIECE + 3,
        ], 1..8),
        ended: bool,
    ) {
        let text = text_of(&lengths, ended);
        let expected = expected(&text);
        prop_assert!(forward(&text) == expected, "forward, {lengths:?}");
        prop_assert!(backward(&text) == expected, "backward, {lengths:?}");
    }
}

#[test]
fn a_line_of_64_mib_is_passed_by_its_head() {
    let text = text_of(&[3, 64 << 20, 5], true);
    let lengths = |seen: Vec<Seen>| seen.iter().map(|line| (line.0.len(), line.2)).collect::<Vec<_>>();
    let expected = [(3, 3), (HEAD, 64 << 20), (5, 5)];
    assert_eq!(lengths(forward(&text)), expected);
    assert_eq!(lengths(backward(&text)), expected);
}

fn log(times: impl Iterator<Item = u64>) -> Vec<u8> {
    let lines = times.map(|at| {
        let time = crate::time::full(at);
        format!(
            "{{\"timestamp\":\"{time}\",\"level\":\"INFO\",\"type\":\"log\",\"pad\":\"{}\"}}\n",
            "x".repeat((at % 900) as usize)
        )
    });
    lines.collect::<String>().into_bytes()
}

const T0: u64 = 1_795_170_600_000_000;

#[test]
fn bisection_finds_the_place_and_misses_nothing() {
    let mut text = log((0..20_000).map(|n| T0 + n * 100_003));
    // Lines that say nothing of time are in the way.
    let middle = text.len() / 2;
    text.splice(middle..middle, b"\0\0\0torn\n".iter().copied());
    let file = file_of(&text);
    let mut parser = Parser::default();
    for n in [0_u64, 1, 17, 999, 10_000, 19_999, 30_000] {
        let since = T0 + n * 100_003;
        let from = seek(&file, text.len() as u64, since, &mut parser).unwrap();
        assert!(from == 0 || text[from as usize - 1] == b'\n');
        let before = parser.moment(&text[from as usize..]);
        assert!(before.is_none_or(|at| at <= since), "{n}");
        let to_read = text.len() as u64 - from;
        let needed = (20_000_u64.saturating_sub(n) + 20) * 560;
        assert!(to_read <= needed + 80_000, "{n}: {to_read} of {needed}");
    }
}

#[test]
fn files_are_found_in_time_order_and_others_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, at: u64| fs::write(dir.path().join(name), log(std::iter::once(T0 + at))).unwrap();
    for (name, at) in
        [("api.log", 12), ("api.log.1", 11), ("api.log.2", 10), ("api.log.10", 2), ("errors.log", 3)]
    {
        put(name, at);
    }
    put("worker.log-20261119", 1);
    put("worker.log-20261120", 2);
    put("worker.log", 3);
    put("notes.txt", 1);
    put("api.log.3.gz", 1);
    fs::create_dir(dir.path().join("other.log")).unwrap();
    symlink("loop.log", dir.path().join("loop.log")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("fifo.log"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let set = LogSet::open(dir.path()).unwrap();
    let names = |series: &Series| {
        let names =
            series.files.iter().map(|file| file.path.file_name().unwrap().to_string_lossy().into_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(set.named("api").unwrap()), ["api.log.10", "api.log.2", "api.log.1", "api.log"]);
    assert_eq!(
        names(set.named("worker").unwrap()),
        ["worker.log-20261119", "worker.log-20261120", "worker.log"]
    );
    assert_eq!(set.series.len(), 3);
    assert_eq!((set.foreign.len(), set.compressed.len()), (1, 1), "{:?}", set.foreign);
    assert_eq!(set.troubles.len(), 3, "{:?}", set.troubles);
}

#[test]
fn a_file_that_is_deleted_while_it_is_read_is_read_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("api.log");
    fs::write(&path, b"a\nb\n").unwrap();
    let set = LogSet::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let file = &set.series[0].files[0];
    let mut lines = Forward::new(&file.file, 0, file.length);
    assert_eq!(lines.next().unwrap().unwrap().bytes, b"a");
    assert_eq!(lines.next().unwrap().unwrap().bytes, b"b");
    assert!(lines.next().unwrap().is_none());
}
