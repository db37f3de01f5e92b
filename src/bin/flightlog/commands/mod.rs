//! What can be asked, a file each.

pub(crate) mod doctor;
pub(crate) mod dumps;
pub(crate) mod errors;
pub(crate) mod exports;
pub(crate) mod find;
pub(crate) mod follow;
pub(crate) mod groups;
mod pretty;
pub(crate) mod progress;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod row;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod tail;
pub(crate) mod trouble;
