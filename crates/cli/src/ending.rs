//! What the exit code says.

use std::process::ExitCode;

/// The part of `--help` that explains the exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; `stage run`: proceed; `hook test`, `plugin run`: it succeeded
  1  an error (it is on stderr); `hook test`: the hook did not succeed; `webhook verify`: it is not genuine
  2  `stage run`: halt, the pipeline must stop here; `plugin run`: the plugin ran and did not succeed";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It did what it was asked to; a stage: proceed.
    Ok,
    /// It could not, or what was tested is not as it should be.
    Error,
    /// The stage halts, or a plugin that was run did not succeed.
    Halt,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Ok => 0,
            Ending::Error => 1,
            Ending::Halt => 2,
        })
    }
}
