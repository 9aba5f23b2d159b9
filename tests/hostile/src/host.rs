//! What the host itself uses, as the kernel counts it.

use anyhow::{Context as _, Result};
use std::fs;

/// Most memory resident at once since [`reset_peak_memory`], in bytes.
///
/// # Errors
///
/// Where `/proc` says nothing of it.
pub fn peak_memory_bytes() -> Result<u64> {
    status("VmHWM:")
}

/// Memory that is resident now, in bytes.
///
/// # Errors
///
/// Where `/proc` says nothing of it.
pub fn resident_bytes() -> Result<u64> {
    status("VmRSS:")
}

/// Makes the kernel count the peak anew.
///
/// # Errors
///
/// Where the kernel does not allow it.
pub fn reset_peak_memory() -> Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of memory")
}

/// How many files are open.
///
/// # Errors
///
/// Where `/proc` says nothing of it.
pub fn open_files() -> Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count())
}

fn status(key: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .and_then(|rest| rest.split_whitespace().next())
        .with_context(|| format!("no {key} in /proc/self/status"))?
        .parse()?;
    Ok(kib << 10)
}
