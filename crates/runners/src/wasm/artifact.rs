//! Loads compiled code.

use super::compile::Artifact;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads what a compiler of this process has just made.
///
/// A wrong version or other options of the engine are found and refused. An
/// artifact that was tampered with would not be: that is why [`Artifact`]s are
/// made in one place only, out of the output of a compiler that this process
/// started, and are never read from anywhere else.
#[expect(
    unsafe_code,
    reason = "compiled code is native code; the type says that our own compiler made it"
)]
pub(super) fn load(engine: &Engine, artifact: &Artifact) -> wasmtime::Result<Component> {
    // SAFETY: the bytes are the unmodified output of `precompile_component`,
    // taken from a child that this process started from its own program, over
    // a pipe that nobody else holds.
    unsafe { Component::deserialize(engine, artifact.as_bytes()) }
}
