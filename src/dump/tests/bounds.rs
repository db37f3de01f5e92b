//! What is kept, what is counted, and what is left to others.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::support::{Bench, files, named};
use crate::{
    dump::{DumpOptions, fs::Space},
    export::fixtures::validated_dump,
    sink::{BlackBox, Sink},
};

fn similar(bench: &Bench, name: &str) -> Value {
    validated_dump(&fs::read_to_string(bench.dir.join(name)).unwrap())["similar"].clone()
}

#[test]
fn the_next_dump_tells_how_many_like_it_got_none() {
    let bench = Bench::new(|options| DumpOptions { per_minute: 60, ..options });
    let other = [("/error/message", json!("no price"))];
    let first = bench.fail(&named(0, &[])).unwrap();
    let fingerprint = named(0, &[]).fingerprint();
    assert_eq!(similar(&bench, &first), json!({"fingerprint": fingerprint, "count": 0}));
    let dumped: Vec<_> = (1..10).map(|second| bench.fail(&named(second, &[])).is_some()).collect();
    assert_eq!(dumped, [true, true, false, false, false, false, false, false, false]);
    let another = bench.fail(&named(10, &other)).unwrap();
    assert_eq!(similar(&bench, &another)["count"], 0);

    bench.clock.set(Duration::from_secs(60));
    bench.faults.fail_next(rustix::io::Errno::IO);
    bench.fail(&named(60, &[])).unwrap();
    let next = bench.fail(&named(61, &[])).unwrap();
    assert_eq!(
        similar(&bench, &next),
        json!({"fingerprint": fingerprint, "count": 7}),
        "also where one failed"
    );
    let last = bench.fail(&named(62, &[])).unwrap();
    assert_eq!(similar(&bench, &last)["count"], 0);
    assert_eq!(bench.counts(), [6, 1, 0, 7]);
}

#[test]
fn what_is_suppressed_is_told_within_a_minute_or_at_the_end() {
    let bench = Bench::new(|options| DumpOptions { per_minute: 60, ..options });
    assert_eq!(bench.dumps.look(), None);
    (0..10).for_each(|second| drop(bench.fail(&named(second, &[]))));
    assert_eq!(bench.dumps.look(), Some(Duration::from_secs(60)));
    assert_eq!(bench.told.lock().unwrap().len(), 0);
    bench.clock.set(Duration::from_secs(60));
    assert_eq!(bench.dumps.look(), None);
    (0..5).for_each(|second| drop(bench.fail(&named(second, &[]))));
    bench.dumps.flush();
    bench.dumps.flush();
    let told: Vec<_> = bench.told.lock().unwrap().iter().map(|told| (told.n, told.most.len())).collect();
    assert_eq!(told, [(7, 1), (2, 1)]);
    assert_eq!(bench.counts()[3], 9);
}

#[test]
fn the_first_of_each_kind_outlives_its_repeats_also_those_of_the_next_run() {
    let first = Bench::new(|options| DumpOptions { keep: 4, ..options });
    let other = [("/error/message", json!("no price"))];
    let kept = [first.fail(&named(0, &[])).unwrap(), first.fail(&named(1, &other)).unwrap()];
    (2..4).for_each(|second| drop(first.fail(&named(second, &[]))));
    let second = Bench::new(|options| DumpOptions { keep: 4, dir: first.dir.clone(), ..options });
    (4..20).for_each(|n| drop(second.fail(&named(n, &[]))));
    let left = files(&second.dir);
    assert_eq!(left[..2], kept);
    assert_eq!(left.len(), 4);
    assert_eq!(second.faults.calls("read_end"), 4, "each is read once");
}

#[test]
fn a_first_is_kept_while_its_repeats_are_young() {
    let bench = Bench::new(|options| DumpOptions { max_age: Duration::from_secs(60), ..options });
    let other = [("/error/message", json!("no price"))];
    let first = bench.fail(&named(0, &[])).unwrap();
    bench.fail(&named(1, &other));
    bench.clock.set(Duration::from_secs(70));
    let repeat = bench.fail(&named(70, &[])).unwrap();
    assert_eq!(files(&bench.dir), [first, repeat]);
    bench.clock.set(Duration::from_secs(131));
    bench.dumps.flush();
    assert_eq!(files(&bench.dir), [""; 0]);
    let first = bench.fail(&named(140, &[])).unwrap();
    let repeat = bench.fail(&named(195, &[])).unwrap();
    bench.clock.set(Duration::from_secs(250));
    bench.dumps.flush();
    assert_eq!(files(&bench.dir), [first, repeat.clone()]);
    let last = bench.fail(&named(250, &[])).unwrap();
    bench.clock.set(Duration::from_secs(261));
    bench.dumps.flush();
    assert_eq!(files(&bench.dir), [repeat, last], "at twice the age nothing stays");
}

#[test]
fn a_dump_too_large_for_the_limit_goes_without_bodies() {
    let body = json!({"content_type": "text/plain", "text": "x".repeat(50_000), "captured_bytes": 50_000, "total_bytes": 50_000});
    let bench = Bench::new(|options| DumpOptions { max_bytes: 20_000, ..options });
    let name = bench.fail(&named(0, &[("/began/request/body", body)])).unwrap();
    let dump = validated_dump(&fs::read_to_string(bench.dir.join(&name)).unwrap());
    let told = &dump["request"]["body"];
    assert_eq!(
        (told.get("text"), &told["captured_bytes"], &told["total_bytes"]),
        (None, &json!(0), &json!(50_000))
    );
    assert_eq!(told["content_type"], "text/plain");
    assert_eq!(dump["error"]["message"], "stock service refused");
    assert!(bench.faults.most_bytes() <= 20_000);
    assert_eq!(bench.counts(), [1, 0, 0, 0]);
}

#[test]
fn a_dump_too_large_without_bodies_goes_without_events_and_counts_them() {
    let event = |n: u64| json!({"at_ms": n, "level": "INFO", "target": "shop", "message": "x".repeat(500)});
    let trail = json!({"events": (0..100).map(event).collect::<Vec<_>>(), "dropped": 7});
    let dump = |max_bytes| {
        let bench = Bench::new(|options| DumpOptions { max_bytes, ..options });
        let name = bench.fail(&named(0, &[("/trail", trail.clone())])).unwrap();
        assert!(bench.faults.most_bytes() <= max_bytes);
        validated_dump(&fs::read_to_string(bench.dir.join(&name)).unwrap())
    };
    let whole = dump(200_000);
    assert_eq!((whole["events"].as_array().map(Vec::len), &whole["events_dropped"]), (Some(100), &json!(7)));
    let light = dump(20_000);
    assert_eq!((light.get("events"), &light["events_dropped"]), (None, &json!(107)));
    assert_eq!(light["error"]["message"], "stock service refused");
}

#[test]
fn where_nothing_can_be_deleted_the_limit_in_bytes_holds_all_the_same() {
    let one = Bench::new(|options| options);
    one.fail(&named(0, &[]));
    let limit = one.faults.most_bytes() * 3 / 2;
    let bench = Bench::new(|options| DumpOptions { max_bytes: limit, ..options });
    bench.fail(&named(0, &[])).unwrap();
    // open_dir, look, remove.
    let next = bench.faults.total() + 2;
    bench.faults.fail(next..next + 1, rustix::io::Errno::ACCESS);
    bench.fail(&named(1, &[]));
    assert_eq!(bench.counts(), [1, 1, 0, 0]);
    assert!(bench.faults.most_bytes() <= limit);
    assert!(bench.dumps.store.last_trouble().unwrap().contains("LOG_DUMP_MAX_BYTES"));
    bench.fail(&named(2, &[]));
    assert_eq!(bench.counts(), [2, 1, 1, 0]);
}

#[test]
fn the_rest_of_the_disk_is_left_to_others() {
    const MIB: u64 = 1 << 20;
    for (free, total, is_written) in [
        (64 * MIB, 100_000 * MIB, false),
        (65 * MIB, 100_000 * MIB, true),
        (MIB, 100 * MIB, false),
        (2 * MIB, 100 * MIB, true),
        (0, 0, true),
        (u64::MAX, u64::MAX, true),
    ] {
        let bench = Bench::new(|options| options);
        *bench.faults.space.lock().unwrap() = Some(Space { free, total });
        bench.fail(&named(0, &[])).unwrap();
        assert_eq!(
            bench.counts(),
            [u64::from(is_written), u64::from(!is_written), 0, 0],
            "{free} of {total}"
        );
        assert_eq!(files(&bench.dir).len(), usize::from(is_written));
        let trouble = bench.dumps.store.last_trouble().unwrap_or_default();
        assert_eq!(trouble.contains("the disk has"), !is_written, "{trouble}");
    }
}

#[test]
fn what_the_queue_could_not_take_is_counted_as_failed() {
    let bench = Bench::new(|options| options);
    bench.dumps.lost(3);
    assert_eq!(bench.counts(), [0, 3, 0, 0]);
}
