//! What compiling one component may take.

use std::fmt;
use std::time::Duration;

/// What compiling one component may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Time, by the clock on the wall.
    pub time: Duration,
    /// Time of processors, all threads together; whole seconds.
    pub processor_time: Duration,
    /// Address space of the compiler, in bytes.
    pub memory_bytes: u64,
    /// Compiled code, in bytes.
    pub code_bytes: u64,
    /// Threads that compile. Never more than the host has processors.
    pub threads: u16,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(2),
            processor_time: Duration::from_secs(100),
            // What a component of 40 MB takes, several times over.
            memory_bytes: 4 << 30,
            code_bytes: 1 << 30,
            threads: 4,
        }
    }
}

/// Which limit a compiler reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompileLimit {
    /// Time, by the clock on the wall.
    Time(Duration),
    /// Time of processors.
    ProcessorTime(Duration),
    /// Memory, in bytes.
    Memory(u64),
    /// Compiled code, in bytes.
    Code(u64),
    /// The compiler's own stack: something is nested too deeply.
    Stack,
}

impl fmt::Display for CompileLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(most) => write!(f, "time (more than {} s)", most.as_secs_f64()),
            Self::ProcessorTime(most) => {
                write!(f, "processor time (more than {} s)", most.as_secs_f64())
            }
            Self::Memory(most) => write!(f, "memory (more than {} MiB)", most >> 20),
            Self::Code(most) => write!(f, "space (more than {} MiB of code)", most >> 20),
            Self::Stack => f.write_str("stack (something in it is nested too deeply)"),
        }
    }
}

/// The limits that the child sets for itself, as the first bytes of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InChild {
    pub(super) processor_seconds: u64,
    pub(super) memory_bytes: u64,
    pub(super) code_bytes: u64,
    pub(super) threads: u64,
}

/// How long [`InChild`] is on the wire, in bytes.
pub(super) const IN_CHILD_BYTES: usize = 32;

impl From<&CompileLimits> for InChild {
    fn from(limits: &CompileLimits) -> Self {
        Self {
            // Zero would mean at once; part of a second counts as a whole one.
            processor_seconds: limits
                .processor_time
                .as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX)
                .max(1),
            memory_bytes: limits.memory_bytes,
            code_bytes: limits.code_bytes,
            threads: limits.threads.into(),
        }
    }
}

impl InChild {
    pub(super) fn to_bytes(self) -> [u8; IN_CHILD_BYTES] {
        let fields = [
            self.processor_seconds,
            self.memory_bytes,
            self.code_bytes,
            self.threads,
        ];
        let mut bytes = [0; IN_CHILD_BYTES];
        for (place, field) in bytes.chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; IN_CHILD_BYTES]) -> Self {
        let mut fields = [0; 4];
        for (field, place) in fields.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *field = u64::from_le_bytes(*place);
        }
        let [processor_seconds, memory_bytes, code_bytes, threads] = fields;
        Self {
            processor_seconds,
            memory_bytes,
            code_bytes,
            threads,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_child_reads_what_was_written() {
        let sent = InChild {
            processor_seconds: 100,
            memory_bytes: 4 << 30,
            code_bytes: 1 << 30,
            threads: 3,
        };
        assert_eq!(InChild::from_bytes(sent.to_bytes()), sent);
    }

    #[test]
    fn a_part_of_a_second_is_a_second() {
        let limits = CompileLimits {
            processor_time: Duration::from_millis(100),
            ..CompileLimits::default()
        };
        assert_eq!(InChild::from(&limits).processor_seconds, 1);
    }
}
