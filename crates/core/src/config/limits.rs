//! How much a wasm hook may use. REQ-WASM-2

use super::TIMEOUT_MAX_SECONDS;
use crate::invalid::{Findings, Invalid};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// The limits a hook asks for; what is absent has the server's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Units of fuel, about one per WebAssembly instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// Wall clock, in seconds, host calls included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// All memories and tables of the instance together, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// Kept of each of stdout and stderr, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_kib: Option<u32>,
}

/// The server's default and its maximum for each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRange {
    /// What a hook gets that asks for nothing.
    pub default: LimitsInForce,
    /// The most that a hook may ask for.
    pub maximum: LimitsInForce,
}

/// The limits of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsInForce {
    /// Units of fuel.
    pub fuel: u64,
    /// Wall clock, host calls included.
    pub timeout: Duration,
    /// All memories and tables together, in bytes.
    pub memory_bytes: usize,
    /// Kept of each of stdout and stderr, in bytes.
    pub output_bytes: usize,
}

impl Default for LimitRange {
    fn default() -> Self {
        Self {
            default: LimitsInForce {
                fuel: 10_000_000_000,
                timeout: Duration::from_secs(30),
                memory_bytes: 128 << 20,
                output_bytes: 64 << 10,
            },
            maximum: LimitsInForce {
                fuel: 1_000_000_000_000,
                timeout: Duration::from_hours(1),
                memory_bytes: 1 << 30,
                output_bytes: 1 << 20,
            },
        }
    }
}

impl Limits {
    pub(super) fn check(&self, findings: &mut Findings) {
        findings.require(
            self.fuel != Some(0),
            "/limits/fuel",
            "must be greater than zero",
        );
        super::check_timeout(findings, "/limits/timeout_seconds", self.timeout_seconds);
        findings.require(
            self.memory_mib != Some(0),
            "/limits/memory_mib",
            "must be greater than zero",
        );
        findings.require(
            self.output_kib != Some(0),
            "/limits/output_kib",
            "must be greater than zero",
        );
    }

    /// The limits of an execution, or which of them exceeds the server's
    /// maximum. Pointers begin with `/config`.
    pub fn within(&self, range: &LimitRange) -> Result<LimitsInForce, Invalid> {
        let mut findings = Findings::default();
        let max = &range.maximum;
        let mut at_most = |name: &str, wanted: Option<u64>, most: u64| {
            if let Some(wanted) = wanted {
                findings.require(
                    wanted <= most,
                    format!("/config/limits/{name}"),
                    format!("must be at most {most}, this server's maximum"),
                );
            }
        };
        at_most("fuel", self.fuel, max.fuel);
        at_most(
            "timeout_seconds",
            self.timeout_seconds.map(u64::from),
            max.timeout.as_secs().min(u64::from(TIMEOUT_MAX_SECONDS)),
        );
        at_most(
            "memory_mib",
            self.memory_mib.map(u64::from),
            (max.memory_bytes >> 20) as u64,
        );
        at_most(
            "output_kib",
            self.output_kib.map(u64::from),
            (max.output_bytes >> 10) as u64,
        );
        findings.finish()?;
        let default = &range.default;
        Ok(LimitsInForce {
            fuel: self.fuel.unwrap_or(default.fuel),
            timeout: self
                .timeout_seconds
                .map_or(default.timeout, |s| Duration::from_secs(u64::from(s))),
            memory_bytes: self
                .memory_mib
                .map_or(default.memory_bytes, |mib| (mib as usize) << 20),
            output_bytes: self
                .output_kib
                .map_or(default.output_bytes, |kib| (kib as usize) << 10),
        })
    }
}
