//! Work that holds a thread: hashing, compiling a schema, packing an archive.

use crate::error::EngineError;

/// Does it beside the threads that answer everybody else.
///
/// # Errors
/// [`EngineError::Broken`] when it panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a task of this server broke");
        EngineError::Broken
    })
}
