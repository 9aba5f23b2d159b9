//! A call can be cancelled at any moment, and leaves nothing behind.

use crate::stage::{MIB, Stage, input};
use rand::RngExt;
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus::{Cancelled, Passed};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::WasmSettings;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_cancelled_wherever_it_is() {
    let stage = Stage::new().await;
    let input = input();
    for settings in [
        json!({"do": "loop"}),
        json!({"do": "loop_in_host"}),
        json!({"do": "sleep", "ms": 60_000}),
    ] {
        let cancel = CancellationToken::new();
        let config = json!({
            "settings": settings,
            "limits": {"timeout_seconds": 50, "fuel": 1_000_000_000_000_u64},
        });
        let started = Instant::now();
        let later = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            cancel.cancel();
        };
        let (execution, ()) = tokio::join!(stage.run_until(config, &input, &cancel), later);
        assert_eq!(execution.status, Cancelled, "{settings}: {execution:?}");
        assert!(execution.usage.fuel_used.unwrap() > 0);
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

const AT_ONCE: usize = 8;
const CANCELS: usize = 10_000;
const WARM_UP: usize = 2_000;

/// What the kernel counts of this process.
#[derive(Debug, Clone, Copy)]
struct Host {
    resident_bytes: u64,
    open_files: usize,
    threads: usize,
}

impl Host {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap();
        let count = |directory| std::fs::read_dir(directory).unwrap().count();
        Self {
            resident_bytes: resident.parse::<u64>().unwrap() << 10,
            open_files: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }
}

/// Computing, waiting, allocating, printing, reading, and being over before
/// anybody cancels it. Those that compute keep a thread until the epoch moves,
/// so most do something else.
fn behaviours() -> [Value; 14] {
    let sleep = json!({"do": "sleep", "ms": 60_000});
    let read = json!({"do": "read", "path": "/media/long.bin"});
    let everything = json!({"do": "everything"});
    [
        json!({"do": "loop"}),
        sleep.clone(),
        json!({"do": "allocate", "mib": 4}),
        read.clone(),
        json!({"do": "poll", "count": 100, "ms": 60_000}),
        json!({"do": "loop_in_host"}),
        everything.clone(),
        sleep.clone(),
        json!({"do": "print", "bytes": 1 << 30}),
        json!({"do": "progress_and_sleep", "ms": 60_000}),
        read,
        json!({"do": "log", "bytes": 1 << 30}),
        sleep,
        everything,
    ]
}

async fn cancel_at_a_random_moment(stage: &Stage, config: Value) {
    let delay = Duration::from_micros(rand::rng().random_range(0..2_000));
    let cancel = CancellationToken::new();
    let later = async {
        tokio::time::sleep(delay).await;
        cancel.cancel();
    };
    let input = input();
    let (execution, ()) = tokio::join!(stage.run_until(config, &input, &cancel), later);
    assert!(
        matches!(execution.status, Cancelled | Passed),
        "{execution:?}"
    );
}

/// Lanes of calls beside each other, each with one call after another.
async fn cancel_many(stage: &Arc<Stage>, config: &impl Fn(&Value) -> Value, cancels: usize) {
    let configs: Vec<_> = behaviours().iter().map(config).collect();
    let lanes: Vec<_> = (0..AT_ONCE)
        .map(|lane| {
            let (stage, configs) = (Arc::clone(stage), configs.clone());
            tokio::spawn(async move {
                for call in 0..cancels / AT_ONCE {
                    let config = configs[(lane + call) % configs.len()].clone();
                    cancel_at_a_random_moment(&stage, config).await;
                }
            })
        })
        .collect();
    for lane in lanes {
        lane.await.unwrap();
    }
}

/// As many slots as calls at once: a slot that leaked would be missed.
#[test]
fn ten_thousand_cancels_at_random_moments_leak_nothing() {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(cancel_ten_thousand());
}

async fn cancel_ten_thousand() {
    let media = tempfile::tempdir().unwrap();
    std::fs::write(media.path().join("long.bin"), vec![b'm'; 512 << 10]).unwrap();
    let settings = WasmSettings {
        max_concurrent: u32::try_from(AT_ONCE).unwrap(),
        media_roots: vec![media.path().to_owned()],
        ..WasmSettings::default()
    };
    let stage = Arc::new(Stage::with("test_guest", settings, Secrets::default()).await);
    let config = |settings: &Value| {
        json!({
            "settings": settings,
            "grants": {"directories": [
                {"host": media.path(), "guest": "/media", "access": "read"}
            ]},
            "limits": {"fuel": 1_000_000_000_000_u64},
        })
    };
    // What a first use of everything takes is no leak.
    cancel_many(&stage, &config, WARM_UP).await;
    let before = Host::now();
    cancel_many(&stage, &config, CANCELS - WARM_UP).await;
    // Calls that are dropped rather than cancelled, as when a client goes away.
    for _ in 0..100 {
        let dropped = stage.act(json!({"do": "sleep", "ms": 60_000}));
        assert!(
            tokio::time::timeout(Duration::from_millis(1), dropped)
                .await
                .is_err()
        );
    }

    let all = (0..AT_ONCE).map(|_| stage.act(json!({"do": "everything"})));
    for execution in futures_util::future::join_all(all).await {
        assert_eq!(execution.status, Passed, "{execution:?}");
    }
    let runner = format!("{:?}", stage.runner);
    assert!(runner.contains("free_slots: 8"), "{runner}");
    let after = Host::now();
    let grown = after.resident_bytes.saturating_sub(before.resident_bytes);
    assert!(grown < 32 * MIB, "{before:?}, then {after:?}");
    // Threads that do what blocks come and go, and one that opened a file for a
    // call that was cancelled may hold it a moment longer.
    assert!(
        after.open_files <= before.open_files,
        "{before:?}, {after:?}"
    );
    assert!(
        after.threads <= before.threads + 16,
        "{before:?}, {after:?}"
    );
}
