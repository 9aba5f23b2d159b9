//! What `sandbox-init` reports of a program's end.

use super::sys::Reaped;
use rustix::fs::{OFlags, fcntl_setfl};
use std::io::{self, PipeReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

/// Longer is nothing that it says.
const REPORT_BYTES: usize = 64;

/// How a confined program ended.
#[derive(Debug)]
pub(super) enum Report {
    /// So.
    Ended(Reaped),
    /// Not at all: it could not be started.
    NotStarted(io::Error),
    /// Nothing was reported: the sandbox could not be set up, or somebody killed
    /// its first process.
    Nothing,
}

/// Reads it, once every process of the sandbox is gone. Waits for nobody.
pub(super) fn read(pipe: &PipeReader) -> Report {
    let mut buffer = [0; REPORT_BYTES];
    let read = fcntl_setfl(pipe, OFlags::NONBLOCK)
        .and_then(|()| rustix::io::read(pipe, &mut buffer))
        .unwrap_or(0);
    let line = std::str::from_utf8(&buffer[..read]).unwrap_or_default();
    let mut words = line.split_ascii_whitespace();
    let (Some(what), Some(number)) = (words.next(), words.next()) else {
        return Report::Nothing;
    };
    let mut used = words.map(|word| word.parse::<u64>().unwrap_or_default());
    let cpu = Duration::from_micros(used.next().unwrap_or_default());
    let peak_memory_bytes = used.next().unwrap_or_default() << 10;
    let ended = |status| {
        Report::Ended(Reaped {
            status: ExitStatus::from_raw(status),
            cpu,
            peak_memory_bytes,
        })
    };
    match (what, number.parse::<i32>()) {
        // As in a wait status.
        ("exit", Ok(status)) => ended(status << 8),
        ("signal", Ok(signal)) => ended(signal),
        ("error", Ok(error)) => Report::NotStarted(io::Error::from_raw_os_error(error)),
        _ => Report::Nothing,
    }
}
