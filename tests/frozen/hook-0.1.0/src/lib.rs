//! A plugin that uses all of the contract 0.1.0: every function, and every field
//! of every record. What it was told, it answers as its patch.
//!
//! Built against the WIT itself and not the SDK, so that nothing but the contract
//! is frozen.

use serde_json::{Value, json};

use bindings::exports::stagehook::hook::handler::Guest;
use bindings::stagehook::hook::host::{self, Level};
use bindings::stagehook::hook::secrets::{self, SecretError};
use bindings::stagehook::hook::types::{
    Annotation, AnnotationLevel, Artifact, Capability, Context, Failure, Manifest, Metric, Outcome,
    Problem, ScopeLevel, Status, Trigger, WantedCapability,
};

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/hook-0.1.0",
        world: "plugin-with-secrets",
    });
}

struct Frozen;

bindings::export!(Frozen with_types_in bindings);

impl Guest for Frozen {
    fn run(
        context: Context,
        metadata: String,
        scene_context: String,
        settings: String,
    ) -> Result<Outcome, Failure> {
        for (level, word) in [
            (Level::Debug, "debug"),
            (Level::Info, "info"),
            (Level::Warn, "warn"),
            (Level::Error, "error"),
        ] {
            host::log(level, &format!("a line at {word}"));
        }
        host::progress(Some(0.5), Some("half of it"));
        host::progress(None, None);

        let settings = parse(&settings);
        let answer = settings["answer"].as_str().unwrap_or("pass");
        let status = match answer {
            "pass" => Status::Pass,
            "fail" => Status::Fail,
            "skip" => Status::Skip,
            "needs_review" => Status::NeedsReview,
            "failure" | "retry" => {
                return Err(Failure {
                    message: format!("asked for a {answer}"),
                    retryable: answer == "retry",
                });
            }
            other => {
                return Err(Failure {
                    message: format!("`{other}` is no answer"),
                    retryable: false,
                });
            }
        };
        let told = json!({
            "context": told(&context),
            "metadata": parse(&metadata),
            "scene_context": parse(&scene_context),
            "settings": settings,
            "secret": settings["secret"].as_str().map(secret),
        });
        Ok(Outcome {
            status,
            message: Some(format!("answers {answer}")),
            annotations: annotations(),
            metadata: Some(json!({"frozen": told}).to_string()),
            artifacts: vec![
                Artifact {
                    path: "seg_003.graded.mp4".to_owned(),
                    mime: Some("video/mp4".to_owned()),
                },
                Artifact {
                    path: "seg_003.txt".to_owned(),
                    mime: None,
                },
            ],
            metrics: vec![Metric {
                name: "delta_e".to_owned(),
                value: 1.75,
            }],
        })
    }

    fn describe() -> Manifest {
        let wanted = [
            (Capability::SegmentRead, "to read the segment"),
            (Capability::SegmentWrite, "to write beside it"),
            (Capability::Directories, "to read tables"),
            (Capability::Http, "to tell others"),
            (Capability::Environment, "to be told more"),
            (Capability::Secrets, "to know what others do not"),
        ];
        Manifest {
            name: "frozen-0-1-0".to_owned(),
            version: "1.0.0".to_owned(),
            description: "Uses all of the contract 0.1.0.".to_owned(),
            hook_points: vec!["post_segment".to_owned(), "pre_concatenation".to_owned()],
            capabilities: wanted
                .map(|(capability, reason)| WantedCapability {
                    capability,
                    reason: reason.to_owned(),
                })
                .into(),
            settings_schema: Some(
                json!({
                    "type": "object",
                    "properties": {
                        "answer": {"type": "string"},
                        "secret": {"type": "string"}
                    }
                })
                .to_string(),
            ),
        }
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let settings = parse(&settings);
        match settings["answer"].as_str().unwrap_or("pass") {
            "pass" | "fail" | "skip" | "needs_review" | "failure" | "retry" => Ok(()),
            other => Err(vec![Problem {
                pointer: "/answer".to_owned(),
                detail: format!("`{other}` is no answer"),
            }]),
        }
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| json!({"no_json": error.to_string()}))
}

fn secret(name: &str) -> Value {
    match secrets::get(name) {
        Ok(value) => json!({"length": value.len()}),
        Err(SecretError::NotGranted) => json!("not granted"),
        Err(SecretError::NotFound) => json!("not found"),
    }
}

fn told(context: &Context) -> Value {
    json!({
        "execution_id": context.execution_id,
        "hook": {
            "id": context.hook.id,
            "name": context.hook.name,
            "version": context.hook.version,
            "source": match context.hook.source {
                ScopeLevel::Studio => "studio",
                ScopeLevel::Project => "project",
                ScopeLevel::SceneType => "scene_type",
            },
        },
        "job": context.job.as_ref().map(|job| json!({
            "id": job.id,
            "project_id": job.project_id,
            "scene_type_id": job.scene_type_id,
            "external_ref": job.external_ref,
        })),
        "trigger": match &context.trigger {
            Trigger::Stage(hook_point) => json!({"stage": hook_point}),
            Trigger::Event(event) => json!({"event": event.name, "event_id": event.id}),
        },
        "segment_path": context.segment_path,
        "attempt": context.attempt,
        "deadline_ms": context.deadline_ms,
        "dry_run": context.dry_run,
        "previous_results": parse(&context.previous_results),
        "inherited": context.inherited.as_deref().map(parse),
        "data": context.data.as_deref().map(parse),
    })
}

fn annotations() -> Vec<Annotation> {
    [
        AnnotationLevel::Info,
        AnnotationLevel::Warning,
        AnnotationLevel::Error,
    ]
    .into_iter()
    .zip(1..)
    .map(|(level, number)| Annotation {
        level,
        code: (number > 1).then(|| "loudness".to_owned()),
        message: format!("remark {number}"),
        path: (number > 1).then(|| "seg_003.mp4".to_owned()),
        start_ms: (number > 2).then_some(100),
        end_ms: (number > 2).then_some(900),
    })
    .collect()
}
