//! The plugin `loudness-gate`, in Rust, on the sound of a real clip.

use crate::stage::{Stage, found, input};
use serde_json::{Value, json};
use stagehook_core::contract::HookInput;
use stagehook_core::execution::ExecutionStatus::{Failed, Passed};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::WasmSettings;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The sound of the clip as WAV, in a directory of its own.
fn sound() -> (TempDir, HookInput) {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/pipeline/media/bigbuckbunny.mp4");
    let directory = tempfile::tempdir().unwrap();
    let wav = directory.path().join("mix.wav");
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(clip)
        .args(["-vn", "-ac", "2", "-c:a", "pcm_s24le"])
        .arg(&wav)
        .status()
        .expect("ffmpeg must be installed for this test");
    assert!(status.success());
    let mut input = input();
    input.segment_path = Some(wav.to_str().unwrap().to_owned());
    (directory, input)
}

fn config(settings: &Value) -> Value {
    json!({"settings": settings, "grants": {"segment": "read"}})
}

#[tokio::test]
async fn a_mix_is_held_against_its_limits() {
    let (directory, input) = sound();
    let settings = WasmSettings {
        media_roots: vec![directory.path().to_owned()],
        ..WasmSettings::default()
    };
    let stage = Stage::with("loudness_gate", settings, Secrets::default()).await;

    let execution = stage
        .run_on(config(&json!({"max_true_peak_dbtp": -1})), &input)
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let loudness = &found(&execution)["loudness"];
    // What ffmpeg's ebur128 says of it.
    let integrated = loudness["integrated_lufs"].as_f64().unwrap();
    assert!((integrated + 41.7).abs() < 0.15, "{loudness}");
    assert_eq!(loudness["channels"], 2);
    // A minute of sound is far from what a hook may compute by default.
    let fuel = execution.usage.fuel_used.unwrap();
    assert!(fuel < 800_000_000, "{fuel} for 5.3 s");

    let limits =
        json!({"integrated_lufs": {"min": -24, "max": -22}, "short_term_lufs": {"min": -30}});
    let execution = stage.run_on(config(&limits), &input).await;
    assert_eq!(execution.status, Failed, "{execution:?}");
    let annotations = &execution.result.as_ref().unwrap().annotations;
    assert_eq!(annotations[0].code.as_deref(), Some("loudness.integrated"));
    assert_eq!(annotations[1].code.as_deref(), Some("loudness.short-term"));
    assert_eq!(annotations[1].start_ms, Some(0));
    assert!(annotations[1].end_ms.unwrap() > 5_000);
}
