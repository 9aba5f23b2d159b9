//! What this server counts, for `GET /metrics`. REQ-API-6
//!
//! Counting must not be felt: what a call needs is looked up once and shared,
//! and added to without a lock, but for the short one of a histogram.

mod plugin;

use plugin::Plugins;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};
use stagehook_core::config::HookConfig;
use stagehook_core::execution::Execution;
use stagehook_core::stage_run::StageRunStatus;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::Verdict;
use stagehook_runners::wasm::PluginCounts;
use stagehook_store::Aging;

const PREFIX: &str = "stagehook";
/// From a plugin's 50 us to a script's minutes, in seconds.
const DURATIONS: [f64; 14] = [
    0.000_05, 0.000_2, 0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExecutionLabels {
    hook_type: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HookTypeLabels {
    hook_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageRunLabels {
    hook_point: &'static str,
    status: &'static str,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeletedLabels {
    what: &'static str,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

fn durations() -> Histogram {
    Histogram::new(DURATIONS)
}

/// What this server counts since its start.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    executions: Family<ExecutionLabels, Counter>,
    durations: Durations<HookTypeLabels>,
    stage_runs: Family<StageRunLabels, Counter>,
    deleted: Family<DeletedLabels, Counter>,
    plugins: Plugins,
}

/// What is so at this moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// Stage runs and tests of hooks that are at work.
    pub(crate) runs_at_work: usize,
    /// Callers that wait for their turn.
    pub(crate) runs_waiting: usize,
    /// What was done to make plugins ready.
    pub(crate) plugins: PluginCounts,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let executions = Family::default();
        registry.register(
            "executions",
            "Hooks that were run, by how they ended",
            executions.clone(),
        );
        let durations = Durations::new_with_constructor(durations);
        registry.register_with_unit(
            "execution_duration",
            "How long a hook took",
            Unit::Seconds,
            durations.clone(),
        );
        let stage_runs = Family::default();
        registry.register(
            "stage_runs",
            "Stage runs that came to their end",
            stage_runs.clone(),
        );
        let deleted = Family::default();
        registry.register(
            "retention_deleted",
            "Rows that were older than they are to be kept",
            deleted.clone(),
        );
        let plugins = Plugins::new(&mut registry);
        Self {
            registry,
            executions,
            durations,
            stage_runs,
            deleted,
            plugins,
        }
    }
}

impl Metrics {
    /// Counts an execution; the end of it is known.
    pub(crate) fn executed(&self, config: &HookConfig, execution: &Execution) {
        let hook_type = config.hook_type().as_str();
        self.executions
            .get_or_create(&ExecutionLabels {
                hook_type,
                status: execution.status.as_str(),
            })
            .inc();
        self.durations
            .get_or_create(&HookTypeLabels { hook_type })
            .observe(execution.duration.as_secs_f64());
        if let HookConfig::Wasm(config) = config {
            self.plugins.called(config, execution);
        }
    }

    /// Counts a stage run that came to its end.
    pub(crate) fn stage_run_ended(
        &self,
        point: HookPoint,
        status: StageRunStatus,
        verdict: Option<Verdict>,
    ) {
        self.stage_runs
            .get_or_create(&StageRunLabels {
                hook_point: point.as_str(),
                status: status.as_str(),
                verdict: verdict.map_or("none", Verdict::as_str),
            })
            .inc();
    }

    /// Counts rows that were deleted because they were old.
    pub(crate) fn deleted(&self, what: Aging, rows: u64) {
        let what = what.as_str();
        self.deleted
            .get_or_create(&DeletedLabels { what })
            .inc_by(rows);
    }

    /// Everything, as `OpenMetrics` text.
    pub(crate) fn text(&self, now: Now) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode_registry(&mut text, &self.registry)
            .and_then(|()| text::encode_registry(&mut text, &now.registry()))
            .and_then(|()| text::encode_eof(&mut text));
        text
    }
}

impl Now {
    fn registry(self) -> Registry {
        fn gauge(value: u64) -> impl Metric {
            ConstGauge::new(value)
        }
        fn counter(value: u64) -> impl Metric {
            ConstCounter::new(value)
        }
        let Self {
            runs_at_work,
            runs_waiting,
            plugins,
        } = self;
        let mut all = Registry::with_prefix(PREFIX);
        all.register(
            "runs_at_work",
            "Stage runs and tests of hooks that are at work",
            gauge(runs_at_work as u64),
        );
        all.register(
            "runs_waiting",
            "Stage runs and tests of hooks that wait for their turn",
            gauge(runs_waiting as u64),
        );
        all.register(
            "plugin_calls_running",
            "Calls of plugins that are at work",
            gauge(plugins.running),
        );
        all.register(
            "plugins_ready",
            "Plugins in memory, ready to run",
            gauge(plugins.ready),
        );
        all.register_with_unit(
            "plugins_ready_code",
            "Compiled code of the plugins in memory",
            Unit::Bytes,
            gauge(plugins.ready_bytes),
        );
        all.register(
            "plugins_compiled",
            "Plugins that were compiled",
            counter(plugins.compiled),
        );
        all.register(
            "plugin_cache_hits",
            "Plugins whose compiled code was found on disk",
            counter(plugins.loaded_from_cache),
        );
        all.register(
            "plugin_cache_misses",
            "Plugins that had to be compiled because no code that could be believed was on disk",
            counter(plugins.missed_in_cache),
        );
        all.register(
            "plugin_cache_rejected",
            "Files of the cache on disk that were not what this server kept there",
            counter(plugins.rejected_from_cache),
        );
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use stagehook_core::config::HookType;
    use stagehook_core::execution::{ExecutionStatus, Usage};
    use std::time::Duration;

    fn config(hook_type: HookType, config: serde_json::Value) -> HookConfig {
        HookConfig::parse(hook_type, config).unwrap()
    }

    fn execution(status: ExecutionStatus, usage: Usage) -> Execution {
        Execution {
            duration: Duration::from_millis(3),
            usage,
            ..Execution::not_run(status, "")
        }
    }

    fn now() -> Now {
        Now {
            runs_at_work: 3,
            runs_waiting: 1,
            plugins: PluginCounts {
                compiled: 7,
                ..PluginCounts::default()
            },
        }
    }

    #[track_caller]
    fn has(text: &str, line: &str) {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }

    #[test]
    fn an_execution_is_counted_by_type_and_status_and_plugin() {
        let metrics = Metrics::default();
        let shell = config(HookType::Shell, json!({"script_path": "a.sh"}));
        let wasm = config(HookType::Wasm, json!({"plugin": "probe@1.0.0"}));
        metrics.executed(
            &shell,
            &execution(ExecutionStatus::Failed, Usage::default()),
        );
        for fuel in [100, 20] {
            let usage = Usage {
                fuel_used: Some(fuel),
                host_call_ms: Some(250.0),
                peak_memory_bytes: Some(fuel << 20),
                bytes_read: Some(10),
                ..Usage::default()
            };
            metrics.executed(&wasm, &execution(ExecutionStatus::Passed, usage));
        }
        metrics.stage_run_ended(
            HookPoint::PostSegment,
            StageRunStatus::Completed,
            Some(Verdict::Halt),
        );
        let text = metrics.text(now());
        for line in [
            r#"stagehook_executions_total{hook_type="shell",status="failed"} 1"#,
            r#"stagehook_executions_total{hook_type="wasm",status="passed"} 2"#,
            r#"stagehook_execution_duration_seconds_count{hook_type="wasm"} 2"#,
            r#"stagehook_execution_duration_seconds_bucket{le="0.005",hook_type="wasm"} 2"#,
            r#"stagehook_stage_runs_total{hook_point="post_segment",status="completed",verdict="halt"} 1"#,
            r#"stagehook_plugin_calls_total{plugin="probe@1.0.0",status="passed"} 2"#,
            r#"stagehook_plugin_fuel_total{plugin="probe@1.0.0"} 120"#,
            r#"stagehook_plugin_host_call_seconds_total{plugin="probe@1.0.0"} 0.5"#,
            r#"stagehook_plugin_read_bytes_total{plugin="probe@1.0.0"} 20"#,
            r#"stagehook_plugin_peak_memory_max_bytes{plugin="probe@1.0.0"} 104857600"#,
            r#"stagehook_plugin_peak_memory_bytes_count{plugin="probe@1.0.0"} 2"#,
            "stagehook_plugins_compiled_total 7",
            "stagehook_runs_at_work 3",
            "stagehook_runs_waiting 1",
            "# EOF",
        ] {
            has(&text, line);
        }
        assert!(!text.contains("status=\"timed_out\""), "nobody timed out");
    }

    #[test]
    fn a_requirement_counts_for_the_version_that_runs() {
        let metrics = Metrics::default();
        let digest = format!("sha256:{}", "ab".repeat(32));
        let pinned =
            json!({"plugin": "probe@^1.0", "pinned": {"version": "1.2.0", "digest": digest}});
        let by_digest = json!({ "plugin": digest });
        for plugin in [pinned, by_digest] {
            let config = config(HookType::Wasm, plugin);
            metrics.executed(
                &config,
                &execution(ExecutionStatus::Passed, Usage::default()),
            );
        }
        let text = metrics.text(now());
        for plugin in ["probe@1.2.0", &digest] {
            has(
                &text,
                &format!(r#"stagehook_plugin_calls_total{{plugin="{plugin}",status="passed"}} 1"#),
            );
        }
    }

    #[test]
    fn plugins_without_number_take_no_memory_without_bound() {
        let metrics = Metrics::default();
        for version in 0..plugin::NAMED_MAX + 10 {
            let plugin = format!("probe@1.0.{version}");
            let config = config(HookType::Wasm, json!({ "plugin": plugin }));
            metrics.executed(
                &config,
                &execution(ExecutionStatus::Passed, Usage::default()),
            );
        }
        let text = metrics.text(now());
        let calls = "stagehook_plugin_calls_total{";
        let series = text.lines().filter(|line| line.starts_with(calls)).count();
        assert_eq!(series, plugin::NAMED_MAX + 1);
        has(
            &text,
            r#"stagehook_plugin_calls_total{plugin="other",status="passed"} 10"#,
        );
    }
}
