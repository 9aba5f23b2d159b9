//! For authors of Stagehook plugins in Rust.
//!
//! A plugin is a type that implements [`Plugin`], exported with [`export!`] from
//! a crate of type `cdylib`, and built for `wasm32-wasip2`:
//!
//! ```
//! use serde::Deserialize;
//! use stagehook_plugin_sdk::{export, json, Failure, Input, Manifest, Outcome, Plugin, Problem};
//!
//! struct LongEnough;
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     minimum_seconds: f64,
//! }
//!
//! impl Plugin for LongEnough {
//!     type Settings = Settings;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("long-enough", "1.0.0")
//!             .description("Fails segments that are shorter than a minimum.")
//!             .hook_point("post_segment")
//!             .settings_schema(&json!({
//!                 "type": "object",
//!                 "properties": {"minimum_seconds": {"type": "number", "minimum": 0}},
//!                 "required": ["minimum_seconds"],
//!                 "additionalProperties": false
//!             }))
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
//!
//!     fn check_settings(settings: &Settings) -> Vec<Problem> {
//!         if settings.minimum_seconds < 0.0 {
//!             return vec![Problem::new("/minimum_seconds", "must not be negative")];
//!         }
//!         Vec::new()
//!     }
//! }
//!
//! export!(LongEnough);
//! ```
//!
//! What a plugin may reach is up to the configuration of the hook it runs as: by
//! default nothing. Files of the segment are below `/segment` when the hook
//! grants them, and are read with `std::fs`.
//!
//! Everything here also builds for the host, so that the logic of a plugin can
//! be tested with plain `cargo test`. Only calls into the host ([`log`](log()),
//! [`progress`], [`secret`]) panic there.

mod adapter;
#[doc(hidden)]
pub mod bindings;
mod build;
mod host;
mod input;
mod plugin;

pub use bindings::stagehook::hook::types::{
    Annotation, AnnotationLevel, Artifact, Capability, Context, EventInfo, Failure, HookInfo,
    JobInfo, Manifest, Metric, Outcome, Problem, ScopeLevel, Status, Trigger, WantedCapability,
};
pub use host::{Level, SecretError, debug, error, info, log, progress, secret, warn};
pub use input::Input;
pub use plugin::{NoSettings, Plugin};
pub use serde_json::{Value, json};

#[doc(hidden)]
pub mod __private {
    pub use crate::adapter::Adapter;
}

/// Exports a [`Plugin`] from the component. Once per crate.
///
/// Does nothing when the crate is built for anything but WebAssembly.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        #[allow(
            unsafe_code,
            reason = "generated: the exported functions of the component"
        )]
        const _: () = {
            type Exported = $crate::__private::Adapter<$plugin>;
            $crate::bindings::export!(
                Exported with_types_in $crate::bindings
            );
        };
    };
}
