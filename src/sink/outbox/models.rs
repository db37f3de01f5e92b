//! What senders, flushes and the thread do together, in every order: each parcel is delivered once, nobody waits for
//! ever. How to run them stands in `tests/models.sh`.

use std::{io, path::PathBuf, sync::Arc, time::Instant};

use super::*;
use crate::{
    exchange::{RequestId, Timestamp},
    sync::model::check,
};

/// Longer than a model takes.
const HOUR: Duration = Duration::from_secs(3600);
const PREEMPTIONS: usize = 2;

/// Remembers what it was told, and how often it was looked after.
#[derive(Default)]
struct Told {
    parcels: std::sync::Mutex<Vec<u64>>,
    looks: std::sync::Mutex<u64>,
    turn: Mutex<()>,
    news: Condvar,
}

impl Told {
    fn parcels(&self) -> Vec<u64> {
        self.parcels.lock().unwrap().clone()
    }

    fn looks(&self) -> u64 {
        *self.looks.lock().unwrap()
    }

    fn tell(&self) {
        drop(self.turn.lock().unwrap());
        self.news.notify_all();
    }

    fn wait_until(&self, is_over: impl Fn(&Self) -> bool) {
        let mut turn = self.turn.lock().unwrap();
        while !is_over(self) {
            turn = self.news.wait(turn).unwrap();
        }
    }

    fn has(&self, expected: &[u64]) {
        let mut parcels = self.parcels();
        parcels.sort_unstable();
        assert_eq!(parcels, expected);
    }
}

impl Sink for Told {
    fn lost(&self, records: u64) {
        self.parcels.lock().unwrap().push(records);
        self.tell();
    }
}

impl BlackBox for Told {
    fn claim(&self, _: &mut Exchange) -> bool {
        false
    }

    fn claim_call(&self, _: &mut Exchange) -> bool {
        false
    }

    fn pass_over(&self, _: u64) -> bool {
        false
    }

    fn reserve(&self, _: RequestId, _: Timestamp) -> Option<String> {
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        name.into()
    }

    fn write_now(&self, _: &mut Exchange) -> io::Result<PathBuf> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn look(&self) -> Option<Duration> {
        *self.looks.lock().unwrap() += 1;
        self.tell();
        None
    }
}

fn scene() -> (Arc<Outbox>, Arc<Told>) {
    let told = Arc::new(Told::default());
    (Arc::new(Outbox::new(Box::new(Arc::clone(&told)), None, Arc::default())), told)
}

fn sends(outbox: &Arc<Outbox>, number: u64) -> thread::JoinHandle<()> {
    let outbox = Arc::clone(outbox);
    thread::spawn(move || outbox.send(Parcel::Lost(number)))
}

#[test]
fn what_was_sent_before_a_flush_is_delivered_when_it_returns() {
    check(PREEMPTIONS, LINGER, || {
        let (outbox, told) = scene();
        let other = sends(&outbox, 2);
        outbox.send(Parcel::Lost(1));
        assert_eq!(outbox.flush(Instant::now() + HOUR), 0);
        assert!(told.parcels().contains(&1));
        other.join().unwrap();
        assert_eq!(outbox.flush(Instant::now() + HOUR), 0);
        told.has(&[1, 2]);
    });
}

#[test]
fn a_parcel_is_delivered_without_being_asked_for() {
    check(PREEMPTIONS, LINGER, || {
        let (outbox, told) = scene();
        let other = sends(&outbox, 3);
        outbox.send(Parcel::Lost(1));
        told.wait_until(|told| told.parcels().contains(&1));
        outbox.send(Parcel::Lost(2));
        told.wait_until(|told| told.parcels().len() == 3);
        other.join().unwrap();
        told.has(&[1, 2, 3]);
    });
}

#[test]
fn a_nudge_is_answered() {
    check(PREEMPTIONS, LINGER, || {
        let told = Arc::new(Told::default());
        let sink: Arc<dyn BlackBox> = Arc::<Told>::clone(&told);
        let outbox = Arc::new(Outbox::looked_after(sink, Arc::default()));
        let other = sends(&outbox, 1);
        outbox.nudge();
        told.wait_until(|told| told.looks() > 0);
        let looks = told.looks();
        outbox.nudge();
        told.wait_until(|told| told.looks() > looks);
        other.join().unwrap();
        told.wait_until(|told| told.parcels() == [1]);
    });
}

#[test]
fn what_comes_while_the_thread_ends_is_delivered_too() {
    check(PREEMPTIONS, LINGER, || {
        let (outbox, told) = scene();
        let other = sends(&outbox, 2);
        outbox.send(Parcel::Lost(1));
        outbox.close();
        assert_eq!(outbox.flush(Instant::now() + HOUR), 0);
        assert!(told.parcels().contains(&1));
        other.join().unwrap();
        outbox.flush(Instant::now() + HOUR);
        told.has(&[1, 2]);
    });
}

/// A thread that does not end is a deadlock.
#[test]
fn the_last_handle_ends_the_thread() {
    check(PREEMPTIONS, LINGER, || {
        let (outbox, told) = scene();
        let other = sends(&outbox, 2);
        outbox.send(Parcel::Lost(1));
        drop(outbox);
        other.join().unwrap();
        told.wait_until(|told| told.parcels().len() == 2);
    });
}
