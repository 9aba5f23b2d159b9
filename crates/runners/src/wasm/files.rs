//! Counts what a guest reads from and writes to granted files, and bounds how
//! many of them it holds open.
//!
//! The functions of `wasi:filesystem` through which bytes go, and those that
//! open and close files, are put in front of the engine's own, and call them.
//! REQ-WASM-2, REQ-WASM-3

use super::open_files::{OpenFile, TooMany};
use super::state::State;
use super::traffic::Traffic;
use bytes::Bytes;
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor as _, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, FsResult, InputStream, OutputStream, Pollable, StreamResult,
};

/// The version that the engine links; guests that ask for an older one get it.
const TYPES: &str = "wasi:filesystem/types@0.2.12";
/// Longest line about a file that was not opened, in bytes.
const LINE_BYTES: usize = 512;

type File = Resource<Descriptor>;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    bound_open_files(&mut types)?;
    count_bytes(&mut types)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn bound_open_files(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Open = (File, PathFlags, String, OpenFlags, DescriptorFlags);
    types.func_wrap_async(
        "[method]descriptor.open-at",
        |mut store: StoreContextMut<'_, State>, (directory, how, path, open, flags): Open| {
            Box::new(async move {
                let state = store.data_mut();
                let place = match state.place_of_file() {
                    Ok(place) => place,
                    Err(code) => return Ok((Err(code),)),
                };
                let mut filesystem = state.filesystem();
                let opened = filesystem.open_at(directory, how, path, open, flags).await;
                if let Ok(file) = &opened {
                    state.open_files.hold(file.rep(), place);
                }
                answer(opened)
            })
        },
    )?;
    types.resource(
        "descriptor",
        ResourceType::host::<Descriptor>(),
        |mut store, handle| {
            let state = store.data_mut();
            state.filesystem().drop(Resource::new_own(handle))?;
            state.open_files.release(handle);
            Ok(())
        },
    )
}

fn count_bytes(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
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
            let open = state.open_files.held(file.rep());
            let stream = state.filesystem().read_via_stream(file, offset);
            answer(stream.and_then(|stream| state.count_input(stream, open)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: StoreContextMut<'_, State>, (file, offset): (File, u64)| {
            let state = store.data_mut();
            let open = state.open_files.held(file.rep());
            let stream = state.filesystem().write_via_stream(file, offset);
            answer(stream.and_then(|stream| state.count_output(stream, open)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: StoreContextMut<'_, State>, (file,): (File,)| {
            let state = store.data_mut();
            let open = state.open_files.held(file.rep());
            let stream = state.filesystem().append_via_stream(file);
            answer(stream.and_then(|stream| state.count_output(stream, open)))
        },
    )
}

/// An error code goes to the guest, anything else ends it.
fn answer<T>(result: FsResult<T>) -> wasmtime::Result<(Result<T, ErrorCode>,)> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => error.downcast().map(|code| (Err(code),)),
    }
}

impl State {
    /// A place for another open file. What the guest cannot be told by a code,
    /// the log says.
    fn place_of_file(&self) -> Result<OpenFile, ErrorCode> {
        self.open_files.place().map_err(|too_many| {
            self.stderr
                .write_line("files", format!("not opened: {too_many}"), LINE_BYTES);
            if let TooMany::Own(breach) = too_many {
                self.traffic.breached(breach);
            }
            ErrorCode::Quota
        })
    }

    fn count_input(
        &mut self,
        stream: Resource<DynInputStream>,
        open: Option<OpenFile>,
    ) -> FsResult<Resource<DynInputStream>> {
        let traffic = Arc::clone(&self.traffic);
        let table = self.filesystem().table;
        let stream = table.delete(stream)?;
        let counted: DynInputStream = Box::new(Counted {
            stream,
            traffic,
            _open: open,
        });
        Ok(table.push(counted)?)
    }

    fn count_output(
        &mut self,
        stream: Resource<DynOutputStream>,
        open: Option<OpenFile>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let traffic = Arc::clone(&self.traffic);
        let table = self.filesystem().table;
        let stream = table.delete(stream)?;
        let counted: DynOutputStream = Box::new(Counted {
            stream,
            traffic,
            _open: open,
        });
        Ok(table.push(counted)?)
    }
}

/// A stream of a file, and where its bytes are counted.
struct Counted<S> {
    stream: S,
    traffic: Arc<Traffic>,
    /// The file stays open as long as this is there.
    _open: Option<OpenFile>,
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
