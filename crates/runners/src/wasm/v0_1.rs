//! The contract `stagehook:hook@0.1.0`: its bindings, its host functions, and
//! the way between its types and ours.
//!
//! Frozen. A new version of the contract is a new module beside this one.

use super::bounds::{self, cut};
use super::state::State;
use bindings::stagehook::hook::host::{self, Level};
use bindings::stagehook::hook::secrets::{self, SecretError};
use bindings::stagehook::hook::types as wit;
use serde::Serialize;
use serde_json::{Map, Value};
use stagehook_core::contract::{
    Annotation, AnnotationLevel, Artifact, HookInput, HookResult, RESULT_MAX_BYTES, ResultStatus,
    TriggerRef,
};
use stagehook_core::nesting::{NESTING_MAX, is_object_too_deep};
use stagehook_core::plugin::PluginManifest;
use stagehook_core::scope::ScopeType;
use std::fmt::Write as _;
use wasmtime::component::{HasSelf, Linker};

pub(super) use bindings::{PluginWithSecrets as Plugin, PluginWithSecretsPre as PluginPre};
pub(super) use wit::{Context, Failure, Manifest, Outcome, Problem};

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
    Plugin::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl wit::Host for State {}

impl host::Host for State {
    fn log(&mut self, level: Level, message: String) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        let message = cut(message, bounds::LOG_MESSAGE_BYTES);
        self.stderr.write_line(format_args!("[{level}] {message}"));
    }

    fn progress(&mut self, fraction: Option<f32>, message: Option<String>) {
        let mut progress = String::new();
        if let Some(fraction) = fraction.filter(|fraction| fraction.is_finite()) {
            let _ = write!(progress, "{:.0} %", fraction.clamp(0.0, 1.0) * 100.0);
        }
        if let Some(message) = message {
            let separator = if progress.is_empty() { "" } else { ", " };
            let _ = write!(progress, "{separator}{}", cut(message, 200));
        }
        self.progress = (!progress.is_empty()).then_some(progress);
    }
}

impl secrets::Host for State {
    fn get(&mut self, name: String) -> Result<String, SecretError> {
        match self.secrets.get(&name) {
            None => Err(SecretError::NotGranted),
            Some(None) => Err(SecretError::NotFound),
            Some(Some(value)) => Ok(value.clone()),
        }
    }
}

/// Everything that `run` is called with.
pub(super) struct RunArguments {
    pub(super) context: Context,
    pub(super) metadata: String,
    pub(super) scene_context: String,
    pub(super) settings: String,
}

impl RunArguments {
    pub(super) fn new(
        input: &HookInput,
        settings: &Map<String, Value>,
        segment_path: Option<String>,
    ) -> Self {
        Self {
            context: context(input, segment_path),
            metadata: json(&input.metadata),
            scene_context: json(&input.scene_context),
            settings: json(settings),
        }
    }
}

/// As JSON text. What we made out of JSON cannot fail to become JSON again.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Ids count from 1; no row has a negative one.
fn id(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}

fn context(input: &HookInput, segment_path: Option<String>) -> Context {
    Context {
        execution_id: input.execution_id.to_string(),
        hook: wit::HookInfo {
            id: id(input.hook.id.get()),
            name: input.hook.name.clone(),
            version: u32::try_from(input.hook.version).unwrap_or_default(),
            source: match input.hook.source {
                ScopeType::Studio => wit::ScopeLevel::Studio,
                ScopeType::Project => wit::ScopeLevel::Project,
                ScopeType::SceneType => wit::ScopeLevel::SceneType,
            },
        },
        job: input.job.as_ref().map(|job| wit::JobInfo {
            id: id(job.id.get()),
            project_id: id(job.project_id.get()),
            scene_type_id: job.scene_type_id.map(|scene_type| id(scene_type.get())),
            external_ref: job.external_ref.clone(),
        }),
        trigger: match &input.trigger {
            TriggerRef::Stage { hook_point } => wit::Trigger::Stage(hook_point.as_str().to_owned()),
            TriggerRef::Event { event, event_id } => wit::Trigger::Event(wit::EventInfo {
                name: event.clone(),
                id: event_id.to_string(),
            }),
        },
        segment_path,
        attempt: input.attempt,
        deadline_ms: input.deadline_ms,
        dry_run: input.dry_run,
        previous_results: json(&input.previous_results),
        inherited: input.inherited.as_ref().map(json),
        data: input.data.as_ref().map(json),
    }
}

/// Why an answer cannot be taken. For people.
pub(super) type Unacceptable = String;

/// Turns an answer into a result, if it follows the contract.
pub(super) fn result(outcome: Outcome) -> Result<HookResult, Unacceptable> {
    let bytes = size(&outcome);
    if bytes > RESULT_MAX_BYTES {
        return Err(format!(
            "the result has {bytes} bytes, at most {RESULT_MAX_BYTES} are taken"
        ));
    }
    let metadata = match outcome.metadata {
        None => Map::new(),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| format!("the metadata patch is no JSON object: {error}"))?,
    };
    if is_object_too_deep(&metadata) {
        return Err(format!(
            "the metadata patch is nested deeper than {NESTING_MAX} levels"
        ));
    }
    let metrics = outcome
        .metrics
        .into_iter()
        .map(|metric| {
            if metric.value.is_finite() {
                Ok((metric.name, metric.value))
            } else {
                Err(format!("the metric `{}` is not a number", metric.name))
            }
        })
        .collect::<Result<_, _>>()?;
    Ok(HookResult {
        status: match outcome.status {
            wit::Status::Pass => ResultStatus::Pass,
            wit::Status::Fail => ResultStatus::Fail,
            wit::Status::Skip => ResultStatus::Skip,
            wit::Status::NeedsReview => ResultStatus::NeedsReview,
        },
        message: outcome.message,
        annotations: outcome.annotations.into_iter().map(annotation).collect(),
        metadata,
        artifacts: outcome
            .artifacts
            .into_iter()
            .map(|artifact| Artifact {
                path: artifact.path,
                mime: artifact.mime,
            })
            .collect(),
        metrics,
    })
}

fn annotation(annotation: wit::Annotation) -> Annotation {
    Annotation {
        level: match annotation.level {
            wit::AnnotationLevel::Info => AnnotationLevel::Info,
            wit::AnnotationLevel::Warning => AnnotationLevel::Warning,
            wit::AnnotationLevel::Error => AnnotationLevel::Error,
        },
        code: annotation.code,
        message: annotation.message,
        path: annotation.path,
        start_ms: annotation.start_ms,
        end_ms: annotation.end_ms,
    }
}

/// About the size of the answer as JSON, in bytes.
fn size(outcome: &Outcome) -> usize {
    const PER_ENTRY: usize = 32;
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let annotations = outcome.annotations.iter().map(|annotation| {
        PER_ENTRY + annotation.message.len() + length(&annotation.code) + length(&annotation.path)
    });
    let artifacts = outcome
        .artifacts
        .iter()
        .map(|artifact| PER_ENTRY + artifact.path.len() + length(&artifact.mime));
    let metrics = outcome
        .metrics
        .iter()
        .map(|metric| PER_ENTRY + metric.name.len());
    length(&outcome.message)
        + length(&outcome.metadata)
        + annotations.sum::<usize>()
        + artifacts.sum::<usize>()
        + metrics.sum::<usize>()
}

/// Turns what a plugin says about itself into a manifest, or says everything
/// that is wrong with it.
pub(super) fn manifest(manifest: Manifest) -> Result<PluginManifest, Vec<Unacceptable>> {
    let mut wrong = Vec::new();
    let name = manifest.name.parse();
    if let Err(error) = &name {
        wrong.push(format!("its name {error}"));
    }
    let version = semver::Version::parse(&manifest.version);
    if let Err(error) = &version {
        wrong.push(format!("its version must be a semantic version: {error}"));
    }
    if manifest.description.chars().count() > 2_000 {
        wrong.push("its description must have at most 2000 characters".to_owned());
    }
    let mut hook_points = Vec::new();
    for hook_point in &manifest.hook_points {
        match hook_point.parse() {
            Ok(hook_point) => hook_points.push(hook_point),
            Err(error) => wrong.push(format!(
                "its hook point `{}` {error}",
                cut(hook_point.clone(), 64)
            )),
        }
    }
    let settings_schema = match manifest.settings_schema {
        None => Ok(Map::new()),
        Some(schema) => serde_json::from_str::<Map<String, Value>>(&schema),
    };
    match &settings_schema {
        Err(error) => wrong.push(format!("its settings schema is no JSON object: {error}")),
        Ok(schema) if is_object_too_deep(schema) => wrong.push(format!(
            "its settings schema is nested deeper than {NESTING_MAX} levels"
        )),
        Ok(_) => {}
    }
    let capabilities = manifest
        .capabilities
        .iter()
        .map(|wanted| capability(wanted.capability).to_owned())
        .collect();
    match (name, version, settings_schema) {
        (Ok(name), Ok(version), Ok(settings_schema)) if wrong.is_empty() => Ok(PluginManifest {
            name,
            version,
            description: manifest.description,
            hook_points,
            capabilities,
            settings_schema: Value::Object(settings_schema),
        }),
        _ => Err(wrong),
    }
}

fn capability(capability: wit::Capability) -> &'static str {
    match capability {
        wit::Capability::SegmentRead => "segment_read",
        wit::Capability::SegmentWrite => "segment_write",
        wit::Capability::Directories => "directories",
        wit::Capability::Http => "http",
        wit::Capability::Environment => "environment",
        wit::Capability::Secrets => SECRETS_CAPABILITY,
    }
}

/// The capability behind [`SECRETS`].
pub(super) const SECRETS_CAPABILITY: &str = "secrets";
