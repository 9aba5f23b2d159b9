//! A studio publishes every plugin of the repository, installs hooks from them,
//! and takes a sound through its stages. REQ-WASM-1

use serde_json::{Value, json};
use stagehook_tests::plugins::component;
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{Database, Setup, Studio, on_both_databases};
use std::fs;
use std::path::Path;

on_both_databases!(a_studio_runs_on_real_plugins);

const TOKEN: &str = "canary-of-the-tracker";

/// A tone of 1 kHz in mono, 48 kHz, 16 bits: four seconds at -20 dBFS.
fn write_tone(path: &Path) {
    const RATE: u32 = 48_000;
    let mut data = Vec::new();
    for frame in 0..4 * RATE {
        let phase = std::f64::consts::TAU * 1_000.0 * f64::from(frame) / f64::from(RATE);
        #[expect(clippy::cast_possible_truncation, reason = "a tenth of full scale")]
        let sample = (phase.sin() * 3_276.7).round() as i16;
        data.extend(sample.to_le_bytes());
    }
    let length = u32::try_from(data.len()).unwrap();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + length).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(length.to_le_bytes());
    wav.extend(data);
    fs::write(path, wav).unwrap();
}

fn annotations(answer: &Value, hook: usize) -> Vec<&str> {
    let annotations = &answer["executions"][hook]["result"]["annotations"];
    let annotations = annotations.as_array().unwrap().iter();
    annotations
        .map(|annotation| annotation["code"].as_str().unwrap())
        .collect()
}

async fn a_studio_runs_on_real_plugins(on: Database) {
    let tracker = Receiver::start([Script::ok(r#"{"version": 7}"#)]).await;
    let host = tracker.url("").replace("http://", "");
    let setup = Setup::default()
        .variable("STAGEHOOK_SECRET_TRACKER_TOKEN", TOKEN)
        .with_private_network();
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    let media = studio.layout().media();

    for name in [
        "delivery_manifest",
        "loudness_gate",
        "media_probe",
        "naming_policy",
        "tracker_notify",
    ] {
        let version = studio.upload(component(name)).await.expect(201);
        assert_eq!(version["name"], name.replace('_', "-"), "{version:#}");
    }
    let install = async |name: &str, body: Value| {
        let mut hook = json!({"scope_type": "studio", "failure_mode": "block"});
        let fields = body.as_object().unwrap().clone();
        hook.as_object_mut().unwrap().extend(fields);
        studio
            .post(&format!("/plugins/{name}/install"), &hook)
            .await
    };

    let sound = json!({
        "extensions": ["wav"],
        "pattern": "(?<shot>[a-z]+_\\d{3})_s(?<number>\\d{2})",
        "equal": {"number": "/metadata/segment/number"},
    });
    let naming = json!({
        "hook_point": "post_segment", "sort_order": 1,
        "settings": {"kinds": {"sound": sound}}, "grants": {"segment": "read"},
    });
    // What the plugin itself finds wrong is told where it stands in the request.
    let mut broken = naming.clone();
    broken["settings"]["kinds"]["sound"]["pattern"] = json!("(");
    let refused = install("naming-policy", broken).await;
    refused
        .problem(422, "invalid-request")
        .at(["/settings/kinds/sound/pattern"]);
    let loudness = json!({
        "hook_point": "post_segment", "sort_order": 2, "grants": {"segment": "read"},
        "settings": {"integrated_lufs": {"min": -24, "max": -22}, "max_true_peak_dbtp": -1},
    });
    let notify = json!({
        "hook_point": "post_segment", "sort_order": 3, "failure_mode": "warn",
        "settings": {
            "url": tracker.url("/jobs/{job_id}/notes"),
            "fields": {"lufs": "/loudness/integrated_lufs"},
            "keep": {"version": "/version"},
        },
        "grants": {"http": [host], "http_secrets": {"tracker_token": [host]}},
    });
    let delivery = media.join("delivery");
    let manifest = json!({
        "settings": {"expected": [{"path": "*.wav"}], "unexpected": "fail"},
        "grants": {"directories": [{"host": delivery, "guest": "/delivery", "access": "write"}]},
    });
    for (name, body) in [
        ("naming-policy", naming),
        ("loudness-gate", loudness),
        ("tracker-notify", notify),
        ("delivery-manifest", manifest),
    ] {
        let hook = install(name, body).await.expect(201);
        assert_eq!(hook["config"]["pinned"]["version"], "0.1.0", "{hook:#}");
        assert_eq!(hook["warnings"], json!([]), "{hook:#}");
    }

    // A tone in one channel is 3 LU quieter than its level says.
    fs::create_dir(&delivery).unwrap();
    let mix = delivery.join("bbb_010_s03.wav");
    write_tone(&mix);
    let input = json!({"segment_path": mix, "metadata": {"segment": {"number": 3}}});
    let answer = studio.try_run(world.job, "post_segment", &input).await.ok();
    assert_eq!(answer["verdict"], "proceed", "{answer:#}");
    assert_eq!(answer["warnings"], json!([]), "{answer:#}");
    let metadata = &answer["metadata"];
    assert_eq!(
        metadata["naming"]["parts"],
        json!({"shot": "bbb_010", "number": "03"})
    );
    let lufs = metadata["loudness"]["integrated_lufs"].as_f64().unwrap();
    assert!((lufs + 23.0).abs() < 0.2, "{metadata:#}");
    assert_eq!(metadata["tracker"], json!({"status": 200, "version": 7}));

    // The tracker got the token, and it is nowhere else.
    let [told] = <[_; 1]>::try_from(tracker.received()).unwrap();
    assert_eq!(
        told.line,
        format!("POST /jobs/{}/notes HTTP/1.1", world.job)
    );
    assert_eq!(told.headers["authorization"], format!("Bearer {TOKEN}"));
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(body["status"], "passed");
    assert_eq!(body["hooks"][0]["name"], "naming-policy");
    assert_eq!(
        body["fields"]["lufs"],
        metadata["loudness"]["integrated_lufs"]
    );
    let logs = studio.logs_of_job(world.job).await;
    assert!(!format!("{logs:?}").contains(TOKEN));
    assert_eq!(logs[2]["usage"]["http_requests"], 1, "{:#}", logs[2]);

    let input = json!({"segment_path": delivery});
    let answer = studio
        .try_run(world.job, "post_delivery", &input)
        .await
        .ok();
    assert_eq!(answer["verdict"], "proceed", "{answer:#}");
    assert_eq!(answer["metadata"]["delivery_manifest"]["files"], 1);
    let sums = fs::read_to_string(delivery.join("SHA256SUMS")).unwrap();
    assert!(sums.ends_with("  bbb_010_s03.wav\n"), "{sums}");
    fs::write(delivery.join("notes.txt"), "not to be delivered").unwrap();
    let other = studio.job(world.project, None).await;
    let answer = studio.try_run(other, "post_delivery", &input).await.ok();
    assert_eq!(answer["verdict"], "halt", "{answer:#}");
    assert_eq!(annotations(&answer, 0), ["delivery.unexpected"]);

    let input = json!({"segment_path": mix, "metadata": {"segment": {"number": 4}}});
    let answer = studio.try_run(world.job, "post_segment", &input).await.ok();
    assert_eq!(answer["verdict"], "halt", "{answer:#}");
    assert_eq!(annotations(&answer, 0), ["naming.part-mismatch"]);
    // Nothing was told of a stage that halted before.
    assert_eq!(tracker.received().len(), 1);
}
