//! What a plugin may call.

use std::time::Duration;

#[cfg(target_family = "wasm")]
use crate::bindings::stagehook::hook::{host, secrets};
#[cfg(not(target_family = "wasm"))]
use crate::testing::recorded::{host, secrets};

pub use crate::bindings::stagehook::hook::host::Level;
pub use crate::bindings::stagehook::hook::secrets::SecretError;

/// Adds a line to the execution's log. Long messages are cut by the host.
pub fn log(level: Level, message: &str) {
    host::log(level, message);
}

/// [`log`] at the level `debug`.
pub fn debug(message: &str) {
    log(Level::Debug, message);
}

/// [`log`] at the level `info`.
pub fn info(message: &str) {
    log(Level::Info, message);
}

/// [`log`] at the level `warn`.
pub fn warn(message: &str) {
    log(Level::Warn, message);
}

/// [`log`] at the level `error`.
pub fn error(message: &str) {
    log(Level::Error, message);
}

/// Tells who is watching how far the work is: `fraction` between 0 and 1, and a
/// line for people.
pub fn progress(fraction: Option<f32>, message: Option<&str>) {
    host::progress(fraction, message);
}

/// How much time the call has left before it is ended. Work that can stop in the
/// middle looks here, and answers with what it has.
pub fn remaining() -> Duration {
    Duration::from_millis(host::remaining_ms())
}

/// The value of a secret.
///
/// A plugin that calls this imports the `secrets` interface, and runs only as a
/// hook that grants secrets. A secret that is only sent along with a request
/// need not be read at all: write `{{secret:name}}` into a header, and the host
/// puts it there.
///
/// # Errors
///
/// [`SecretError::NotGranted`] where the hook does not grant it,
/// [`SecretError::NotFound`] where none of that name is stored.
pub fn secret(name: &str) -> Result<String, SecretError> {
    secrets::get(name)
}
