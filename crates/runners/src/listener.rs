//! What a hook prints, while it runs.

use stagehook_core::contract::HookInput;
use std::fmt;

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// The name used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Hears what hooks print, line by line, as it is printed. What it hears is
/// bounded; the record of the execution has the rest.
///
/// It is called where the hook is watched over, so it must not wait.
pub trait OutputListener: fmt::Debug + Send + Sync {
    /// The hook that was told this printed a line; without its end.
    fn line(&self, input: &HookInput, stream: OutputStream, line: &str);
}
