//! What nearly every plugin names: `use stagehook_plugin_sdk::prelude::*;`

pub use crate::{
    Annotation, Capability, Failure, Input, Manifest, NoSettings, Outcome, Plugin, Problem, Value,
    export, json, manifest,
};
pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
