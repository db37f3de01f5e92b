//! What others may do to the directory meanwhile.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    process::Command,
    time::Duration,
};

use super::support::{Bench, files, id, named};
use crate::{dump::DumpOptions, sink::Sink};

fn planted(second: u64) -> String {
    format!("20200101T0000{second:02}.000000Z-500-{}.json", id(second))
}

#[test]
fn a_directory_swapped_for_a_link_is_not_followed() {
    let bench = Bench::new(|options| options);
    bench.fail(&named(0, &[]));
    let (elsewhere, moved) = (tempfile::tempdir().unwrap(), bench.dir.with_extension("moved"));
    fs::rename(&bench.dir, &moved).unwrap();
    symlink(elsewhere.path(), &bench.dir).unwrap();
    bench.fail(&named(1, &[]));
    bench.dumps.flush();
    assert_eq!((files(elsewhere.path()).len(), files(&moved).len()), (0, 1));
    assert_eq!(bench.counts(), [1, 1, 0, 0]);
    fs::remove_file(&bench.dir).unwrap();
    bench.fail(&named(2, &[]));
    assert_eq!(bench.counts(), [2, 1, 0, 0], "made anew");
    assert_eq!(fs::metadata(&bench.dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn pipes_and_directories_with_a_dumps_name_are_neither_read_nor_deleted() {
    let bench = Bench::new(|options| DumpOptions { keep: 1, ..options });
    fs::create_dir_all(&bench.dir).unwrap();
    let (pipe, dir) = (bench.dir.join(planted(1)), bench.dir.join(planted(2)));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(&dir).unwrap();
    let names: Vec<_> = (0..3).map(|second| bench.fail(&named(second, &[])).unwrap()).collect();
    assert_eq!(files(&bench.dir), [planted(1), planted(2), names[2].clone()]);
    assert_eq!(bench.faults.calls("read_end"), 0);
    let opened = fs::File::open(&bench.dir).unwrap();
    let system = crate::dump::fs::System;
    for name in [planted(1), planted(2)] {
        assert!(crate::dump::fs::Fs::read_end(&system, &opened, &name, 10).is_err(), "{name}");
    }
}

#[test]
fn another_name_of_a_dump_is_deleted_and_what_it_names_elsewhere_stays() {
    let bench = Bench::new(|options| DumpOptions { keep: 1, ..options });
    fs::create_dir_all(&bench.dir).unwrap();
    let precious = bench.dir.with_extension("precious");
    fs::write(&precious, "precious").unwrap();
    fs::hard_link(&precious, bench.dir.join(planted(1))).unwrap();
    let name = bench.fail(&named(0, &[])).unwrap();
    assert_eq!(files(&bench.dir), [name]);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert_eq!(fs::metadata(&precious).unwrap().nlink(), 1);
}

#[test]
fn a_directory_below_one_that_is_open_to_all_is_for_its_owner_only() {
    let bench = Bench::new(|options| options);
    let above = bench.dir.parent().unwrap();
    fs::create_dir_all(above).unwrap();
    fs::set_permissions(above, fs::Permissions::from_mode(0o1777)).unwrap();
    bench.fail(&named(0, &[])).unwrap();
    assert_eq!(bench.counts(), [1, 0, 0, 0]);
    assert_eq!(fs::metadata(&bench.dir).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn forged_fingerprints_of_large_files_cost_little() {
    let bench = Bench::new(|options| DumpOptions { max_bytes: 0, max_age: Duration::ZERO, ..options });
    fs::create_dir_all(&bench.dir).unwrap();
    let huge = fs::File::create(bench.dir.join(planted(1))).unwrap();
    huge.set_len(1 << 40).unwrap();
    fs::write(bench.dir.join(planted(2)), [0xFF; 100_000]).unwrap();
    bench.fail(&named(0, &[])).unwrap();
    assert_eq!(bench.counts(), [1, 0, 0, 0]);
}
