//! Loom's locks where the standard library's would be. Loom has no time: here short waits end by themselves whenever
//! the others let them, and long ones only where somebody ends them, so that a wake-up that is lost is a deadlock.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    sync::{LockResult, TryLockError, TryLockResult},
    time::Duration,
};

use loom::sync;
pub(crate) use loom::{sync::atomic::AtomicU8, thread};

// All threads of a model run on one thread of the system.
thread_local!(static LONGEST: Cell<Duration> = const { Cell::new(Duration::ZERO) });

/// Runs a model in every order of its threads in which at most `preemptions` of them are interrupted where they need
/// not wait; waits that take no longer than `longest` end by themselves.
pub(crate) fn check(preemptions: usize, longest: Duration, model: impl Fn() + Send + Sync + 'static) {
    LONGEST.set(longest);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.max_branches = builder.max_branches.max(5_000);
    builder.check(model);
}

#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(sync::Mutex<T>);

#[derive(Debug)]
pub(crate) struct MutexGuard<'a, T> {
    lock: &'a Mutex<T>,
    guard: sync::MutexGuard<'a, T>,
}

#[derive(Debug, Default)]
pub(crate) struct Condvar(sync::Condvar);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        Ok(MutexGuard { lock: self, guard: self.0.lock().unwrap() })
    }

    pub(crate) fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Ok(MutexGuard { lock: self, guard }),
            Err(_) => Err(TryLockError::WouldBlock),
        }
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let MutexGuard { lock, guard } = guard;
        Ok(MutexGuard { lock, guard: self.0.wait(guard).unwrap() })
    }

    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        time: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        if time > LONGEST.get() {
            return Ok((self.wait(guard).unwrap(), false));
        }
        let lock = guard.lock;
        drop(guard);
        thread::yield_now();
        Ok((lock.lock().unwrap(), true))
    }

    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        time: Duration,
        mut is_awaited: impl FnMut(&mut T) -> bool,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        let mut is_over = false;
        while !is_over && is_awaited(&mut guard) {
            (guard, is_over) = self.wait_timeout(guard, time).unwrap();
        }
        Ok((guard, is_over))
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}
