//! Loads compiled code.

use super::compile::Compiled;
use super::sealed::Authenticated;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Compiled code that our own compiler made. Where it comes from is its proof:
/// neither variant's content can be made, or changed, anywhere else.
pub(super) enum Artifact<'a> {
    /// From a compiler that this process started.
    Compiled(&'a Compiled),
    /// From the disk, sealed with the key of this server for this component and
    /// engines like this one.
    Authenticated(&'a Authenticated),
}

/// Loads compiled code: copies it into memory of its own and makes that
/// executable.
///
/// A wrong version or other options of the engine are found and refused. Code
/// that was tampered with would not be: hence the type.
#[expect(
    unsafe_code,
    reason = "compiled code is native code; the type says that our own compiler made it"
)]
pub(super) fn load(engine: &Engine, artifact: &Artifact<'_>) -> wasmtime::Result<Component> {
    let code = match artifact {
        Artifact::Compiled(compiled) => compiled.code(),
        Artifact::Authenticated(authenticated) => authenticated.code(),
    };
    // SAFETY: the bytes are the unmodified output of `precompile_component`.
    // Either a child that this process started from its own program has just
    // written them to a pipe that nobody else holds; or a server with the same
    // key sealed such bytes, for this component and this compatibility hash,
    // and their authentication code was found right in this very memory, which
    // is private to this process and borrowed immutably. The key is in a file
    // that only the user of this server reads; whoever acts as that user needs
    // no cache to run code as this server.
    unsafe { Component::deserialize(engine, code) }
}
