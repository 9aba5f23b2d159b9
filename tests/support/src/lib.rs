//! What several test suites need.
//!
//! Everything here panics when it cannot do its work: it is for tests alone.

#[cfg(feature = "database")]
pub mod database;
pub mod hook;
pub mod packages;
pub mod receiver;
