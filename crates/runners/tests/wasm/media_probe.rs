//! A real plugin on a real clip, beside ffprobe.

use crate::stage::{Stage, found, input};
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus::{Failed, Passed};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::WasmSettings;
use std::path::{Path, PathBuf};
use std::process::Command;

fn media() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipeline/media")
}

async fn stage() -> Stage {
    let settings = WasmSettings {
        media_roots: vec![media()],
        ..WasmSettings::default()
    };
    Stage::with("media_probe", settings, Secrets::default()).await
}

#[tokio::test]
async fn a_clip_is_described_as_ffprobe_does() {
    let clip = media().join("bigbuckbunny.mp4");
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_format",
            "-show_streams",
            "-of",
            "json",
        ])
        .arg(&clip)
        .output()
        .expect("ffprobe must be installed for this test");
    let theirs: Value = serde_json::from_slice(&output.stdout).unwrap();

    let mut input = input();
    input.segment_path = Some(clip.to_str().unwrap().to_owned());
    let execution = stage()
        .await
        .run_on(json!({"grants": {"segment": "read"}}), &input)
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let media = &found(&execution)["media"];
    let video = &theirs["streams"][0];
    for key in ["width", "height"] {
        assert_eq!(media[key], video[key], "{key}");
    }
    assert_eq!(media["frame_rate"], video["avg_frame_rate"]);
    assert_eq!(media["codecs"][0], video["codec_name"]);
    assert_eq!(media["codecs"][1], theirs["streams"][1]["codec_name"]);
    let seconds: f64 = theirs["format"]["duration"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        (media["duration_seconds"].as_f64().unwrap() - seconds).abs() < 0.1,
        "{media}"
    );
    // A read that never has to wait takes no measurable time.
    assert!(execution.usage.host_call_ms.is_some());
}

#[tokio::test]
async fn without_the_grant_it_says_what_to_grant() {
    let mut input = input();
    input.segment_path = Some(
        media()
            .join("bigbuckbunny.mp4")
            .to_str()
            .unwrap()
            .to_owned(),
    );
    let execution = stage().await.run_on(json!({}), &input).await;
    assert_eq!(execution.status, Failed);
    assert!(execution.error.unwrap().contains("\"segment\": \"read\""));
}

#[tokio::test]
async fn what_is_no_media_fails_with_its_reason() {
    let mut input = input();
    input.segment_path = Some(media().join("README.md").to_str().unwrap().to_owned());
    let execution = stage()
        .await
        .run_on(json!({"grants": {"segment": "read"}}), &input)
        .await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    assert!(execution.error.unwrap().contains("neither MP4"));
}
