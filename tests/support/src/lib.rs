//! What several test suites need.
//!
//! Everything here panics when it cannot do its work: it is for tests alone.

pub mod database;
