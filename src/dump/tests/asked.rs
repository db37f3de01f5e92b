//! Dumps that somebody asked for.

use std::{fs, io, panic::AssertUnwindSafe, sync::Arc};

use serde_json::{Value, json};

use super::support::{Bench, files, named};
use crate::{
    dump::DumpOptions,
    exchange::{Exchange, Redacted},
    export::fixtures::{exchange, failed, validated_dump},
    sink::{BlackBox, Sink},
};

fn dump(bench: &Bench, name: &str) -> Value {
    validated_dump(&fs::read_to_string(bench.dir.join(name)).unwrap())
}

/// An exchange of which the handler asked for a dump.
fn asked(bench: &Bench, exchange: Exchange) -> Exchange {
    let dump = bench.dumps.reserve(exchange.request_id, exchange.finished);
    Exchange { dump, dump_reason: Some(Redacted::literal("because")), ..exchange }
}

#[test]
fn what_was_asked_for_is_dumped_under_the_promised_name_however_it_ends() {
    let bench = Bench::new(|options| DumpOptions { per_minute: 3, ..options });
    for (second, status) in [(0, 404), (1, 500)] {
        let exchange = asked(&bench, named(second, &[("/response/status", json!(status))]));
        let promised = exchange.dump.clone().unwrap();
        assert_eq!(bench.fail(&exchange).as_ref(), Some(&promised));
        assert_eq!(files(&bench.dir).last(), Some(&promised));
        let dump = dump(&bench, &promised);
        assert_eq!((&dump["trigger"], &dump["reason"]), (&json!("manual"), &json!("because")));
        assert_eq!(dump["response"]["status"], status);
    }
    assert_eq!(bench.counts(), [2, 0, 0, 0]);
}

#[test]
fn what_is_refused_is_counted_once_and_may_still_fail_into_a_dump() {
    let bench = Bench::new(|options| DumpOptions { per_minute: 1, ..options });
    bench.fail(&named(0, &[])).unwrap();
    let refused = asked(&bench, named(1, &[("/response/status", json!(404))]));
    assert_eq!(refused.dump, None);
    assert_eq!(bench.counts(), [1, 0, 0, 0], "its end decides");
    assert_eq!(bench.fail(&refused), None);
    assert_eq!(bench.counts(), [1, 0, 0, 1]);

    let refused = asked(&bench, named(2, &[]));
    assert_eq!(bench.fail(&refused), None);
    assert_eq!(bench.counts(), [1, 0, 0, 2]);
    bench.clock.set(std::time::Duration::from_secs(60));
    let name = bench.fail(&refused).unwrap();
    assert_eq!((&dump(&bench, &name)["trigger"], dump(&bench, &name).get("reason")), (&json!("500"), None));
    assert_eq!(bench.counts(), [2, 0, 0, 2]);
}

#[test]
fn a_predicate_is_asked_of_what_has_no_dump_otherwise() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let asked = Arc::clone(&seen);
    let when = move |exchange: &Exchange| {
        let status = exchange.status().unwrap().as_u16();
        asked.lock().unwrap().push(status);
        status == 409
    };
    let bench = Bench::new(|options| DumpOptions { when: Some(Box::new(when)), ..options });
    for status in [200, 404, 405, 409, 429, 500] {
        bench.fail(&named(0, &[("/response/status", json!(status))]));
    }
    assert_eq!(*seen.lock().unwrap(), [200, 409]);
    let names = files(&bench.dir);
    assert_eq!(names.len(), 2);
    let manual = names.iter().find(|name| name.contains("-manual-")).unwrap();
    let dump = dump(&bench, manual);
    assert_eq!((&dump["reason"], &dump["response"]["status"]), (&json!("dump_when"), &json!(409)));
}

#[test]
fn a_predicate_that_panics_costs_no_dump_but_its_own() {
    let bench = Bench::new(|options| DumpOptions { when: Some(Box::new(|_| panic!("whether"))), ..options });
    bench.fail(&failed(&[])).unwrap();
    let mut good = exchange(json!({}));
    let claimed = std::panic::catch_unwind(AssertUnwindSafe(|| bench.dumps.claim(&mut good)));
    assert!(claimed.is_err(), "contained by who calls");
    assert_eq!((good.dump, good.dump_reason), (None, None));
    assert_eq!(bench.counts(), [1, 0, 0, 0]);
}

#[test]
fn what_is_written_by_hand_is_there_at_once_and_bounded_like_all() {
    let bench = Bench::new(|options| DumpOptions { per_minute: 1, ..options });
    let mut record = failed(&[]);
    record.dump_reason = Some(Redacted::literal("write_dump"));
    let path = bench.dumps.write_now(&mut record).unwrap();
    let dump = validated_dump(&fs::read_to_string(&path).unwrap());
    assert_eq!((&dump["trigger"], &dump["reason"]), (&json!("manual"), &json!("write_dump")));
    let error = bench.dumps.write_now(&mut named(1, &[])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    assert_eq!(error.to_string(), "LOG_DUMP_PER_MINUTE: 1 dumps were written in this minute");
    bench.dumps.flush();
    assert_eq!(bench.told.lock().unwrap().iter().map(|told| told.n).sum::<u64>(), 1);

    bench.clock.set(std::time::Duration::from_secs(60));
    bench.faults.fail_next(rustix::io::Errno::ROFS);
    let error = bench.dumps.write_now(&mut named(2, &[])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem);
    assert!(error.to_string().starts_with("cannot open it as a directory"), "{error}");
    assert_eq!(bench.counts(), [1, 1, 0, 1]);
}
