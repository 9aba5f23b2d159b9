//! Stage runs: begun with the whole plan, ended with the verdict.
//!
//! A run belongs to the server that began it. Every write of that server
//! names itself, and finds [`RunLost`](crate::StoreError::RunLost) when the
//! run has ended or was taken over meanwhile.

mod begin;
mod cancel;
mod end;
mod lease;
mod query;
mod row;

pub use begin::{NewStageRun, StartOutcome};
pub use end::{Finished, Halt, StageEnd};
pub use query::StageRunFilter;
