mod faults;
mod model;
#[cfg(flightlog_loom)]
mod models;
mod speed;
mod stage;
mod threads;
