//! Which limit ended a guest, and how people are told. REQ-WASM-2

use super::bounds;
use super::call::Called;
use super::traffic::Breach;
use stagehook_core::config::LimitsInForce;
use stagehook_core::execution::ExecutionStatus;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::{I32Exit, ResourceTableError};

/// How it ended, in our words.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) status: ExecutionStatus,
    pub(super) error: String,
    pub(super) exit_code: Option<i32>,
}

impl Verdict {
    fn new(status: ExecutionStatus, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            exit_code: None,
        }
    }
}

/// Host functions that refuse a guest too much say so only by text; the engine
/// has no types for these. The tests of this crate meet each of them.
const TOLD_BY_TEXT: [(&str, Told); 5] = [
    (
        "fuel allocated for hostcalls has been exhausted",
        Told::HostCall,
    ),
    ("exceeds limit", Told::Random),
    ("cannot allocate another handle", Told::Resources),
    ("cannot lend resource", Told::Resources),
    ("resource limit exceeded: ", Told::Parts),
];

#[derive(Clone, Copy)]
enum Told {
    HostCall,
    Random,
    Resources,
    /// Core instances, memories or tables.
    Parts,
}

impl Told {
    /// What was used and what is allowed, as far as the engine says so.
    fn name(self, cause: &str) -> String {
        match self {
            Self::HostCall => format!(
                "data handed to the host in one call: more than the {} bytes that are allowed",
                bounds::HOST_CALL_BYTES
            ),
            Self::Random => format!(
                "random bytes asked for at once: {}, where {} are allowed",
                number(cause).unwrap_or("more"),
                bounds::RANDOM_BYTES
            ),
            Self::Resources => resources(),
            Self::Parts => {
                let used = number(cause).unwrap_or("more");
                let (what, allowed) = if cause.contains("memory") {
                    ("memories", bounds::MEMORIES)
                } else if cause.contains("table") {
                    ("tables", bounds::TABLES)
                } else {
                    ("core instances", bounds::INSTANCES)
                };
                format!("{what}: {used}, where {allowed} are allowed")
            }
        }
    }
}

fn resources() -> String {
    format!(
        "host resources held: more than the {} that are allowed",
        bounds::HOST_RESOURCES
    )
}

/// The first number in a text of the engine.
fn number(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty())
}

/// Why a guest that did not answer ended.
pub(super) fn of_broken(
    error: &wasmtime::Error,
    called: &Called,
    limits: &LimitsInForce,
) -> Verdict {
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        return Verdict::new(
            ExecutionStatus::OutOfFuel,
            format!("used up its {} units of fuel (limits.fuel)", limits.fuel),
        );
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Verdict {
            exit_code: Some(*code),
            ..Verdict::new(
                ExecutionStatus::Failed,
                format!("exited with status {code} instead of answering"),
            )
        };
    }
    if trap == Some(&Trap::StackOverflow) {
        return limit(&format!(
            "call stack: more than the {} KiB that are allowed (recursion without end?)",
            bounds::WASM_STACK_BYTES >> 10
        ));
    }
    if called.limiter.is_denied() {
        return out_of_memory(called, limits);
    }
    if error.is::<ResourceTableError>() {
        return limit(&resources());
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Verdict::new(
            ExecutionStatus::HostError,
            "no free slot for the plugin's memories or tables: too much runs at the same time",
        );
    }
    if let Some(trap) = trap {
        return Verdict::new(ExecutionStatus::Failed, trapped(*trap));
    }
    let cause = error.root_cause().to_string();
    match TOLD_BY_TEXT.iter().find(|(text, _)| cause.contains(text)) {
        Some((_, told)) => limit(&told.name(&cause)),
        None => Verdict::new(
            ExecutionStatus::Failed,
            format!("broke the rules of its sandbox: {cause}"),
        ),
    }
}

pub(super) fn of_timeout(called: &Called, limits: &LimitsInForce) -> Verdict {
    let last = called
        .progress
        .as_ref()
        .map(|progress| format!("; the last it said was: {progress}"))
        .unwrap_or_default();
    Verdict::new(
        ExecutionStatus::TimedOut,
        format!(
            "took longer than {} s and was ended{last}",
            limits.timeout.as_secs_f64()
        ),
    )
}

pub(super) fn of_cancellation() -> Verdict {
    Verdict::new(ExecutionStatus::Cancelled, "was cancelled")
}

/// It sent, received or asked for more than it may.
pub(super) fn of_breach(breach: &Breach) -> Verdict {
    limit(&breach.to_string())
}

fn limit(name: &str) -> Verdict {
    Verdict::new(
        ExecutionStatus::LimitExceeded,
        format!("went beyond a limit: {name}"),
    )
}

fn out_of_memory(called: &Called, limits: &LimitsInForce) -> Verdict {
    Verdict::new(
        ExecutionStatus::OutOfMemory,
        format!(
            "asked for more than its {} MiB of memory (limits.memory_mib); it had {} MiB",
            limits.memory_bytes >> 20,
            called.limiter.peak_bytes() >> 20
        ),
    )
}

fn trapped(trap: Trap) -> String {
    match trap {
        Trap::UnreachableCodeReached => {
            "trapped: it reached code that it says cannot be reached (a panic or an abort; its \
             stderr may say why)"
                .to_owned()
        }
        Trap::MemoryOutOfBounds => "trapped: out of bounds memory access (which is also how \
             recursion without end overflows a stack that it keeps in its memory)"
            .to_owned(),
        trap => {
            let text = trap.to_string();
            format!("trapped: {}", text.trim_start_matches("wasm trap: "))
        }
    }
}
