//! Scripts that are not as scripts should be. REQ-SCR-1

use super::arena::Accomplice;
use super::case::{Case, ends, fails, passes};
use anyhow::Result;
use stagehook_core::execution::ExecutionStatus::HostError;
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Scripts that are not as scripts should be.
pub fn cases() -> Vec<Case> {
    vec![
        Case::shell(
            "one that somebody is writing",
            "#!/bin/sh\nexit 0\n",
            passes(),
        )
        .staged(held_for_writing),
        Case::shell("no first line of its own", "exit 0", passes()),
        Case::shell(
            "line ends as on Windows",
            "#!/bin/sh\r\nif true; then\r\nexit 0\r\nfi\r\nexit 3\r\n",
            passes(),
        ),
        Case::shell("not executable", "#!/bin/sh\nexit 0\n", passes()).staged(not_executable),
        Case::shell("a directory", "", ends(HostError, "is a directory")).staged(directory),
        Case::shell("a pipe", "", ends(HostError, "is not a regular file")).staged(pipe),
        Case::shell(
            "an interpreter that does not exist",
            "#!/nowhere/bin/zsh\n",
            ends(HostError, "names the interpreter /nowhere/bin/zsh"),
        ),
        Case::shell(
            "a compiled program",
            "\x7fELF\x02\x01\x01",
            ends(HostError, "is a compiled program"),
        ),
        Case::shell(
            "one that is not there",
            "",
            ends(HostError, "does not exist"),
        )
        .path("elsewhere"),
        Case::python("no text at all, for Python", "x\0\u{1}(", fails()),
    ]
}

/// Running the file itself would be refused (`ETXTBSY`).
fn held_for_writing(scripts: &Path) -> Result<Accomplice> {
    let path = scripts.join("hook");
    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    Ok(Box::new(OpenOptions::new().append(true).open(path)?))
}

fn not_executable(scripts: &Path) -> Result<Accomplice> {
    fs::set_permissions(scripts.join("hook"), Permissions::from_mode(0o600))?;
    Ok(Box::new(()))
}

fn directory(scripts: &Path) -> Result<Accomplice> {
    fs::remove_file(scripts.join("hook"))?;
    fs::create_dir(scripts.join("hook"))?;
    Ok(Box::new(()))
}

fn pipe(scripts: &Path) -> Result<Accomplice> {
    fs::remove_file(scripts.join("hook"))?;
    rustix::fs::mkfifoat(rustix::fs::CWD, scripts.join("hook"), 0o600.into())?;
    Ok(Box::new(()))
}
