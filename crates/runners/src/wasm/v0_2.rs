//! The contract `stagehook:hook@0.2.0`: its bindings, its host functions, and
//! what a call is told in its terms.
//!
//! Its interface `types` is that of 0.1.0, so the bindings of that are used.
//! What is new: results of other hooks are records, and the time that is left
//! can be asked for.

use super::host_calls::NoSecret;
use super::state::State;
use super::v0_1::{hook_info, job_info, json, trigger, types};
pub(super) use bindings::stagehook::hook::call::Context;
use bindings::stagehook::hook::call::{self, ExecutionStatus, PreviousResult};
use bindings::stagehook::hook::host::{self, Level};
use bindings::stagehook::hook::secrets::{self, SecretError};
use stagehook_core::contract::{self, AnnotationLevel, HookInput, HookResult, ResultStatus};
use stagehook_core::execution;
use wasmtime::component::{HasSelf, Linker};

/// The interface that a plugin exports.
pub(super) const HANDLER: &str = "stagehook:hook/handler@0.2.0";
/// The interface that needs a grant.
pub(super) const SECRETS: &str = "stagehook:hook/secrets@0.2.0";

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/hook-0.2.0",
        world: "plugin-with-secrets",
        exports: { default: async },
        with: {
            "stagehook:hook/types": crate::wasm::v0_1::types,
        },
    });
}

/// Not that of the whole world, which would link `types@0.1.0` once more.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    call::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    host::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    secrets::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl call::Host for State {}

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

    fn remaining_ms(&mut self) -> u64 {
        State::remaining_ms(self)
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

/// What a call is told.
pub(super) fn context(input: &HookInput, segment_path: Option<String>) -> Context {
    Context {
        execution_id: input.execution_id.to_string(),
        hook: hook_info(&input.hook),
        job: input.job.as_ref().map(job_info),
        trigger: trigger(&input.trigger),
        segment_path,
        attempt: input.attempt,
        deadline_ms: input.deadline_ms,
        dry_run: input.dry_run,
        previous_results: input.previous_results.iter().map(previous).collect(),
        inherited: input.inherited.as_ref().map(previous),
        data: input.data.as_ref().map(json),
    }
}

fn previous(previous: &contract::PreviousResult) -> PreviousResult {
    PreviousResult {
        hook: hook_info(&previous.hook),
        status: status(previous.status),
        result: previous.result.as_ref().map(outcome),
    }
}

fn status(status: execution::ExecutionStatus) -> ExecutionStatus {
    use execution::ExecutionStatus as Ours;
    match status {
        Ours::Passed => ExecutionStatus::Passed,
        Ours::Failed => ExecutionStatus::Failed,
        Ours::Skipped => ExecutionStatus::Skipped,
        Ours::NeedsReview => ExecutionStatus::NeedsReview,
        Ours::TimedOut => ExecutionStatus::TimedOut,
        Ours::Killed => ExecutionStatus::Killed,
        Ours::OutOfMemory => ExecutionStatus::OutOfMemory,
        Ours::OutOfFuel => ExecutionStatus::OutOfFuel,
        Ours::LimitExceeded => ExecutionStatus::LimitExceeded,
        Ours::InvalidResult => ExecutionStatus::InvalidResult,
        Ours::Refused => ExecutionStatus::Refused,
        Ours::HostError => ExecutionStatus::HostError,
        Ours::Cancelled => ExecutionStatus::Cancelled,
        Ours::Interrupted => ExecutionStatus::Interrupted,
    }
}

fn outcome(result: &HookResult) -> types::Outcome {
    types::Outcome {
        status: match result.status {
            ResultStatus::Pass => types::Status::Pass,
            ResultStatus::Fail => types::Status::Fail,
            ResultStatus::Skip => types::Status::Skip,
            ResultStatus::NeedsReview => types::Status::NeedsReview,
        },
        message: result.message.clone(),
        annotations: result.annotations.iter().map(annotation).collect(),
        metadata: (!result.metadata.is_empty()).then(|| json(&result.metadata)),
        artifacts: result
            .artifacts
            .iter()
            .map(|artifact| types::Artifact {
                path: artifact.path.clone(),
                mime: artifact.mime.clone(),
            })
            .collect(),
        metrics: result
            .metrics
            .iter()
            .map(|(name, value)| types::Metric {
                name: name.clone(),
                value: *value,
            })
            .collect(),
    }
}

fn annotation(annotation: &contract::Annotation) -> types::Annotation {
    types::Annotation {
        level: match annotation.level {
            AnnotationLevel::Info => types::AnnotationLevel::Info,
            AnnotationLevel::Warning => types::AnnotationLevel::Warning,
            AnnotationLevel::Error => types::AnnotationLevel::Error,
        },
        code: annotation.code.clone(),
        message: annotation.message.clone(),
        path: annotation.path.clone(),
        start_ms: annotation.start_ms,
        end_ms: annotation.end_ms,
    }
}
