//! A flood of failures: bytes, memory and counts.

use std::time::Duration;

use serde_json::json;

use super::support::{Bench, files, named};
use crate::{dump::DumpOptions, exchange::Exchange, sink::Sink};

const KINDS: [&str; 5] = ["no stock", "no price", "connection refused", "timed out", "no such order"];

fn kinds() -> Vec<Exchange> {
    KINDS.map(|kind| named(0, &[("/error/message", json!(kind))])).into()
}

/// So many failures, a hundred in each second, of which the limits let some leave dumps.
fn storm(failures: u64) {
    let one = Bench::new(|options| options);
    one.fail(&named(0, &[]));
    let limit = one.faults.most_bytes() * 9 / 2;
    let bench = Bench::new(|options| DumpOptions { per_minute: 12, max_bytes: limit, ..options });
    let kinds = kinds();
    for n in 0..failures {
        bench.clock.set(Duration::from_millis(n * 10));
        let mut exchange = kinds[n as usize % kinds.len()].clone();
        let (own, began) = (named(n, &[]), exchange.began.clone());
        exchange.finished = own.finished;
        exchange.began = own.began.clone();
        assert_eq!(exchange.request.endpoint(), began.request.endpoint());
        bench.fail(&exchange);
        if n % 500 == 0 {
            crate::sink::BlackBox::look(&bench.dumps);
        }
    }
    bench.dumps.flush();
    let [written, failed, deleted, suppressed] = bench.counts();
    assert_eq!((written + suppressed, failed), (failures, 0));
    let minutes = (failures * 10).div_ceil(60_000);
    assert!(written <= minutes * 12 && written >= minutes, "{written} in {minutes} minutes");
    assert_eq!(bench.told.lock().unwrap().iter().map(|told| told.n).sum::<u64>(), suppressed);
    assert!(bench.told.lock().unwrap().len() as u64 <= minutes + 1);
    assert!(bench.faults.most_bytes() <= limit, "{} of {limit}", bench.faults.most_bytes());
    assert_eq!(files(&bench.dir).len() as u64, written - deleted);
}

#[test]
fn counts_add_up_and_the_limit_in_bytes_holds_at_every_moment() {
    storm(12_500);
}

/// `cargo test --release --lib dump::tests::storm -- --ignored`
#[test]
#[ignore = "takes a while"]
fn so_they_do_with_a_hundred_thousand() {
    storm(100_000);
}
