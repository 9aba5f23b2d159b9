//! A script that a test can meet halfway: it says that it has begun, and goes
//! on only when it is let go. No test has to guess how long anything takes.

use crate::patience::until;
use crate::studio::Studio;
use std::fs;
use std::path::{Path, PathBuf};

/// A closed gate in the middle of a script.
#[derive(Debug, Clone)]
pub struct Gate {
    closed: PathBuf,
    pid: PathBuf,
}

impl Gate {
    /// Closes a gate of this name.
    pub fn closed(studio: &Studio, name: &str) -> Self {
        let directory = studio.layout().gates();
        let gate = Self {
            closed: directory.join(format!("{name}.closed")),
            pid: directory.join(format!("{name}.pid")),
        };
        fs::write(&gate.closed, "").unwrap();
        gate
    }

    /// The lines of a shell script that wait at the gate. The gate is open also
    /// when its directory is gone, so that no script outlives its test.
    pub fn wait(&self) -> String {
        let (pid, closed) = (self.pid.display(), self.closed.display());
        format!(
            "echo $$ > '{pid}.new' && mv '{pid}.new' '{pid}'\n\
             while [ -e '{closed}' ]; do sleep 0.02; done\n"
        )
    }

    /// Waits until a script stands at the gate.
    pub async fn reached(&self) {
        until("a script stands at the gate", || self.is_reached()).await;
    }

    /// Whether a script came to the gate.
    pub fn is_reached(&self) -> bool {
        self.pid.exists()
    }

    /// Lets the script go on.
    pub fn open(&self) {
        fs::remove_file(&self.closed).unwrap();
    }

    /// Whether the script's process is still there.
    pub fn process_lives(&self) -> bool {
        let pid = fs::read_to_string(&self.pid).unwrap();
        let status = Path::new("/proc").join(pid.trim()).join("stat");
        // A zombie has ended; somebody has yet to ask how.
        fs::read_to_string(status).is_ok_and(|stat| {
            stat.rsplit_once(") ")
                .is_some_and(|(_, rest)| !rest.starts_with('Z'))
        })
    }
}

/// Counts how often a script ran.
#[derive(Debug, Clone)]
pub struct Tally(PathBuf);

impl Tally {
    /// A tally of this name.
    pub fn new(studio: &Studio, name: &str) -> Self {
        Self(studio.layout().gates().join(format!("{name}.tally")))
    }

    /// The line of a shell script that counts it.
    pub fn count(&self) -> String {
        format!("echo ran >> '{}'\n", self.0.display())
    }

    /// How often it ran.
    pub fn read(&self) -> usize {
        fs::read_to_string(&self.0).map_or(0, |text| text.lines().count())
    }
}
