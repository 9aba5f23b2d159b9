//! The contract `stagehook:hook@0.1.0`: its bindings, its host functions, and
//! what a call is told in its terms.
//!
//! Frozen. A new version of the contract is a new module beside this one.

use super::host_calls::NoSecret;
use super::state::State;
use bindings::stagehook::hook::host::{self, Level};
use bindings::stagehook::hook::secrets::{self, SecretError};
use serde::Serialize;
use stagehook_core::contract::{HookInput, HookRef, JobRef, TriggerRef};
use stagehook_core::scope::ScopeType;
use wasmtime::component::{HasSelf, Linker};

#[expect(
    unreachable_pub,
    reason = "the bindings of later versions use it again"
)]
pub use bindings::stagehook::hook::types;
pub(super) use types::Context;

/// The interface that a plugin exports.
pub(super) const HANDLER: &str = "stagehook:hook/handler@0.1.0";
/// The interface that needs a grant.
pub(super) const SECRETS: &str = "stagehook:hook/secrets@0.1.0";

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/hook-0.1.0",
        world: "plugin-with-secrets",
        exports: { default: async },
    });
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::PluginWithSecrets::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl types::Host for State {}

impl host::Host for State {
    fn log(&mut self, level: Level, message: String) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        self.log(level, message);
    }

    fn progress(&mut self, fraction: Option<f32>, message: Option<String>) {
        self.report(fraction, message);
    }
}

impl secrets::Host for State {
    fn get(&mut self, name: String) -> Result<String, SecretError> {
        self.secret(&name).map_err(|why| match why {
            NoSecret::NotGranted => SecretError::NotGranted,
            NoSecret::NotFound => SecretError::NotFound,
        })
    }
}

/// What a call is told; previous results as JSON text.
pub(super) fn context(input: &HookInput, segment_path: Option<String>) -> types::Context {
    types::Context {
        execution_id: input.execution_id.to_string(),
        hook: hook_info(&input.hook),
        job: input.job.as_ref().map(job_info),
        trigger: trigger(&input.trigger),
        segment_path,
        attempt: input.attempt,
        deadline_ms: input.deadline_ms,
        dry_run: input.dry_run,
        previous_results: json(&input.previous_results),
        inherited: input.inherited.as_ref().map(json),
        data: input.data.as_ref().map(json),
    }
}

pub(super) fn hook_info(hook: &HookRef) -> types::HookInfo {
    types::HookInfo {
        id: id(hook.id.get()),
        name: hook.name.clone(),
        version: u32::try_from(hook.version).unwrap_or_default(),
        source: match hook.source {
            ScopeType::Studio => types::ScopeLevel::Studio,
            ScopeType::Project => types::ScopeLevel::Project,
            ScopeType::SceneType => types::ScopeLevel::SceneType,
        },
    }
}

pub(super) fn job_info(job: &JobRef) -> types::JobInfo {
    types::JobInfo {
        id: id(job.id.get()),
        project_id: id(job.project_id.get()),
        scene_type_id: job.scene_type_id.map(|scene_type| id(scene_type.get())),
        external_ref: job.external_ref.clone(),
    }
}

pub(super) fn trigger(trigger: &TriggerRef) -> types::Trigger {
    match trigger {
        TriggerRef::Stage { hook_point } => types::Trigger::Stage(hook_point.as_str().to_owned()),
        TriggerRef::Event { event, event_id } => types::Trigger::Event(types::EventInfo {
            name: event.clone(),
            id: event_id.to_string(),
        }),
    }
}

/// As JSON text. What we made out of JSON cannot fail to become JSON again.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Ids count from 1; no row has a negative one.
fn id(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}
