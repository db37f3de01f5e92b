mod faults;
mod model;
mod stage;
mod threads;
