//! Every limit ends a guest in its own way. REQ-WASM-2, REQ-WASM-3

use crate::stage::{MIB, Stage};
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus::{
    self, Failed, LimitExceeded, OutOfFuel, OutOfMemory, Passed, TimedOut,
};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::WasmSettings;
use std::time::{Duration, Instant};

struct Case {
    settings: Value,
    limits: Value,
    status: ExecutionStatus,
    error: &'static str,
}

impl Case {
    fn new(settings: Value, limits: Value, status: ExecutionStatus, error: &'static str) -> Self {
        Self {
            settings,
            limits,
            status,
            error,
        }
    }
}

#[tokio::test]
async fn each_limit_is_told_by_its_kind() {
    let stage = Stage::new().await;
    for case in [
        Case::new(
            json!({"do": "loop"}),
            json!({"fuel": 1_000_000}),
            OutOfFuel,
            "1000000 units",
        ),
        Case::new(
            json!({"do": "allocate"}),
            json!({"memory_mib": 16}),
            OutOfMemory,
            "16 MiB",
        ),
        Case::new(
            json!({"do": "recurse"}),
            json!({}),
            LimitExceeded,
            "call stack",
        ),
        Case::new(
            json!({"do": "resources", "count": 1_000_000}),
            json!({}),
            LimitExceeded,
            "host resources held",
        ),
        Case::new(
            json!({"do": "random", "bytes": 1_u64 << 30}),
            json!({}),
            LimitExceeded,
            "random bytes",
        ),
        Case::new(
            json!({"do": "log_once", "bytes": 64 << 20}),
            json!({}),
            LimitExceeded,
            "data handed to the host",
        ),
        Case::new(
            json!({"do": "many_annotations", "count": 500_000}),
            json!({}),
            LimitExceeded,
            "data handed to the host",
        ),
        Case::new(json!({"do": "panic"}), json!({}), Failed, "trapped"),
        Case::new(json!({"do": "unreachable"}), json!({}), Failed, "trapped"),
        Case::new(
            json!({"do": "exit", "code": 3}),
            json!({}),
            Failed,
            "exited with status",
        ),
        Case::new(
            json!({"do": "exit", "code": 0}),
            json!({}),
            Failed,
            "exited with status 0",
        ),
    ] {
        let execution = stage
            .run(json!({"settings": case.settings, "limits": case.limits}))
            .await;
        let told = execution.error.clone().unwrap_or_default();
        assert_eq!(execution.status, case.status, "{}: {told}", case.settings);
        assert!(told.contains(case.error), "{}: {told}", case.settings);
        assert!(!told.contains("/root/") && told.len() < 300, "{told}");
        assert!(!execution.retryable);
        assert!(execution.usage.fuel_used.unwrap() > 0);
        assert!(execution.usage.peak_memory_bytes.unwrap() > 0);
    }
}

#[tokio::test]
async fn what_a_panic_says_is_kept() {
    let execution = Stage::new().await.act(json!({"do": "panic"})).await;
    assert!(execution.stderr.contains("asked to panic"), "{execution:?}");
}

#[tokio::test]
async fn a_guest_that_computes_or_waits_too_long_is_ended_in_time() {
    let stage = Stage::new().await;
    for settings in [
        json!({"do": "loop"}),
        json!({"do": "loop_in_host"}),
        json!({"do": "sleep", "ms": 60_000}),
    ] {
        let started = Instant::now();
        let limits = json!({"timeout_seconds": 1, "fuel": 1_000_000_000_000_u64});
        let execution = stage
            .run(json!({"settings": settings, "limits": limits}))
            .await;
        assert_eq!(execution.status, TimedOut, "{settings}: {execution:?}");
        assert!(
            execution
                .error
                .as_deref()
                .unwrap()
                .contains("longer than 1 s")
        );
        assert!(execution.retryable);
        assert!(execution.duration >= Duration::from_secs(1));
        // Long before the guest would have ended.
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn limits_hold_while_an_instance_starts() {
    let stage = Stage::with("start_guest", WasmSettings::default(), Secrets::default()).await;
    let fuel = stage.run(json!({"limits": {"fuel": 100_000}})).await;
    assert_eq!(fuel.status, OutOfFuel, "{fuel:?}");
    let limits = json!({"timeout_seconds": 1, "fuel": 1_000_000_000_000_u64});
    let time = stage.run(json!({"limits": limits})).await;
    assert_eq!(time.status, TimedOut, "{time:?}");
}

#[tokio::test]
async fn waiting_for_the_host_is_measured_and_computing_is_not() {
    let stage = Stage::new().await;
    let asleep = stage.act(json!({"do": "sleep", "ms": 120})).await;
    assert_eq!(asleep.status, Passed, "{asleep:?}");
    assert!(asleep.usage.host_call_ms.unwrap() >= 100.0, "{asleep:?}");

    let limits = json!({"timeout_seconds": 1, "fuel": 1_000_000_000_000_u64});
    let busy = stage
        .run(json!({"settings": {"do": "loop"}, "limits": limits}))
        .await;
    assert!(busy.usage.host_call_ms.unwrap() < 500.0, "{busy:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_is_not_disturbed_by_one_that_times_out() {
    let stage = Stage::new().await;
    let endless = json!({
        "settings": {"do": "loop"},
        "limits": {"timeout_seconds": 1, "fuel": 1_000_000_000_000_u64},
    });
    let patient = json!({
        "settings": {"do": "sleep", "ms": 2_500},
        "limits": {"timeout_seconds": 50},
    });
    let (endless, patient) = tokio::join!(stage.run(endless), stage.run(patient));
    assert_eq!(endless.status, TimedOut, "{endless:?}");
    assert_eq!(patient.status, Passed, "{patient:?}");
}

/// On one thread, guests that compute must make room for each other.
#[tokio::test(flavor = "current_thread")]
async fn guests_that_compute_share_a_thread() {
    let stage = Stage::new().await;
    let endless = json!({
        "settings": {"do": "loop"},
        "limits": {"timeout_seconds": 3, "fuel": 1_000_000_000_000_u64},
    });
    let short = async {
        tokio::task::yield_now().await;
        let started = Instant::now();
        let execution = stage.act(json!({"do": "work", "rounds": 1_000})).await;
        (execution, started.elapsed())
    };
    let (endless, (short, took)) = tokio::join!(stage.run(endless), short);
    assert_eq!(endless.status, TimedOut, "{endless:?}");
    assert_eq!(short.status, Passed, "{short:?}");
    assert!(took < Duration::from_secs(2), "it had to wait for {took:?}");
}

#[tokio::test]
async fn within_its_limits_a_guest_passes() {
    let stage = Stage::new().await;
    let execution = stage
        .run(json!({
            "settings": {"do": "allocate", "mib": 20},
            "limits": {"memory_mib": 64, "timeout_seconds": 20},
        }))
        .await;
    assert_eq!(execution.status, Passed, "{execution:?}");
    let peak = execution.usage.peak_memory_bytes.unwrap();
    assert!((20 * MIB..64 * MIB).contains(&peak), "{peak}");
}

#[tokio::test]
async fn more_than_the_server_allows_is_refused() {
    let stage = Stage::new().await;
    let execution = stage
        .run(json!({"settings": {"do": "skip"}, "limits": {"memory_mib": 1 << 20}}))
        .await;
    assert_eq!(execution.status, ExecutionStatus::Refused);
    assert!(
        execution
            .error
            .unwrap()
            .contains("/config/limits/memory_mib")
    );
}

#[tokio::test]
async fn memory_of_one_guest_never_shows_up_in_another() {
    let settings = WasmSettings {
        max_concurrent: 1,
        ..WasmSettings::default()
    };
    let stage = Stage::with("test_guest", settings, Secrets::default()).await;
    for _ in 0..5 {
        let execution = stage.act(json!({"do": "canary"})).await;
        assert_eq!(execution.status, Passed, "{execution:?}");
        assert_eq!(execution.result.unwrap().metadata["found"], false);
    }
}

#[tokio::test]
async fn those_for_whom_there_is_no_slot_wait() {
    let settings = WasmSettings {
        max_concurrent: 2,
        ..WasmSettings::default()
    };
    let stage = Stage::with("test_guest", settings, Secrets::default()).await;
    let all = (0..8).map(|_| stage.act(json!({"do": "sleep", "ms": 20})));
    for execution in futures_util::future::join_all(all).await {
        assert_eq!(execution.status, Passed, "{execution:?}");
    }

    // Both slots are taken for longer than the third may take.
    let busy = || {
        stage.run(
            json!({"settings": {"do": "sleep", "ms": 60_000}, "limits": {"timeout_seconds": 3}}),
        )
    };
    let waiting = stage.run(json!({"settings": {"do": "skip"}, "limits": {"timeout_seconds": 1}}));
    let (_, _, waiting) = tokio::join!(busy(), busy(), waiting);
    assert_eq!(waiting.status, TimedOut);
    assert!(waiting.error.unwrap().contains("free slot"));
}
