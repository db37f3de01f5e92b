mod faults;
mod model;
mod speed;
mod stage;
mod threads;
