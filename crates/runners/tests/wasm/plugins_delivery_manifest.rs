//! The plugin `delivery-manifest`, in Python. One test, because compiling it
//! takes seconds.

use crate::stage::{Stage, component, found, input};
use serde_json::{Value, json};
use stagehook_core::execution::Execution;
use stagehook_core::execution::ExecutionStatus::{Failed, Passed};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{SettingsError, WasmRunner, WasmSettings};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

fn names(directory: &Path) -> BTreeSet<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn codes(execution: &Execution) -> Vec<&str> {
    let annotations = &execution.result.as_ref().unwrap().annotations;
    annotations
        .iter()
        .map(|annotation| annotation.code.as_deref().unwrap())
        .collect()
}

#[tokio::test]
async fn a_delivery_is_checked_and_gets_its_manifest() {
    let root = tempfile::tempdir().unwrap();
    let delivery = root.path().join("delivery");
    fs::create_dir_all(delivery.join("sound")).unwrap();
    fs::write(delivery.join("film.mov"), vec![7; 3 << 20]).unwrap();
    fs::write(delivery.join("sound/mix é.wav"), "samples").unwrap();

    let settings = WasmSettings {
        media_roots: vec![root.path().to_owned()],
        ..WasmSettings::default()
    };
    let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
    let inspection = runner
        .inspect(component("delivery_manifest"))
        .await
        .unwrap();
    assert_eq!(inspection.manifest.name.as_str(), "delivery-manifest");
    assert_eq!(inspection.manifest.hook_points.len(), 1);
    assert_eq!(inspection.manifest.hook_points[0].as_str(), "post_delivery");
    let plugin = inspection.plugin;
    let stage = Stage { runner, plugin };
    let run = async |access: &str, settings: Value, dry_run: bool| {
        let grant = json!({"host": delivery, "guest": "/delivery", "access": access});
        let mut input = input();
        input.dry_run = dry_run;
        let config = json!({"settings": settings, "grants": {"directories": [grant]}});
        stage.run_on(config, &input).await
    };

    let Value::Object(wrong) = json!({"expected": [{"path": "/x"}], "unexpected": 1}) else {
        unreachable!()
    };
    match stage.runner.check_settings(&stage.plugin, &wrong).await {
        Err(SettingsError::Invalid(invalid)) => {
            let pointers: Vec<_> = invalid.0.iter().map(|error| &error.pointer[..]).collect();
            assert_eq!(pointers, ["/unexpected", "/expected/0/path"]);
        }
        other => panic!("{other:?}"),
    }

    // Incomplete: told, and nothing written.
    let missing =
        json!({"expected": [{"path": "*.mov"}, {"path": "titles/*.srt"}], "unexpected": "fail"});
    let execution = run("write", missing, false).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    assert_eq!(
        codes(&execution),
        ["delivery.missing", "delivery.unexpected"]
    );
    let untouched = BTreeSet::from(["film.mov".to_owned(), "sound".to_owned()]);
    assert_eq!(names(&delivery), untouched);

    // A dry run, and a grant for reading alone, change nothing either.
    let expected = json!({"expected": [{"path": "*.mov", "max": 1}, {"path": "**/*.wav"}]});
    let execution = run("read", expected.clone(), true).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let execution = run("read", expected.clone(), false).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    let error = execution.error.unwrap();
    assert!(error.contains("\"access\": \"write\""), "{error}");
    assert_eq!(names(&delivery), untouched);

    let execution = run("write", expected.clone(), false).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let manifest: Value =
        serde_json::from_slice(&fs::read(delivery.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["job"]["external_ref"], "shot_010");
    assert_eq!(manifest["total_bytes"], (3 << 20) + 7);
    assert_eq!(manifest["files"][1]["path"], "sound/mix é.wav");
    assert_eq!(found(&execution)["delivery_manifest"]["files"], 2);
    let result = execution.result.as_ref().unwrap();
    let made: Vec<_> = result
        .artifacts
        .iter()
        .map(|artifact| &artifact.path[..])
        .collect();
    assert_eq!(made, ["manifest.json", "SHA256SUMS"]);
    assert!(result.metrics["delivery_bytes"] > f64::from(3 << 20));
    // What it computed is what the system computes.
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(&delivery)
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");

    // A link that leads out is told, and not followed.
    symlink("/etc/passwd", delivery.join("passwd")).unwrap();
    let execution = run("write", expected, false).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    assert_eq!(codes(&execution), ["delivery.not-a-file"]);

    let execution = stage.run(json!({})).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    let error = execution.error.unwrap();
    assert!(error.contains("grant the delivery"), "{error}");
}
