//! Attacks on what is not the script's own. REQ-SCR-2, REQ-SCR-6, REQ-SCR-7

use super::arena::{Accomplice, OUTSIDE};
use super::case::{Case, Ending, Expected, ends, passes};
use anyhow::Result;
use stagehook_core::execution::ExecutionStatus::Refused;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

const NOT_SAVED: Expected = Expected {
    ending: Ending::NotSaved,
    told: "",
    learns: false,
};
/// Whichever of both it is at that moment: what runs is what is inside.
const INSIDE: Expected = Expected {
    ending: Ending::Any,
    ..NOT_SAVED
};
/// A script that is not confined runs as the server's user, for whom the kernel
/// opens the server's own `/proc/<pid>/environ`. That is why there is a sandbox.
const LEARNS: Expected = Expected {
    learns: true,
    ..passes()
};

/// Attacks on what is not the script's own.
pub fn cases() -> Vec<Case> {
    vec![
        Case::shell("secrets in its own environment", "env; set", passes()),
        Case::shell(
            "secrets in the environment of the server",
            "cat /proc/$PPID/environ /proc/1/environ /proc/[0-9]*/environ 2> /dev/null; exit 0",
            passes(),
        )
        .unconfined(LEARNS),
        Case::python(
            "secrets in the environment of the server, in Python",
            "import glob, os
for path in [f'/proc/{os.getppid()}/environ', *glob.glob('/proc/[0-9]*/environ')]:
    try:
        print(open(path, 'rb').read())
    except OSError:
        pass
",
            passes(),
        )
        .unconfined(LEARNS),
        // By bash, without a process or a pipe of its own, which would have more
        // of them; it keeps the script open as 255.
        Case::shell(
            "inherited descriptors",
            "#!/bin/bash
            for fd in {3..254}; do [[ -e /proc/$$/fd/$fd ]] && exit 3; done; exit 0",
            passes(),
        ),
        Case::python(
            "inherited descriptors, in Python",
            "import os
for fd in range(3, 1024):
    try:
        os.fstat(fd)
    except OSError:
        continue
    raise SystemExit(f'{fd} is open: ' + os.readlink(f'/proc/self/fd/{fd}'))
",
            passes(),
        ),
        Case::shell("a path with ..", "", NOT_SAVED).path("../outside/hook"),
        Case::shell("a path with .. in the middle", "", NOT_SAVED).path("a/../../outside/hook"),
        Case::shell("an absolute path", "", NOT_SAVED).path("/etc/passwd"),
        Case::shell(
            "a link that leads out",
            "",
            ends(Refused, "leads out of the scripts directory"),
        )
        .path("link/hook")
        .staged(link),
        Case::shell("a link that is swapped in a loop", "", INSIDE)
            .path("link/hook")
            .staged(swapped_link)
            .rounds(50),
    ]
}

/// A directory outside with a script that says that it is.
fn outside(scripts: &Path) -> Result<PathBuf> {
    let outside = scripts.with_file_name("outside");
    fs::create_dir_all(&outside)?;
    fs::write(outside.join("hook"), format!("echo '{OUTSIDE}'"))?;
    Ok(outside)
}

fn link(scripts: &Path) -> Result<Accomplice> {
    symlink(outside(scripts)?, scripts.join("link"))?;
    Ok(Box::new(()))
}

/// Points a link inside and outside, in turns.
struct Swapper {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

fn swapped_link(scripts: &Path) -> Result<Accomplice> {
    let outside = outside(scripts)?;
    let inside = scripts.join("inside");
    fs::create_dir(&inside)?;
    fs::write(inside.join("hook"), "exit 0")?;
    let (link, staged) = (scripts.join("link"), scripts.join("staged"));
    let over = Arc::new(AtomicBool::new(false));
    let thread = thread::spawn({
        let over = Arc::clone(&over);
        move || {
            while !over.load(Ordering::Relaxed) {
                for target in [outside.as_path(), Path::new("inside")] {
                    // Where this fails, nothing is swapped, and the next may.
                    let _ = symlink(target, &staged).and_then(|()| fs::rename(&staged, &link));
                }
            }
        }
    });
    Ok(Box::new(Swapper {
        over,
        thread: Some(thread),
    }))
}

impl Drop for Swapper {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
