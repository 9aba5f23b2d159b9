//! What is counted of each plugin.

use super::{Durations, durations};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use stagehook_core::config::{PluginRef, WasmConfig};
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Most plugins that are told apart; the rest is counted together.
pub(super) const NAMED_MAX: usize = 500;
const OTHER: &str = "other";
const MEMORY_MIB: [u32; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    plugin: String,
    status: &'static str,
}

type Seconds = Counter<f64, AtomicU64>;
type Peak = Gauge<u64, AtomicU64>;

fn memory() -> Histogram {
    Histogram::new(MEMORY_MIB.map(|mib| f64::from(mib) * f64::from(1 << 20)))
}

#[derive(Debug)]
pub(super) struct Plugins {
    families: Families,
    named: RwLock<HashMap<PluginRef, Arc<Series>>>,
    other: OnceLock<Series>,
}

#[derive(Debug)]
struct Families {
    calls: Family<CallLabels, Counter>,
    durations: Durations<PluginLabels>,
    fuel: Family<PluginLabels, Counter>,
    host_calls: Family<PluginLabels, Seconds>,
    memory: Durations<PluginLabels>,
    memory_max: Family<PluginLabels, Peak>,
    read: Family<PluginLabels, Counter>,
    written: Family<PluginLabels, Counter>,
    requests: Family<PluginLabels, Counter>,
    sent: Family<PluginLabels, Counter>,
    received: Family<PluginLabels, Counter>,
}

/// The counters of one plugin, found once.
#[derive(Debug)]
struct Series {
    plugin: String,
    /// By status, made when it is first seen.
    calls: [OnceLock<Counter>; ExecutionStatus::ALL.len()],
    durations: Histogram,
    fuel: Counter,
    host_calls: Seconds,
    memory: Histogram,
    memory_max: Peak,
    read: Counter,
    written: Counter,
    requests: Counter,
    sent: Counter,
    received: Counter,
}

impl Plugins {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            families: Families::new(registry),
            named: RwLock::default(),
            other: OnceLock::new(),
        }
    }

    pub(super) fn called(&self, config: &WasmConfig, execution: &Execution) {
        // One that was not resolved cannot have run.
        let Some(plugin) = config.exact_plugin() else {
            return;
        };
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let known = named.get(&plugin).cloned();
        drop(named);
        match known.or_else(|| self.name(plugin)) {
            Some(series) => series.add(&self.families, execution),
            None => self
                .other
                .get_or_init(|| self.families.of(OTHER.to_owned()))
                .add(&self.families, execution),
        }
    }

    /// Makes the counters of a plugin, where there is still room for them.
    fn name(&self, plugin: PluginRef) -> Option<Arc<Series>> {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        if named.len() >= NAMED_MAX && !named.contains_key(&plugin) {
            return None;
        }
        let label = plugin.to_string();
        let series = named
            .entry(plugin)
            .or_insert_with(|| Arc::new(self.families.of(label)));
        Some(Arc::clone(series))
    }
}

impl Families {
    fn new(registry: &mut Registry) -> Self {
        let families = Self {
            calls: Family::default(),
            durations: Family::new_with_constructor(durations),
            fuel: Family::default(),
            host_calls: Family::default(),
            memory: Family::new_with_constructor(memory),
            memory_max: Family::default(),
            read: Family::default(),
            written: Family::default(),
            requests: Family::default(),
            sent: Family::default(),
            received: Family::default(),
        };
        let mut all = Named(registry);
        all.plain("calls", "Calls, by how they ended", &families.calls);
        all.unit(
            "call_duration",
            "How long a call took",
            Unit::Seconds,
            &families.durations,
        );
        all.plain("fuel", "Fuel that was used", &families.fuel);
        all.unit(
            "host_call",
            "Time spent in the host on behalf of the plugin",
            Unit::Seconds,
            &families.host_calls,
        );
        all.unit(
            "peak_memory",
            "Most memory of a call",
            Unit::Bytes,
            &families.memory,
        );
        all.unit(
            "peak_memory_max",
            "Most memory of any call since the start",
            Unit::Bytes,
            &families.memory_max,
        );
        all.unit(
            "read",
            "Bytes read from granted files",
            Unit::Bytes,
            &families.read,
        );
        all.unit(
            "written",
            "Bytes written to granted files",
            Unit::Bytes,
            &families.written,
        );
        all.plain("http_requests", "HTTP requests", &families.requests);
        all.unit(
            "http_sent",
            "Bytes of the bodies that were sent",
            Unit::Bytes,
            &families.sent,
        );
        all.unit(
            "http_received",
            "Bytes of the bodies that were received",
            Unit::Bytes,
            &families.received,
        );
        families
    }

    fn of(&self, plugin: String) -> Series {
        let labels = PluginLabels {
            plugin: plugin.clone(),
        };
        Series {
            plugin,
            calls: [const { OnceLock::new() }; ExecutionStatus::ALL.len()],
            durations: self.durations.get_or_create_owned(&labels),
            fuel: self.fuel.get_or_create_owned(&labels),
            host_calls: self.host_calls.get_or_create_owned(&labels),
            memory: self.memory.get_or_create_owned(&labels),
            memory_max: self.memory_max.get_or_create_owned(&labels),
            read: self.read.get_or_create_owned(&labels),
            written: self.written.get_or_create_owned(&labels),
            requests: self.requests.get_or_create_owned(&labels),
            sent: self.sent.get_or_create_owned(&labels),
            received: self.received.get_or_create_owned(&labels),
        }
    }
}

/// Registers families of plugins.
struct Named<'a>(&'a mut Registry);

impl Named<'_> {
    fn plain<M: prometheus_client::registry::Metric + Clone>(
        &mut self,
        name: &str,
        help: &str,
        metric: &M,
    ) {
        self.0
            .register(format!("plugin_{name}"), help, metric.clone());
    }

    fn unit<M: prometheus_client::registry::Metric + Clone>(
        &mut self,
        name: &str,
        help: &str,
        unit: Unit,
        metric: &M,
    ) {
        self.0
            .register_with_unit(format!("plugin_{name}"), help, unit, metric.clone());
    }
}

impl Series {
    fn add(&self, families: &Families, execution: &Execution) {
        let status = execution.status;
        if let Some(calls) = self.calls.get(status as usize) {
            let calls = calls.get_or_init(|| {
                families.calls.get_or_create_owned(&CallLabels {
                    plugin: self.plugin.clone(),
                    status: status.as_str(),
                })
            });
            calls.inc();
        }
        self.durations.observe(execution.duration.as_secs_f64());
        let usage = &execution.usage;
        self.fuel.inc_by(usage.fuel_used.unwrap_or(0));
        self.host_calls
            .inc_by(usage.host_call_ms.unwrap_or(0.0) / 1_000.0);
        if let Some(bytes) = usage.peak_memory_bytes {
            #[expect(clippy::cast_precision_loss, reason = "exact up to 8 PiB")]
            self.memory.observe(bytes as f64);
            self.memory_max.inner().fetch_max(bytes, Ordering::Relaxed);
        }
        self.read.inc_by(usage.bytes_read.unwrap_or(0));
        self.written.inc_by(usage.bytes_written.unwrap_or(0));
        self.requests.inc_by(usage.http_requests.unwrap_or(0));
        self.sent.inc_by(usage.http_bytes_sent.unwrap_or(0));
        self.received.inc_by(usage.http_bytes_received.unwrap_or(0));
    }
}
