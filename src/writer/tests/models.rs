//! What pushers, flushes and the thread do together, in every order: no line is lost or there twice, nobody waits for
//! ever. How to run them stands in `tests/models.sh`.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    super::{BREATH, LINGER, Office, Place, Writer},
    model::Model,
    stage,
};
use crate::sync::{Condvar, Mutex, model::check, thread};

/// Longer than a model takes.
const HOUR: Duration = Duration::from_secs(3600);
/// So often a thread is interrupted where it need not wait; two find all that was broken on purpose.
const PREEMPTIONS: usize = 2;

/// A writer on a disk in memory, and a bell that rings when it has been through its files.
struct Scene {
    writer: Writer<Model>,
    disk: Model,
    rounds: Arc<(Mutex<()>, Condvar)>,
}

impl Scene {
    fn new() -> Arc<Self> {
        let place = Place {
            dir: PathBuf::from("/logs"),
            name: "api.log".into(),
            mode: 0o600,
            max_bytes: 0,
            backups: 0,
        };
        let (disk, rounds) = (Model::new(), Arc::<(Mutex<()>, Condvar)>::default());
        let round = Arc::clone(&rounds);
        let is_failing = Box::new(move |_| {
            drop(round.0.lock().unwrap());
            round.1.notify_all();
        });
        let office = Office { is_failing, ..stage::office("a") };
        let writer = Writer::start_on(disk.clone(), vec![place], office);
        Arc::new(Self { writer, disk, rounds })
    }

    fn push(&self, who: &str, is_error: bool) {
        let tail = format!(",\"run\":\"a\",\"text\":{who:?}}}\n");
        self.writer.push(0, b"{\"seq\":", tail.as_bytes(), is_error);
    }

    fn pushes(self: &Arc<Self>, who: &'static str, is_error: bool) -> thread::JoinHandle<()> {
        let scene = Arc::clone(self);
        thread::spawn(move || scene.push(who, is_error))
    }

    /// Waits until so many lines are in the file.
    fn see(&self, lines: usize) {
        let mut waiting = self.rounds.0.lock().unwrap();
        while self.lines().len() < lines {
            waiting = self.rounds.1.wait(waiting).unwrap();
        }
    }

    /// What the lines say, which have to be numbered as they stand there.
    fn lines(&self) -> Vec<String> {
        let files = self.disk.files();
        let text: Vec<u8> = files.values().flatten().copied().collect();
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().zip(1..).map(|(line, seq)| {
            let rest =
                line.strip_prefix(&format!("{{\"seq\":{seq},")).expect("lines are numbered in their order");
            rest.split('"').nth(7).unwrap().to_owned()
        });
        lines.collect()
    }

    /// The file has these lines, each once.
    fn has(&self, expected: &[&str]) {
        let mut lines = self.lines();
        lines.sort();
        assert_eq!(lines, expected);
    }
}

#[test]
fn what_was_pushed_before_a_flush_is_written_when_it_returns() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        let other = scene.pushes("other", false);
        scene.push("own", false);
        assert_eq!(scene.writer.flush(Instant::now() + HOUR), 0);
        assert!(scene.lines().contains(&"own".to_owned()));
        other.join().unwrap();
        assert_eq!(scene.writer.flush(Instant::now() + HOUR), 0);
        scene.has(&["other", "own"]);
    });
}

#[test]
fn a_line_is_in_the_file_or_counted_as_unwritten() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        scene.push("own", false);
        let unwritten = scene.writer.unwritten();
        assert!(unwritten == 1 || scene.lines() == ["own"]);
    });
}

#[test]
fn two_flushes_at_once_are_both_answered() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        let flushes = |who: &'static str| {
            let scene = Arc::clone(&scene);
            move || {
                scene.push(who, false);
                assert_eq!(scene.writer.flush(Instant::now() + HOUR), 0);
                assert!(scene.lines().contains(&who.to_owned()));
            }
        };
        let other = thread::spawn(flushes("other"));
        flushes("own")();
        other.join().unwrap();
        scene.has(&["other", "own"]);
    });
}

#[test]
fn a_line_is_written_without_being_asked_for() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        let other = scene.pushes("other", false);
        scene.push("own", false);
        scene.see(2);
        other.join().unwrap();
        scene.has(&["other", "own"]);
    });
}

#[test]
fn an_error_is_written_without_a_rest() {
    check(PREEMPTIONS, BREATH, || {
        let scene = Scene::new();
        let other = scene.pushes("other", true);
        scene.push("own", true);
        scene.see(2);
        other.join().unwrap();
        scene.has(&["other", "own"]);
    });
}

#[test]
fn what_comes_while_the_thread_ends_is_written_too() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        let other = scene.pushes("other", false);
        scene.push("own", false);
        scene.writer.close(Instant::now() + HOUR);
        assert!(scene.lines().contains(&"own".to_owned()));
        other.join().unwrap();
        scene.has(&["other", "own"]);
    });
}

#[test]
fn a_flush_while_the_thread_ends_tells_the_truth() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        scene.push("own", false);
        let closes = Arc::clone(&scene);
        let closes = thread::spawn(move || closes.writer.close(Instant::now() + HOUR));
        let unwritten = scene.writer.flush(Instant::now() + HOUR);
        assert!(unwritten == 1 || !scene.lines().is_empty());
        closes.join().unwrap();
        scene.has(&["own"]);
    });
}

/// A thread that does not end is a deadlock.
#[test]
fn the_last_handle_ends_the_thread() {
    check(PREEMPTIONS, LINGER, || {
        let scene = Scene::new();
        let (disk, other) = (scene.disk.clone(), scene.pushes("other", false));
        drop(scene);
        other.join().unwrap();
        drop(disk);
    });
}
