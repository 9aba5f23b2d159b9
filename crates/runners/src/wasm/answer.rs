//! From what a plugin answers to our own types, if it follows the contract.
//!
//! The interface `types` is the same in every version so far, and so is this. A
//! version that changes it brings its own module.

use super::bounds::{self, cut};
use super::v0_1::types as wit;
use serde_json::{Map, Value};
use stagehook_core::capability::Capability;
use stagehook_core::contract::{
    Annotation, AnnotationLevel, Artifact, HookResult, RESULT_MAX_BYTES, ResultStatus,
};
use stagehook_core::invalid::{FieldError, Invalid};
use stagehook_core::nesting::{NESTING_MAX, is_object_too_deep};
use stagehook_core::plugin::PluginManifest;
use stagehook_core::schema::JsonSchema;
use std::collections::BTreeSet;

/// Most problems with settings, or with their schema, that are shown.
const PROBLEMS_MAX: usize = 100;

/// Why an answer cannot be taken. For people.
pub(super) type Unacceptable = String;

/// Turns an answer into a result, if it follows the contract.
pub(super) fn result(outcome: wit::Outcome) -> Result<HookResult, Unacceptable> {
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
fn size(outcome: &wit::Outcome) -> usize {
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

/// What a plugin says about itself.
pub(super) struct Described {
    /// What it asks for, also where something else is wrong.
    pub(super) capabilities: Vec<Capability>,
    /// Its manifest, or everything that is wrong with it.
    pub(super) manifest: Result<PluginManifest, Vec<Unacceptable>>,
}

pub(super) fn described(manifest: wit::Manifest) -> Described {
    let mut capabilities: Vec<_> = manifest
        .capabilities
        .iter()
        .map(|wanted| capability(wanted.capability))
        .collect();
    let mut seen = BTreeSet::new();
    capabilities.retain(|capability| seen.insert(*capability));
    Described {
        manifest: self::manifest(manifest, capabilities.clone()),
        capabilities,
    }
}

fn manifest(
    manifest: wit::Manifest,
    capabilities: Vec<Capability>,
) -> Result<PluginManifest, Vec<Unacceptable>> {
    let mut wrong = Vec::new();
    let name = manifest.name.parse();
    if let Err(error) = &name {
        wrong.push(format!("its name {error}"));
    }
    // `/plugins/import` and `/plugins/validate` are something else.
    if matches!(manifest.name.as_str(), "import" | "validate") {
        wrong.push("its name is a word of the server's own: choose another".to_owned());
    }
    let version = semver::Version::parse(&manifest.version);
    if let Err(error) = &version {
        wrong.push(format!("its version must be a semantic version: {error}"));
    }
    if manifest.description.chars().count() > 2_000 {
        wrong.push("its description must have at most 2000 characters".to_owned());
    }
    let mut hook_points = Vec::new();
    // More than there are is nonsense, and nonsense is not repeated at length.
    for hook_point in manifest.hook_points.iter().take(PROBLEMS_MAX) {
        match hook_point.parse() {
            Ok(hook_point) if hook_points.contains(&hook_point) => {}
            Ok(hook_point) => hook_points.push(hook_point),
            Err(error) => wrong.push(format!(
                "its hook point `{}` {error}",
                cut(hook_point.clone(), 64)
            )),
        }
    }
    let settings_schema = match manifest.settings_schema {
        None => Ok(Map::new()),
        Some(schema) => serde_json::from_str(&schema),
    }
    .map(Value::Object);
    match &settings_schema {
        Err(error) => wrong.push(format!("its settings schema is no JSON object: {error}")),
        Ok(schema) => {
            if let Err(Invalid(errors)) = JsonSchema::compile(schema) {
                wrong.extend(errors.into_iter().take(PROBLEMS_MAX).map(unusable));
            }
        }
    }
    match (name, version, settings_schema) {
        (Ok(name), Ok(version), Ok(settings_schema)) if wrong.is_empty() => Ok(PluginManifest {
            name,
            version,
            description: manifest.description,
            hook_points,
            capabilities,
            settings_schema,
        }),
        _ => Err(wrong),
    }
}

fn unusable(FieldError { pointer, detail }: FieldError) -> Unacceptable {
    let place = if pointer.is_empty() {
        String::new()
    } else {
        format!("{}: ", cut(pointer, 200))
    };
    format!("its settings schema cannot be used: {place}{detail}")
}

fn capability(capability: wit::Capability) -> Capability {
    match capability {
        wit::Capability::SegmentRead => Capability::SegmentRead,
        wit::Capability::SegmentWrite => Capability::SegmentWrite,
        wit::Capability::Directories => Capability::Directories,
        wit::Capability::Http => Capability::Http,
        wit::Capability::Environment => Capability::Environment,
        wit::Capability::Secrets => Capability::Secrets,
    }
}

/// What a plugin finds wrong with settings.
pub(super) fn problems(problems: Vec<wit::Problem>) -> Vec<FieldError> {
    problems
        .into_iter()
        .take(PROBLEMS_MAX)
        .map(|problem| {
            FieldError::new(
                cut(problem.pointer, 200),
                cut(problem.detail, bounds::ERROR_BYTES),
            )
        })
        .collect()
}
