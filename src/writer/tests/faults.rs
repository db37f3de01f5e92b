//! Whatever call fails, and however: no panic, no hang, and each line is in a file or counted in it.

use std::time::Duration;

use rustix::io::Errno;

use super::{
    super::desk::Round,
    model::{Fault, Model},
    stage::{Found, Process, found},
};

const FAULTS: [Fault; 12] = [
    Fault::Error(Errno::NOSPC),
    Fault::Error(Errno::IO),
    Fault::Error(Errno::ACCESS),
    Fault::Error(Errno::MFILE),
    Fault::Error(Errno::INTR),
    Fault::Error(Errno::ROFS),
    Fault::Error(Errno::AGAIN),
    Fault::Short,
    Fault::ShortThen(Errno::NOSPC),
    Fault::Delay,
    Fault::KillBefore,
    Fault::KillAfter,
];

/// What a process does, or others do to it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Push(usize),
    Oversized,
    Work,
    Pass(u64),
    Flush,
    Delete,
    DeleteDir,
    MoveAway,
    Truncate,
}

use Step::{Delete, DeleteDir, Flush, MoveAway, Oversized, Pass, Push, Truncate, Work};

/// A script, the size of files, and the number of backups.
const SCRIPTS: [(&[Step], u64, usize); 11] = [
    (&[Push(3), Work, Push(4), Pass(300), Work, Push(1), Flush, Push(2), Work], 0, 5),
    (&[Push(10), Work, Push(10), Work, Push(10), Work, Pass(300), Push(10), Work], 500, 3),
    (&[Push(30), Work, Pass(20), Push(30), Work], 300, 1),
    (&[Push(20), Work, Oversized, Push(5), Work, Oversized, Oversized, Work], 400, 2),
    (&[Push(20), Work, Push(20), Work], 400, 0),
    (&[Push(8), Work, Delete, Push(3), Pass(300), Work, Push(8), Work], 600, 2),
    (&[Push(20), Work, DeleteDir, Pass(300), Work, Push(8), Work, Pass(300), Push(3), Work], 500, 3),
    (
        &[Push(9), Work, Pass(20), Push(9), Work, Delete, DeleteDir, Pass(300), Work, Push(40), Work, Flush],
        400,
        5,
    ),
    (&[Push(40), Work, Push(40), MoveAway, Work, Pass(300), Push(40), Work, Pass(300), Work], 600, 4),
    (&[Push(8), Work, MoveAway, Pass(300), Push(9), Work, Pass(100), Push(20), Work], 500, 2),
    (&[Push(8), Work, Truncate, Pass(300), Push(9), Work, Push(20), Work], 700, 2),
];

fn play(process: &mut Process, model: &Model, steps: &[Step]) {
    for step in steps {
        match step {
            Push(lines) => process.push(*lines),
            Oversized => process.push_line(2000, false),
            Work => drop(process.work()),
            Pass(millis) => model.pass(Duration::from_millis(*millis)),
            Flush => drop(process.flush()),
            Delete => model.delete("api.log"),
            DeleteDir => model.delete_dir(),
            MoveAway => model.move_away("api.log", "away"),
            Truncate => model.truncate("api.log"),
        }
        if model.is_dead() {
            return;
        }
    }
}

/// Plays a script on a disk on which this goes wrong, and checks what is left. True where a process was killed.
fn run(script: usize, call: u64, times: u64, fault: Fault) -> bool {
    let (steps, max_bytes, backups) = SCRIPTS[script];
    let context = format!("script {script}, {times} calls from {call}: {fault:?}");
    let model = Model::new();
    model.plan(call, times, fault);
    let mut process = Process::start("a", &model, max_bytes, backups);
    play(&mut process, &model, steps);
    let was_killed = model.is_dead();
    if was_killed {
        model.revive();
        let mut next = Process::start("b", &model, max_bytes, backups);
        next.push(12);
        check_all(&mut next, &model, &context);
        let Found { kept, .. } = found(&model, "a");
        assert!(kept.iter().all(|seq| *seq <= process.last()), "{context}");
    } else {
        model.heal();
        process.push(1);
        check_all(&mut process, &model, &context);
        assert_eq!(found(&model, "a").pieces, 0, "{context}: a failed write leaves no piece of a line");
    }
    was_killed
}

fn check_all(process: &mut Process, model: &Model, context: &str) {
    assert_eq!(process.flush(), Round::Idle, "{context}");
    assert_eq!(process.unwritten(), 0, "{context}");
    let found = found(model, process.run);
    assert_eq!(found.accounted(), process.last(), "{context}: {found:?}");
    // What expired as this was told can be told with the next line only.
    let expired = found.expired.len() as u64;
    assert!((expired.saturating_sub(9)..=expired).contains(&found.told_expired), "{context}: {found:?}");
}

#[test]
fn without_a_fault_only_what_others_took_is_lost() {
    for (script, (steps, max_bytes, backups)) in SCRIPTS.into_iter().enumerate() {
        let model = Model::new();
        let mut process = Process::start("a", &model, max_bytes, backups);
        play(&mut process, &model, steps);
        check_all(&mut process, &model, &format!("script {script}"));
        let causes = found(&model, "a").causes;
        let expected: &[&str] = match script {
            5..=7 => &["deleted"],
            10 => &["truncated"],
            _ => &[],
        };
        assert_eq!(causes, expected, "script {script}");
        assert_eq!(process.rotations() > 0, max_bytes > 0, "script {script}");
    }
}

#[test]
fn any_one_call_may_fail_in_any_way() {
    let (mut runs, mut kills) = (0, 0);
    for (script, (steps, max_bytes, backups)) in SCRIPTS.into_iter().enumerate() {
        let calls = {
            let model = Model::new();
            play(&mut Process::start("a", &model, max_bytes, backups), &model, steps);
            model.calls()
        };
        for call in 1..=calls {
            for fault in FAULTS {
                kills += usize::from(run(script, call, 1, fault));
                runs += 1;
            }
        }
    }
    assert!(runs >= 10_000, "{runs} runs");
    assert!(kills * 7 >= runs, "{kills} of {runs} were killed");
}

#[test]
fn any_number_of_calls_may_fail_in_a_row() {
    for script in 0..SCRIPTS.len() {
        for call in (1..200).step_by(3) {
            for times in [2, 3, 7, 40] {
                for errno in [Errno::NOSPC, Errno::IO, Errno::MFILE, Errno::ROFS] {
                    run(script, call, times, Fault::Error(errno));
                }
                run(script, call, times, Fault::Short);
            }
        }
    }
}

#[test]
fn while_nothing_can_be_written_the_newest_lines_are_kept_and_the_others_counted() {
    let model = Model::new();
    let mut process = Process::start("a", &model, 0, 5);
    process.push(1);
    assert_eq!(process.work(), Round::Written);
    model.plan(model.calls() + 1, u64::MAX / 2, Fault::Error(Errno::NOSPC));
    for _ in 0..40 {
        for _ in 0..500 {
            process.push_line(1000, false);
        }
        assert_eq!(process.work(), Round::Stuck);
        model.pass(Duration::from_secs(1));
    }
    let last = process.last();
    assert!((4_000..12_000).contains(&process.unwritten()), "some 4 to 8 MiB wait: {}", process.unwritten());
    model.heal();
    process.flush();
    let found = found(&model, "a");
    assert!(found.kept.contains(&last), "the newest is there");
    assert!(!found.kept.contains(&2), "the oldest that waited is not");
    assert_eq!(found.causes, ["ENOSPC"]);
    assert_eq!(found.accounted(), process.last());
}

#[test]
fn under_overload_the_newest_are_lost_but_never_an_error() {
    let model = Model::new();
    let mut process = Process::start("a", &model, 0, 5);
    for _ in 0..6_000 {
        process.push_line(1000, false);
    }
    let full = process.last();
    for _ in 0..400 {
        process.push_line(1000, true);
    }
    assert_eq!(process.work(), Round::Written);
    process.flush();
    let found = found(&model, "a");
    assert!(found.kept.contains(&1) && !found.kept.contains(&full));
    assert!((full + 1..=full + 400).all(|seq| found.kept.contains(&seq)), "every error is there");
    assert_eq!(found.causes, ["overload"]);
    assert_eq!(found.accounted(), process.last());
}

#[test]
fn two_processes_share_the_files() {
    for seed in 0..40u64 {
        let model = Model::new();
        let mut processes = [("a", 1), ("b", 2)].map(|(run, _)| Process::start(run, &model, 900, 3));
        let mut random = seed;
        for _ in 0..200 {
            random =
                random.wrapping_mul(6_364_136_223_846_793_005u64).wrapping_add(1_442_695_040_888_963_407);
            let process = &mut processes[usize::from(random >> 40 & 1 == 1)];
            process.push((random >> 50) as usize % 5);
            process.work();
            model.pass(Duration::from_millis(random >> 33 & 127));
        }
        for mut process in processes {
            assert_eq!(process.flush(), Round::Idle);
            // One finds a file gone that the other deleted to make room, and tells it as lost.
            assert!(found(&model, process.run).accounted() >= process.last(), "seed {seed}");
        }
    }
}
