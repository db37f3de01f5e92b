//! How the log is set up: the settings and their defaults, the environment that changes them, and what is
//! said about values that cannot be meant.
//!
//! Each variable stands in one table, in [`env`](mod@env): its name, its builder setter, its default, what it
//! allows and what it means. Reading, error texts, tests and the documentation come from that table:
#![doc = env::environment_table!()]

mod components;
mod env;
mod error;
mod policy;
mod settings;
mod skip;
mod trail;
mod units;
mod verbosity;

pub(crate) use env::environment_table;
pub use error::{Error, Problem};
pub use policy::RoutePolicy;
pub use settings::Console;
pub(crate) use settings::{Service, Settings};
pub(crate) use skip::Skip;
pub(crate) use trail::TrailLevels;
pub use verbosity::Verbosity;
