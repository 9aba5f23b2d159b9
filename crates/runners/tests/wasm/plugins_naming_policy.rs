//! The plugin `naming-policy`, in JavaScript. One test, because compiling it
//! takes seconds.

use crate::stage::{Stage, component, found, input};
use serde_json::{Value, json};
use stagehook_core::contract::ResultStatus;
use stagehook_core::execution::Execution;
use stagehook_core::execution::ExecutionStatus::{Failed, NeedsReview, Passed};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{SettingsError, WasmRunner, WasmSettings};

fn settings() -> Value {
    json!({
        "kinds": {
            "picture": {
                "extensions": ["mp4", "mov"],
                "pattern": "(?<shot>[a-z]+_\\d{3})_s(?<number>\\d{2})",
                "equal": {"shot": "/job/external_ref", "number": "/metadata/segment/number"},
                "case": "lower",
                "max_length": 40,
            },
            "sound": {"extensions": ["wav"]},
        },
        "name_from": "/metadata/segment/file_name",
    })
}

struct Policy(Stage);

impl Policy {
    async fn judge(&self, name: &str, settings: Value) -> Execution {
        let mut input = input();
        let Value::Object(metadata) = json!({"segment": {"file_name": name, "number": 3}}) else {
            unreachable!()
        };
        input.metadata = metadata;
        self.0.run_on(json!({"settings": settings}), &input).await
    }

    async fn problems(&self, settings: Value) -> Vec<String> {
        let Value::Object(settings) = settings else {
            unreachable!()
        };
        match self
            .0
            .runner
            .check_settings(&self.0.plugin, &settings)
            .await
        {
            Ok(()) => Vec::new(),
            Err(SettingsError::Invalid(invalid)) => {
                invalid.0.into_iter().map(|error| error.pointer).collect()
            }
            Err(unchecked) => panic!("{unchecked}"),
        }
    }
}

fn codes(execution: &Execution) -> Vec<&str> {
    let annotations = &execution.result.as_ref().unwrap().annotations;
    annotations
        .iter()
        .map(|annotation| annotation.code.as_deref().unwrap())
        .collect()
}

#[tokio::test]
async fn names_are_held_against_the_policy() {
    let runner = WasmRunner::new(WasmSettings::default(), Secrets::default()).unwrap();
    let inspection = runner.inspect(component("naming_policy")).await.unwrap();
    assert_eq!(inspection.manifest.name.as_str(), "naming-policy");
    // It is given nothing, and asks for nothing: no clock, no files, no output.
    for import in &inspection.imports {
        assert!(import.import.starts_with("stagehook:hook/"), "{import:?}");
    }
    let plugin = inspection.plugin;
    let policy = Policy(Stage { runner, plugin });

    assert_eq!(policy.problems(settings()).await, Vec::<String>::new());
    let mut wrong = settings();
    wrong["kinds"]["picture"]["pattern"] = json!("(");
    wrong["kinds"]["sound"]["extensions"] = json!(["MP4"]);
    assert_eq!(
        policy.problems(wrong).await,
        ["/kinds/picture/pattern", "/kinds/sound/extensions/0"]
    );

    let execution = policy.judge("shot_010_s03.mp4", settings()).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    assert_eq!(
        found(&execution)["naming"],
        json!({
            "file_name": "shot_010_s03.mp4",
            "kind": "picture",
            "parts": {"shot": "shot_010", "number": "03"},
        })
    );

    for (name, expected) in [
        ("shot_010_s03.avi", "naming.extension"),
        ("shot-010.mp4", "naming.pattern"),
        ("shot_010_s03.MOV", "naming.case"),
        ("shot_010_s04.mp4", "naming.part-mismatch"),
    ] {
        let execution = policy.judge(name, settings()).await;
        assert_eq!(execution.status, Failed, "{execution:?}");
        assert_eq!(codes(&execution), [expected]);
        let result = execution.result.unwrap();
        assert_eq!(result.status, ResultStatus::Fail);
        assert_eq!(result.annotations[0].path.as_deref(), Some(name));
        assert_eq!(json!(result.metrics["naming_violations"]), json!(1.0));
    }

    let mut reviewed = settings();
    reviewed["on_violation"] = json!("needs_review");
    let execution = policy.judge("shot-010.mp4", reviewed).await;
    assert_eq!(execution.status, NeedsReview, "{execution:?}");

    // Nothing to judge is a failure that says what to do.
    let execution = policy.judge("", settings()).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    let error = execution.error.unwrap();
    assert!(
        error.contains("name_from: at /metadata/segment/file_name"),
        "{error}"
    );
}
