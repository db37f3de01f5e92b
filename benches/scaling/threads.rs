//! Two threads beside one.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use axum::Router;
use tokio::runtime::Builder;
use tower_flightlog::FlightLog;

use crate::{
    Result, log,
    meter::{self, Taken},
    service,
};

const ROUNDS: usize = 400;
/// Requests of each thread in a round: what two of them log waits in memory, however late the writer comes to it.
const ROUND: u64 = 800;
const WARM_UP: u64 = 100;

/// Rounds in which a thread had less than this of its processor are left out, but for the least disturbed tenth.
const UNDISTURBED: f64 = 0.9;

/// What a round of some threads came to.
struct Round {
    per_second: f64,
    nanoseconds: f64,
    waits: f64,
    /// How much of the time the threads had processors for themselves.
    share: f64,
}

/// How much two threads get done in the time of one.
pub(crate) fn table() -> Result<()> {
    let (log, _dir) = log()?;
    let logs = [("bare router", None), ("log files, as by default", Some(&log))];
    println!(
        "{:<26} | {:>10} | {:>10} | {:>5} | {:>9} | {:>9} | {:>11} | {:>11} | {:>4} | {:>4}",
        "two threads beside one",
        "1: req/s",
        "2: req/s",
        "times",
        "1: CPU ns",
        "2: CPU ns",
        "1: waits/k",
        "2: waits/k",
        "of 1",
        "of 2"
    );
    let mut rounds: [[Vec<Round>; 2]; 2] = Default::default();
    for _ in 0..ROUNDS {
        for ((_, log), rounds) in logs.iter().zip(&mut rounds) {
            for (threads, rounds) in (1..).zip(rounds) {
                rounds.push(round(*log, threads)?);
            }
        }
    }
    for ((name, _), [one, two]) in logs.iter().zip(&rounds) {
        let (one, two) = (Middle::of(one), Middle::of(two));
        println!(
            "{name:<26} | {:>10.0} | {:>10.0} | {:>5.2} | {:>9.0} | {:>9.0} | {:>11.2} | {:>11.2} | {:>4} | {:>4}",
            one.per_second,
            two.per_second,
            two.per_second / one.per_second,
            one.nanoseconds,
            two.nanoseconds,
            one.waits * 1000.0,
            two.waits * 1000.0,
            one.rounds,
            two.rounds
        );
    }
    Ok(())
}

/// The medians of the rounds that nothing else disturbed; waits are a mean.
struct Middle {
    per_second: f64,
    nanoseconds: f64,
    waits: f64,
    rounds: usize,
}

impl Middle {
    fn of(rounds: &[Round]) -> Self {
        let mut quiet: Vec<&Round> = rounds.iter().collect();
        quiet.sort_by(|one, other| other.share.total_cmp(&one.share));
        let undisturbed = quiet.partition_point(|round| round.share >= UNDISTURBED);
        quiet.truncate(undisturbed.max(rounds.len() / 10));
        let median = |of: fn(&Round) -> f64| {
            meter::median(&mut quiet.iter().map(|round| of(round)).collect::<Vec<_>>())
        };
        Self {
            per_second: median(|round| round.per_second),
            nanoseconds: median(|round| round.nanoseconds),
            waits: quiet.iter().map(|round| round.waits).sum::<f64>() / quiet.len() as f64,
            rounds: quiet.len(),
        }
    }
}

fn round(log: Option<&FlightLog>, threads: usize) -> Result<Round> {
    let start = Arc::new(Barrier::new(threads));
    let serving: Vec<_> = (0..threads)
        .map(|_| {
            let start = Arc::clone(&start);
            let router = match log {
                Some(log) => service::bare().layer(log.axum_layer()),
                None => service::bare(),
            };
            thread::spawn(move || serve(router.with_state(()), &start))
        })
        .collect();
    let served = serving.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?);
    let served: Vec<Served> = served.collect::<Result<_>>()?;
    let begin = served.iter().map(|served| served.begin).min().ok_or("there is a thread")?;
    let end = served.iter().map(|served| served.end).max().ok_or("there is a thread")?;
    if let Some(log) = log {
        log.flush(Duration::from_secs(60))?;
        if log.stats().files.dropped > 0 {
            return Err("the disk is slower than the requests".into());
        }
    }
    let mean =
        |of: fn(&Taken) -> f64| served.iter().map(|served| of(&served.taken)).sum::<f64>() / threads as f64;
    Ok(Round {
        per_second: threads as f64 * ROUND as f64 / (end - begin).as_secs_f64(),
        nanoseconds: mean(|taken| taken.nanoseconds),
        waits: mean(|taken| taken.waits),
        share: served.iter().map(Served::share).fold(1.0, f64::min),
    })
}

/// What one thread did in a round.
struct Served {
    begin: Instant,
    end: Instant,
    taken: Taken,
}

impl Served {
    fn share(&self) -> f64 {
        self.taken.nanoseconds * ROUND as f64 / (self.end - self.begin).as_nanos() as f64
    }
}

fn serve(mut router: Router, start: &Barrier) -> Result<Served> {
    let runtime = Builder::new_current_thread().build()?;
    runtime.block_on(async {
        for number in 0..WARM_UP {
            service::ask(&mut router, service::request(number)).await?;
        }
        start.wait();
        let (begin, before) = (Instant::now(), meter::taken()?);
        for number in 0..ROUND {
            service::ask(&mut router, service::request(number)).await?;
        }
        let taken = meter::since(before, ROUND)?;
        Ok(Served { begin, end: Instant::now(), taken })
    })
}
