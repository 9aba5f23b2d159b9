//! A call can be cancelled at any moment, and leaves nothing behind.

use crate::stage::{Stage, input};
use rand::RngExt;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{Cancelled, Passed};
use stagehook_runners::Secrets;
use stagehook_runners::wasm::WasmSettings;
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

/// As many slots as calls at once: a slot that leaked would be missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_cancels_at_random_moments_leak_nothing() {
    const ROUNDS: usize = 250;
    const AT_ONCE: usize = 8;
    let settings = WasmSettings {
        max_concurrent: u32::try_from(AT_ONCE).unwrap(),
        ..WasmSettings::default()
    };
    let stage = Stage::with("test_guest", settings, Secrets::default()).await;
    let input = input();
    let behaviours = [
        json!({"do": "loop"}),
        json!({"do": "loop_in_host"}),
        json!({"do": "sleep", "ms": 60_000}),
        json!({"do": "allocate", "mib": 8}),
        json!({"do": "everything"}),
    ];
    for round in 0..ROUNDS {
        let calls = (0..AT_ONCE).map(|call| {
            let settings = &behaviours[(round + call) % behaviours.len()];
            let delay = Duration::from_micros(rand::rng().random_range(0..3_000));
            let (stage, input) = (&stage, &input);
            async move {
                let cancel = CancellationToken::new();
                let config = json!({
                    "settings": settings,
                    "limits": {"fuel": 1_000_000_000_000_u64},
                });
                let later = async {
                    tokio::time::sleep(delay).await;
                    cancel.cancel();
                };
                let (execution, ()) = tokio::join!(stage.run_until(config, input, &cancel), later);
                assert!(
                    matches!(execution.status, Cancelled | Passed),
                    "{execution:?}"
                );
            }
        });
        futures_util::future::join_all(calls).await;
    }
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
}
