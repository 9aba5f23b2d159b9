//! Unit tests of a plugin, on the host: inputs to give it, and a [`Host`] that
//! records what it says and answers what it asks.
//!
//! ```
//! use std::time::Duration;
//! use stagehook_plugin_sdk::testing::{self, Host};
//! use stagehook_plugin_sdk::{Level, info, remaining, secret};
//!
//! let host = Host::new()
//!     .secret("tracker_token", "hunter2")
//!     .remaining(Duration::from_secs(5));
//! info!("{} s left", remaining().as_secs());
//! assert_eq!(secret("tracker_token").unwrap(), "hunter2");
//! assert_eq!(host.logged(), [(Level::Info, "5 s left".to_owned())]);
//! ```
//!
//! Without a [`Host`], what is logged is printed, no secret is granted, and a
//! minute remains. Every thread has a host of its own.

mod call;
mod host;
mod input;
pub(crate) mod recorded;

pub use call::{check_settings, describe, run};
pub use host::{Host, Progress};
pub use input::{InputBuilder, input, previous};
