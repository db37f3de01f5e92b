use rustix::io::Errno;
use serde_json::json;

use super::support::{Bench, files, named};
use crate::{dump::DumpOptions, export::fixtures::validated_dump};

const ERRORS: [Errno; 6] = [Errno::NOSPC, Errno::IO, Errno::ACCESS, Errno::EXIST, Errno::ROFS, Errno::MFILE];

/// A directory at its limit, so that one more dump makes every kind of call there is.
fn full() -> Bench {
    let bench = Bench::new(|options| DumpOptions { keep: 2, ..options });
    for second in 0..2 {
        bench.fail(&named(second, &[("/began/request/endpoint", json!(format!("/{second}")))]));
    }
    bench.dumps.store.shelf().doubt();
    bench
}

#[test]
fn each_call_may_fail_and_costs_no_more_than_one_dump() {
    let untouched = full();
    let before = untouched.faults.total();
    untouched.fail(&named(2, &[]));
    let calls = untouched.faults.last_names()[before..].to_vec();
    assert_eq!(
        calls,
        [
            "open_dir", "look", "list", "remove", "space", "create", "write", "sync", "publish", "sync_dir",
            "look"
        ]
    );
    for errno in ERRORS {
        for (index, call) in calls.iter().enumerate() {
            let bench = full();
            let before = bench.faults.total();
            bench.faults.fail(before + index..before + index + 1, errno);
            let name = bench.fail(&named(2, &[])).unwrap();
            let what = format!("{errno:?} at {call}");
            assert_eq!(bench.faults.failed(), 1, "{what}");
            let [written, failed, ..] = bench.counts();
            assert_eq!(written + failed, 3, "{what}");
            let left = files(&bench.dir);
            assert!(left.iter().all(|name| !name.starts_with('.')), "{what}: {left:?}");
            assert_eq!(left.contains(&name), failed == 0, "{what}: {left:?}");
            let harmless = ["list", "sync_dir", "remove", "space"].contains(call) || index + 1 == calls.len();
            assert_eq!(harmless, failed == 0, "{what}");
            assert_eq!(bench.dumps.store.last_trouble().is_some(), index + 1 < calls.len(), "{what}");

            bench.fail(&named(3, &[]));
            let left = files(&bench.dir);
            assert_eq!(left.len(), 2, "{what}: once it works again, the limits hold: {left:?}");
            for name in left {
                validated_dump(&std::fs::read_to_string(bench.dir.join(name)).unwrap());
            }
        }
    }
}

#[test]
fn where_everything_fails_from_some_call_on_each_dump_is_counted_and_nothing_panics() {
    for errno in ERRORS {
        for from in 0..10 {
            let bench = full();
            bench.faults.fail(bench.faults.total() + from..usize::MAX, errno);
            for second in 2..5 {
                bench.fail(&named(second, &[]));
            }
            let [written, failed, ..] = bench.counts();
            assert_eq!(written + failed, 5, "{errno:?} from call {from}");
            assert!(failed >= 2, "{errno:?} from call {from}");
        }
    }
}

#[test]
fn the_first_directory_may_fail_at_each_call_too() {
    for errno in ERRORS {
        for index in 0..4 {
            let bench = Bench::new(|options| options);
            bench.faults.fail(index..index + 1, errno);
            bench.fail(&named(0, &[]));
            assert_eq!(bench.counts()[..2], [0, 1], "{errno:?} at call {index}");
            bench.fail(&named(1, &[]));
            assert_eq!(bench.counts()[..2], [1, 1], "{errno:?} at call {index}");
        }
    }
}
