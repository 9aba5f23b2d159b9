//! For authors of Stagehook plugins in Rust.
//!
//! A plugin is a type that implements [`Plugin`], exported with [`export!`] from
//! a crate of type `cdylib`, and built for `wasm32-wasip2`. This is a whole one:
//!
//! ```
//! use stagehook_plugin_sdk::prelude::*;
//!
//! struct Hello;
//! impl Plugin for Hello {
//!     type Settings = NoSettings;
//!     fn manifest() -> Manifest { manifest!() }
//!     fn run(input: Input<NoSettings>) -> Result<Outcome, Failure> {
//!         Ok(Outcome::pass().message(format!("hello, {}", input.context.hook.name)))
//!     }
//! }
//! export!(Hello);
//! ```
//!
//! # Settings
//!
//! are a type of the plugin's own. The JSON Schema that the manifest shows is
//! derived from it, with its documentation; what a schema cannot say is checked
//! in [`Plugin::check_settings`].
//!
//! ```
//! use stagehook_plugin_sdk::prelude::*;
//!
//! struct LongEnough;
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     /// How long a segment has to be, in seconds.
//!     #[schemars(range(min = 0.0))]
//!     minimum_seconds: f64,
//! }
//!
//! impl Plugin for LongEnough {
//!     type Settings = Settings;
//!
//!     fn manifest() -> Manifest {
//!         manifest!().hook_point("post_segment")
//!     }
//!
//!     fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
//!         let seconds = input.metadata["media"]["duration_seconds"]
//!             .as_f64()
//!             .ok_or_else(|| Failure::new("no duration in the metadata: run media-probe first"))?;
//!         if seconds < input.settings.minimum_seconds {
//!             return Ok(Outcome::fail(format!("{seconds} s is too short")));
//!         }
//!         Ok(Outcome::pass().patch(&json!({"long_enough": true})))
//!     }
//! }
//!
//! export!(LongEnough);
//!
//! # #[cfg(not(target_family = "wasm"))] {
//! use stagehook_plugin_sdk::testing;
//! let input = testing::input(Settings { minimum_seconds: 5.0 })
//!     .metadata(json!({"media": {"duration_seconds": 4.2}}))
//!     .build();
//! assert_eq!(LongEnough::run(input).unwrap(), Outcome::fail("4.2 s is too short"));
//! # }
//! ```
//!
//! # What a plugin may reach
//!
//! is up to the configuration of the hook it runs as: by default nothing. Files
//! of the segment are below `/segment` when the hook grants them, and are read
//! with `std::fs`; requests go out with `http` (the feature of that name) to the
//! hosts that the hook grants.
//!
//! # Tests
//!
//! Everything here also builds for the host, so the logic of a plugin is tested
//! with plain `cargo test`: see [`testing`].

mod adapter;
#[doc(hidden)]
pub mod bindings;
mod build;
mod host;
#[cfg(feature = "http")]
pub mod http;
mod input;
mod macros;
mod plugin;
pub mod prelude;
mod previous;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

pub use bindings::stagehook::hook::call::{Context, ExecutionStatus, PreviousResult};
pub use bindings::stagehook::hook::types::{
    Annotation, AnnotationLevel, Artifact, Capability, EventInfo, Failure, HookInfo, JobInfo,
    Manifest, Metric, Outcome, Problem, ScopeLevel, Status, Trigger, WantedCapability,
};
pub use host::{Level, SecretError, debug, error, info, log, progress, remaining, secret, warn};
pub use input::Input;
pub use plugin::{NoSettings, Plugin};
pub use schemars::{self, JsonSchema};
pub use serde;
pub use serde_json::{self, Value, json};

#[doc(hidden)]
pub mod __private {
    pub use crate::adapter::Adapter;
}
