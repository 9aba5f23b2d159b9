//! Counts what a guest reads from and writes to granted files.
//!
//! The functions of `wasi:filesystem` through which bytes go are put in front
//! of the engine's own, and call them. REQ-WASM-3

use super::state::State;
use super::traffic::Traffic;
use bytes::Bytes;
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{ErrorCode, HostDescriptor as _};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, FsResult, InputStream, OutputStream, Pollable, StreamResult,
};

/// The version that the engine links; guests that ask for an older one get it.
const TYPES: &str = "wasi:filesystem/types@0.2.12";

type File = Resource<Descriptor>;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap_async(
        "[method]descriptor.read",
        |mut store: StoreContextMut<'_, State>, (file, length, offset): (File, u64, u64)| {
            Box::new(async move {
                let state = store.data_mut();
                let read = state.filesystem().read(file, length, offset).await;
                if let Ok((bytes, _)) = &read {
                    state.traffic.read(bytes.len() as u64);
                }
                answer(read)
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.write",
        |mut store: StoreContextMut<'_, State>, (file, bytes, offset): (File, Vec<u8>, u64)| {
            Box::new(async move {
                let state = store.data_mut();
                let written = state.filesystem().write(file, bytes, offset).await;
                if let Ok(bytes) = &written {
                    state.traffic.wrote(*bytes);
                }
                answer(written)
            })
        },
    )?;
    types.func_wrap(
        "[method]descriptor.read-via-stream",
        |mut store: StoreContextMut<'_, State>, (file, offset): (File, u64)| {
            let state = store.data_mut();
            let stream = state.filesystem().read_via_stream(file, offset);
            answer(stream.and_then(|stream| state.count_input(stream)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: StoreContextMut<'_, State>, (file, offset): (File, u64)| {
            let state = store.data_mut();
            let stream = state.filesystem().write_via_stream(file, offset);
            answer(stream.and_then(|stream| state.count_output(stream)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: StoreContextMut<'_, State>, (file,): (File,)| {
            let state = store.data_mut();
            let stream = state.filesystem().append_via_stream(file);
            answer(stream.and_then(|stream| state.count_output(stream)))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// An error code goes to the guest, anything else ends it.
fn answer<T>(result: FsResult<T>) -> wasmtime::Result<(Result<T, ErrorCode>,)> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => error.downcast().map(|code| (Err(code),)),
    }
}

impl State {
    fn count_input(
        &mut self,
        stream: Resource<DynInputStream>,
    ) -> FsResult<Resource<DynInputStream>> {
        let traffic = Arc::clone(&self.traffic);
        let table = self.filesystem().table;
        let stream = table.delete(stream)?;
        let counted: DynInputStream = Box::new(Counted { stream, traffic });
        Ok(table.push(counted)?)
    }

    fn count_output(
        &mut self,
        stream: Resource<DynOutputStream>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let traffic = Arc::clone(&self.traffic);
        let table = self.filesystem().table;
        let stream = table.delete(stream)?;
        let counted: DynOutputStream = Box::new(Counted { stream, traffic });
        Ok(table.push(counted)?)
    }
}

/// A stream of a file, and where its bytes are counted.
struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

#[async_trait]
impl Pollable for Counted<DynInputStream> {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}

#[async_trait]
impl InputStream for Counted<DynInputStream> {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let bytes = self.stream.read(size)?;
        self.traffic.read(bytes.len() as u64);
        Ok(bytes)
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        let bytes = self.stream.blocking_read(size).await?;
        self.traffic.read(bytes.len() as u64);
        Ok(bytes)
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}

#[async_trait]
impl Pollable for Counted<DynOutputStream> {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}

#[async_trait]
impl OutputStream for Counted<DynOutputStream> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let length = bytes.len() as u64;
        self.stream.write(bytes)?;
        self.traffic.wrote(length);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.stream.check_write()
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        let length = bytes.len() as u64;
        self.stream.blocking_write_and_flush(bytes).await?;
        self.traffic.wrote(length);
        Ok(())
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}
