//! What belongs to one call: everything that the host functions see.

use super::bounds;
use super::host_time::HostTime;
use super::http::Http;
use super::limiter::Limiter;
use super::open_files::OpenFiles;
use super::output::Output;
use super::record::Tape;
use super::traffic::Traffic;
use crate::secrets::Redactor;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// A secret that the hook grants: its value, where one is stored.
pub(super) type GrantedSecrets = BTreeMap<String, Option<String>>;

pub(super) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    http_ctx: WasiHttpCtx,
    pub(super) http: Http,
    pub(super) traffic: Arc<Traffic>,
    pub(super) open_files: OpenFiles,
    pub(super) limiter: Limiter,
    pub(super) host_time: HostTime,
    pub(super) stdout: Output,
    /// What it prints there, and what it logs.
    pub(super) stderr: Output,
    pub(super) secrets: GrantedSecrets,
    /// The last progress that it reported, for people.
    pub(super) progress: Option<String>,
    /// When the call has to end.
    pub(super) deadline: Option<Instant>,
    /// What its calls of the host are recorded on, or replayed from.
    pub(super) tape: Option<Tape>,
}

impl State {
    /// With nothing granted but what is in `wasi` already; and what is not to
    /// be kept of what it says.
    pub(super) fn new(
        mut wasi: WasiCtxBuilder,
        memory_bytes: usize,
        output_bytes: usize,
        redactor: Redactor,
    ) -> Self {
        let stdout = Output::new(output_bytes, redactor);
        let stderr = stdout.beside(output_bytes);
        wasi.stdout(stdout.clone())
            .stderr(stderr.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(bounds::RANDOM_BYTES);
        let mut table = ResourceTable::new();
        table.set_max_capacity(bounds::HOST_RESOURCES);
        let traffic = Arc::<Traffic>::default();
        Self {
            wasi: wasi.build(),
            table,
            http_ctx: WasiHttpCtx::new(),
            http: Http::new(stderr.clone(), Arc::clone(&traffic)),
            traffic,
            open_files: OpenFiles::none(),
            limiter: Limiter::new(memory_bytes),
            host_time: HostTime::default(),
            stdout,
            stderr,
            secrets: GrantedSecrets::new(),
            progress: None,
            deadline: None,
            tape: None,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.http,
            table: &mut self.table,
            ctx: &mut self.http_ctx,
        }
    }
}
