//! Waiting until something is so, with an end.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. Far beyond what it does
/// take: it says that something hangs, and measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(45);
/// How often is looked.
const PAUSE: Duration = Duration::from_millis(15);

/// Waits until `look` finds something.
pub async fn eventually<T, F>(what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "gave up waiting until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until `is_so`.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    eventually(what, || {
        let found = is_so().then_some(());
        async move { found }
    })
    .await;
}
