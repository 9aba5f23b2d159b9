//! Everything that Stagehook keeps, in SQLite or in PostgreSQL.
//!
//! [`Store`] is the one way to the database; there is no other SQL in the
//! project. Its methods stand in one file a concept:
//!
//! | file | what |
//! | --- | --- |
//! | `projects`, `scene_types` | the scopes below the studio |
//! | `jobs` | jobs, their end, their review, and what a stage run has to know |
//! | `hooks/` | changes, order, listings, lineages, revisions |
//! | `stage_runs/` | begin, steps, end, cancel, leases |
//! | `logs/` | the execution log, how it is searched, and how hooks fared lately |
//! | `overview` | what went on in a window of time |
//! | `events`, `outbox` | business events and their deliveries, stored in the transaction of their cause |
//! | `neighbours` | the other servers on one PostgreSQL |
//! | `event_types`, `publications`, `publishing` | the catalogue of events, and what others publish, many at a time |
//! | `deliveries/` | claims, attempts, how event hooks fare, retry and replay |
//! | `retention` | what is old and over is deleted |
//! | `plugins` | components by name, version and digest |
//! | `scripts` | scripts by path, version and digest |
//! | `secrets` | secrets, encrypted by whoever calls; the key is never here |
//! | `tokens`, `audit` | access, and who changed what |
//!
//! # Two databases
//! `database/` gives both one connection type. A statement is written once,
//! with `$1` parameters, in SQL that both speak; what differs is in
//! `database/dialect.rs`, but for the one statement that ends a stage run
//! (`stage_runs/end.rs`), which has two forms for speed. The migrations of
//! `migrations/sqlite` and `migrations/postgres` have the same versions and the
//! same meaning. The contract suite in `tests/contract` runs every method on
//! both.
//!
//! # Invariants
//! - A change by a person, its entry of the audit trail and its event are one
//!   transaction.
//! - A change of hooks takes the row of `hook_generation` first: changes of
//!   hooks come one after the other, and whoever keeps an effective set
//!   compares one number.
//! - Nothing updates a row of the execution log; the database refuses it, too.
//! - On SQLite one task writes (`database/writer.rs`) and groups what is
//!   waiting into one commit. An answer means that the write is committed.
//! - A write whose caller goes away is committed whole or undone whole (on
//!   SQLite, committed once it was handed to the writer); never half.
//! - Times come from the [`Clock`](stagehook_core::clock::Clock) given at
//!   [`Store::open`], except `updated_at` of a changed row, which the database
//!   sets. NUL characters in texts are replaced by U+FFFD, because PostgreSQL
//!   cannot keep them; in JSON documents they survive, escaped.

mod address;
mod audit;
mod database;
mod deliveries;
mod document;
mod error;
mod event_types;
mod events;
mod hooks;
mod jobs;
mod logs;
mod neighbours;
mod outbox;
mod overview;
mod plugins;
mod projects;
mod publications;
mod publishing;
mod python_environments;
mod retention;
mod scene_types;
mod scripts;
mod secrets;
mod sessions;
mod stage_runs;
mod store;
mod tokens;

pub use audit::AuditFilter;
pub use database::PAGE_BYTES_MAX;
pub use deliveries::{
    AfterAttempt, Attempt, Claimed, ClaimedDelivery, Completed, Delivery, DeliveryFilter, DueHook,
    GIVEN_UP_MAX, HookDeliveries, REPLAY_MAX, Replay, Replayed, Wanted,
};
pub use error::{Entity, OrderError, Result, StoreError};
pub use events::EventFilter;
pub use hooks::{HOOKS_LIMIT_MAX, HeldUp, HookFilter, Revision};
pub use jobs::{JobFilter, NewJob, StageSubject};
pub use logs::{LOOKED_AT_BYTES_MAX, LOOKED_AT_MAX, LogFilter, Used};
pub use overview::{Executions, Happened, HookLabel, OfHook, Throughput};
pub use plugins::NewPlugin;
pub use publications::{PublicationKey, Published};
pub use retention::{Aging, Deleted};
pub use scene_types::SceneTypeFilter;
pub use scripts::{NewScript, Pushed, ScriptGuard};
pub use secrets::{NewSecret, Resealed, StoredSecret};
pub use sessions::OpenSession;
pub use stage_runs::{Finished, Halt, NewStageRun, StageEnd, StageRunFilter, StartOutcome};
pub use store::{Store, StoreOptions};
pub use tokens::NewToken;
