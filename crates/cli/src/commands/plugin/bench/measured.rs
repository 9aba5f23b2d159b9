//! What was measured, and how it is shown.

use crate::output;
use serde_json::{Value, json};
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    status: ExecutionStatus,
    duration: Duration,
    fuel: u64,
    memory_bytes: u64,
    host_ms: f64,
}

impl Call {
    pub(super) fn of(execution: &Execution) -> Self {
        Self {
            status: execution.status,
            duration: execution.duration,
            fuel: execution.usage.fuel_used.unwrap_or_default(),
            memory_bytes: execution.usage.peak_memory_bytes.unwrap_or_default(),
            host_ms: execution.usage.host_call_ms.unwrap_or_default(),
        }
    }
}

/// All calls.
#[derive(Debug)]
pub(super) struct Measured {
    calls: usize,
    elapsed: Duration,
    statuses: BTreeMap<&'static str, usize>,
    /// Why calls did not succeed, if the first ones did not.
    failure: Option<String>,
    /// Sorted, in milliseconds.
    durations: Vec<f64>,
    host: Vec<f64>,
    instances: Vec<f64>,
    fuel: Vec<f64>,
    memory_bytes: u64,
}

impl Measured {
    pub(super) fn new(
        calls: &[Call],
        failure: Option<String>,
        instances: &[Duration],
        elapsed: Duration,
    ) -> Self {
        let mut statuses = BTreeMap::new();
        for call in calls {
            *statuses.entry(call.status.as_str()).or_default() += 1;
        }
        let sorted = |values: Vec<f64>| {
            let mut values = values;
            values.sort_by(f64::total_cmp);
            values
        };
        #[expect(clippy::cast_precision_loss, reason = "shown with six digits")]
        let fuel = calls.iter().map(|call| call.fuel as f64).collect();
        Self {
            calls: calls.len(),
            elapsed,
            statuses,
            failure,
            durations: sorted(
                calls
                    .iter()
                    .map(|call| milliseconds(call.duration))
                    .collect(),
            ),
            host: sorted(calls.iter().map(|call| call.host_ms).collect()),
            instances: sorted(instances.iter().copied().map(milliseconds).collect()),
            fuel: sorted(fuel),
            memory_bytes: calls
                .iter()
                .map(|call| call.memory_bytes)
                .max()
                .unwrap_or(0),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "not as many calls as that")]
    fn calls_per_second(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }

    /// The part of a call that goes into making its instance, from 0 to 1.
    fn instantiate_share(&self) -> f64 {
        let call = quantile(&self.durations, 0.5);
        if call > 0.0 {
            (quantile(&self.instances, 0.5) / call).min(1.0)
        } else {
            0.0
        }
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "calls": self.calls,
            "elapsed_ms": milliseconds(self.elapsed),
            "calls_per_second": self.calls_per_second(),
            "statuses": self.statuses,
            "failure": self.failure,
            "call_ms": {
                "median": quantile(&self.durations, 0.5),
                "p90": quantile(&self.durations, 0.9),
                "p99": quantile(&self.durations, 0.99),
                "max": quantile(&self.durations, 1.0),
            },
            "host_call_ms": {"median": quantile(&self.host, 0.5)},
            "instantiate_ms": {
                "median": quantile(&self.instances, 0.5),
                "p99": quantile(&self.instances, 0.99),
            },
            "instantiate_share": self.instantiate_share(),
            "fuel": {"median": quantile(&self.fuel, 0.5), "max": quantile(&self.fuel, 1.0)},
            "peak_memory_bytes": self.memory_bytes,
        })
    }

    /// `compile` is how long compiling took, if that was needed.
    pub(super) fn show(&self, compile: Option<Duration>) -> io::Result<()> {
        let statuses: Vec<String> = self
            .statuses
            .iter()
            .map(|(status, calls)| format!("{calls} {status}"))
            .collect();
        let of = |values: &[f64], q| format!("{:.3} ms", quantile(values, q));
        let failure = self.failure.iter().map(|why| ("why", why.clone()));
        let rows = [
            (
                "calls per second",
                format!("{:.0}", self.calls_per_second()),
            ),
            ("median", of(&self.durations, 0.5)),
            ("p90", of(&self.durations, 0.9)),
            ("p99", of(&self.durations, 0.99)),
            ("max", of(&self.durations, 1.0)),
            ("in host calls (median)", of(&self.host, 0.5)),
            (
                "making an instance (median)",
                format!(
                    "{}, {:.0} % of a call",
                    of(&self.instances, 0.5),
                    self.instantiate_share() * 100.0
                ),
            ),
            (
                "fuel (median, max)",
                format!(
                    "{:.0}, {:.0}",
                    quantile(&self.fuel, 0.5),
                    quantile(&self.fuel, 1.0)
                ),
            ),
            (
                "peak memory",
                format!("{} KiB", self.memory_bytes.div_ceil(1024)),
            ),
            (
                "compiling, once",
                compile.map_or_else(
                    || "not needed: it was in the cache".to_owned(),
                    |compile| format!("{:.0} ms", milliseconds(compile)),
                ),
            ),
        ];
        output::table(
            &["what", "measured"],
            std::iter::once(("calls", statuses.join(", ")))
                .chain(failure)
                .chain(rows)
                .map(|(what, measured)| vec![what.to_owned(), measured])
                .collect(),
        )
    }
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The value below which this part of the sorted values lies (nearest rank); 0
/// where there is none.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position in a list of a few million"
    )]
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}
