//! Joins the store and the runners: stage runs, failure handling, recovery.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`stage`] | runs the hooks of a stage, one after the other |
//! | [`recovery`] | closes the runs that a server left behind |
//! | [`events`] | takes events that others publish |
//! | `deliveries` | delivers events to the hooks that answer them |
//! | `retention` | deletes what is older than it is to be kept |
//! | [`admission`] | checks a hook against this server before it is saved |
//! | [`hook_test`] | runs one hook with a sample input |
//! | [`overview`] | what goes on, and what waits for a person |
//! | [`plugins`] | takes plugins in, and makes them ready to run |
//! | [`scripts`] | takes scripts in, and brings them to the hooks that run them |
//! | [`access`] | signs people in, and makes tokens |
//! | [`secrets`] | keeps secrets encrypted, and has them at hand |
//! | `progress`, `live` | tell whoever listens what happens, as it happens |
//! | `follower` | what one listener was told so far, and is told next |
//!
//! The promise: **a hook that ran is on record.** The plan of a stage run is
//! committed before its first hook runs, each log before the next hook runs,
//! and the last log together with the verdict. After a crash, the first planned
//! hook without a log is the one that was cut off; the run is closed as
//! `interrupted` and the job treated as that hook's failure mode says.
//!
//! A run belongs to the server that started it, not to the connection that
//! asked: a caller that goes away does not end it, unless it asked for that.

pub mod access;
pub mod admission;
mod blocking;
mod bring;
mod deliveries;
mod effective;
mod engine;
mod environments;
mod error;
pub mod events;
mod follower;
mod halt;
pub mod hook_test;
mod hot_plugins;
mod input;
mod lease;
mod live;
mod meta;
mod metrics;
pub mod overview;
pub mod plugins;
mod progress;
mod record;
pub mod recovery;
mod retention;
mod running;
pub mod scripts;
pub mod secrets;
mod settings;
pub mod stage;

pub use engine::Engine;
pub use error::EngineError;
pub use follower::{Follower, Told};
pub use progress::{LiveEvent, Progress};
pub use retention::Retention;
pub use settings::EngineSettings;
pub use stagehook_runners::process::{ConfinementLevel, MemoryLimit};
