//! Where threads of ours meet: the standard library's locks, or in models (`--cfg flightlog_loom`) those of loom, which
//! tries the orders in which threads may run. What is modelled is what is shipped.

#[cfg(all(test, flightlog_loom))]
pub(crate) mod model;

#[cfg(not(all(test, flightlog_loom)))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicU8},
    thread,
};

#[cfg(all(test, flightlog_loom))]
pub(crate) use self::model::{AtomicU8, Condvar, Mutex, MutexGuard, thread};
