//! How much a script may use. REQ-SCR-6

use crate::invalid::{Findings, Invalid};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// The limits a script asks for; what is absent has the server's default. They
/// are for the whole tree of its processes, unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptLimits {
    /// Processor time, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<u32>,
    /// Memory, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// Processes and threads at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
    /// Open files of each process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u32>,
    /// Each file that it writes, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size_mib: Option<u32>,
    /// Kept of each of stdout and stderr, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_kib: Option<u32>,
}

/// The server's default and its maximum for each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptLimitRange {
    /// What a script gets that asks for nothing.
    pub default: ScriptLimitsInForce,
    /// The most that a script may ask for.
    pub maximum: ScriptLimitsInForce,
}

/// The limits of one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptLimitsInForce {
    /// Processor time of all processes together.
    pub cpu: Duration,
    /// Memory of all processes together, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Open files of each process.
    pub open_files: u32,
    /// Each file that is written, in bytes.
    pub file_bytes: u64,
    /// Kept of each of stdout and stderr, in bytes.
    pub output_bytes: usize,
}

impl Default for ScriptLimitRange {
    fn default() -> Self {
        Self {
            default: ScriptLimitsInForce {
                cpu: Duration::from_mins(10),
                memory_bytes: 2 << 30,
                processes: 256,
                open_files: 1_024,
                file_bytes: 8 << 30,
                output_bytes: 256 << 10,
            },
            maximum: ScriptLimitsInForce {
                cpu: Duration::from_hours(24),
                memory_bytes: 256 << 30,
                processes: 16_384,
                open_files: 65_536,
                file_bytes: 1 << 40,
                output_bytes: 4 << 20,
            },
        }
    }
}

impl ScriptLimits {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn wanted(&self) -> [(&'static str, Option<u32>); 6] {
        [
            ("cpu_seconds", self.cpu_seconds),
            ("memory_mib", self.memory_mib),
            ("processes", self.processes),
            ("open_files", self.open_files),
            ("file_size_mib", self.file_size_mib),
            ("output_kib", self.output_kib),
        ]
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        for (name, wanted) in self.wanted() {
            findings.require(
                wanted != Some(0),
                format!("/limits/{name}"),
                "must be greater than zero",
            );
        }
    }

    /// The limits of an execution, or which of them exceeds the server's
    /// maximum. Pointers begin with `/config`.
    pub fn within(&self, range: &ScriptLimitRange) -> Result<ScriptLimitsInForce, Invalid> {
        let max = &range.maximum;
        let most = [
            max.cpu.as_secs(),
            max.memory_bytes >> 20,
            u64::from(max.processes),
            u64::from(max.open_files),
            max.file_bytes >> 20,
            (max.output_bytes >> 10) as u64,
        ];
        let mut findings = Findings::default();
        for ((name, wanted), most) in self.wanted().into_iter().zip(most) {
            findings.require(
                wanted.is_none_or(|wanted| u64::from(wanted) <= most),
                format!("/config/limits/{name}"),
                format!("must be at most {most}, this server's maximum"),
            );
        }
        findings.finish()?;
        let default = &range.default;
        let mib = |wanted: u32| u64::from(wanted) << 20;
        Ok(ScriptLimitsInForce {
            cpu: self
                .cpu_seconds
                .map_or(default.cpu, |s| Duration::from_secs(u64::from(s))),
            memory_bytes: self.memory_mib.map_or(default.memory_bytes, mib),
            processes: self.processes.unwrap_or(default.processes),
            open_files: self.open_files.unwrap_or(default.open_files),
            file_bytes: self.file_size_mib.map_or(default.file_bytes, mib),
            output_bytes: self
                .output_kib
                .map_or(default.output_bytes, |kib| (kib as usize) << 10),
        })
    }
}
