//! Hands calls on to the host, and writes down what came back.

use super::super::bounds;
use super::super::output::Output;
use super::super::state::State;
use super::entry::{Afterwards, Entry, Trap, gives_secret};
use super::relay;
use super::secrets::Withheld;
use super::tape::{Imported, asked};
use super::value;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::mem::size_of;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wasmtime::component::types::{ComponentFunc, Type};
use wasmtime::component::{Instance, InstancePre, ResourceAny, Val};
use wasmtime::{Store, format_err};

/// A recording takes no more, in bytes of JSON.
pub(super) const RECORDING_MAX_BYTES: usize = 64 << 20;

/// What is kept of the host's own lines between two calls, in bytes.
const NOTES_BYTES: usize = 64 << 10;

pub(super) struct Recorder {
    relay: InstancePre<State>,
    /// Where the calls are made.
    host: tokio::sync::Mutex<Option<Host>>,
    written: Mutex<Written>,
}

/// The store in which the host's functions are called: with everything that the
/// plugin was granted.
struct Host {
    store: Store<State>,
    instance: Option<Instance>,
    /// What the plugin's handles stand for.
    handles: HashMap<u32, ResourceAny>,
    last_handle: u32,
    /// What the host writes into the log of its own, until the call is over.
    notes: Output,
    /// The log.
    log: Output,
}

struct Written {
    entries: Vec<Entry>,
    bytes: usize,
    knows_secret: bool,
    withheld: Withheld,
    segment_path: Option<String>,
    afterwards: Afterwards,
}

/// What was recorded.
pub(super) struct Recorded {
    pub(super) entries: Vec<Entry>,
    pub(super) is_whole: bool,
    pub(super) withheld: Withheld,
    pub(super) segment_path: Option<String>,
    pub(super) afterwards: Afterwards,
}

impl Recorder {
    pub(super) fn new(relay: InstancePre<State>, withheld: Withheld) -> Self {
        Self {
            relay,
            host: tokio::sync::Mutex::default(),
            written: Mutex::new(Written {
                entries: Vec::new(),
                bytes: 0,
                knows_secret: false,
                withheld,
                segment_path: None,
                afterwards: Afterwards::default(),
            }),
        }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note_segment(&self, path: Option<&str>) {
        self.written().segment_path = path.map(str::to_owned);
    }

    /// Takes what the plugin was granted.
    pub(super) fn begin(&self, mut state: State) {
        let log = state.stderr.clone();
        let notes = log.beside(NOTES_BYTES);
        state.http.log = notes.clone();
        let mut store = Store::new(self.relay.engine(), state);
        // The relay itself is not what is limited; its few instructions are not
        // the plugin's.
        let is_fueled = store.set_fuel(u64::MAX);
        debug_assert!(is_fueled.is_ok());
        store.set_epoch_deadline(1 << 40);
        store.set_hostcall_fuel(host_call_bytes());
        if let Ok(mut host) = self.host.try_lock() {
            *host = Some(Host {
                store,
                instance: None,
                handles: HashMap::new(),
                last_handle: 0,
                notes,
                log,
            });
        }
    }

    /// Gives back what it took.
    pub(super) fn end(&self) -> Option<State> {
        let host = self.host.try_lock().ok()?.take()?;
        let notes = host.noted();
        let state = host.store.into_data();
        let mut written = self.written();
        written.afterwards = Afterwards {
            log: written.withheld.in_text(&notes),
            breach: state.traffic.breach().cloned(),
        };
        drop(written);
        Some(state)
    }

    pub(super) async fn call(
        &self,
        function: &Imported,
        ty: &ComponentFunc,
        args: &[Value],
    ) -> wasmtime::Result<Vec<Value>> {
        let at = self.written().ask(function, args);
        let mut host = self.host.lock().await;
        let host = host
            .as_mut()
            .ok_or_else(|| format_err!("the host is gone"))?;
        let answered = host.call(&self.relay, function, ty, args).await;
        self.written().note(at, &host.noted());
        match answered {
            Ok(results) => {
                self.written().answer(at, args, &results);
                Ok(results)
            }
            Err(error) => {
                self.written().trap(at, &error);
                Err(error)
            }
        }
    }

    pub(super) async fn drop_handle(&self, number: u32) -> wasmtime::Result<()> {
        self.written().push(Entry::Drop { drop: number });
        let mut host = self.host.lock().await;
        let Some(host) = host.as_mut() else {
            return Ok(());
        };
        match host.handles.remove(&number) {
            Some(handle) => handle.resource_drop_async(&mut host.store).await,
            None => Ok(()),
        }
    }

    /// Everything that was written down.
    pub(super) fn recorded(&self) -> Recorded {
        let mut written = self.written();
        Recorded {
            is_whole: written.bytes <= RECORDING_MAX_BYTES,
            entries: std::mem::take(&mut written.entries),
            withheld: std::mem::replace(&mut written.withheld, Withheld::new([])),
            segment_path: written.segment_path.take(),
            afterwards: std::mem::take(&mut written.afterwards),
        }
    }
}

impl Host {
    /// What the host wrote into the log since it was asked last, which goes
    /// there now.
    fn noted(&self) -> String {
        let notes = self.notes.drain(NOTES_BYTES);
        self.log.write_text(&notes);
        notes
    }

    async fn call(
        &mut self,
        relay: &InstancePre<State>,
        function: &Imported,
        ty: &ComponentFunc,
        args: &[Value],
    ) -> wasmtime::Result<Vec<Value>> {
        let instance = match self.instance {
            Some(instance) => instance,
            None => relay.instantiate_async(&mut self.store).await?,
        };
        self.instance = Some(instance);
        let relayed = instance
            .get_func(&mut self.store, relay::export(function.number))
            .ok_or_else(|| format_err!("{} is not relayed", function.name))?;
        let handles = &self.handles;
        let mut resource = |number, _: &_| {
            handles
                .get(&number)
                .copied()
                .ok_or_else(|| format_err!("there is no handle {number}"))
        };
        let types: Vec<Type> = ty.params().map(|(_, ty)| ty).collect();
        let args: Vec<Val> = types
            .iter()
            .zip(args)
            .map(|(ty, arg)| value::decode(ty, arg, &mut resource))
            .collect::<Result<_, _>>()?;
        let mut results = vec![Val::Bool(false); ty.results().len()];
        relayed
            .call_async(&mut self.store, &args, &mut results)
            .await?;
        let mut number = |handle| {
            self.last_handle += 1;
            self.handles.insert(self.last_handle, handle);
            Ok(self.last_handle)
        };
        results
            .into_iter()
            .map(|result| value::encode(result, &mut number))
            .collect()
    }
}

impl Written {
    fn ask(&mut self, function: &Imported, args: &[Value]) -> usize {
        let args: Vec<Value> = args.iter().map(|arg| self.withheld.replaced(arg)).collect();
        self.push(asked(function, &args, self.knows_secret).into());
        self.entries.len().saturating_sub(1)
    }

    fn answer(&mut self, at: usize, args: &[Value], results: &[Value]) {
        let Some(Entry::Call(call)) = self.entries.get_mut(at) else {
            return;
        };
        let results: Vec<Value> = if gives_secret(&call.call, results) {
            self.knows_secret = true;
            self.withheld.of_reading(args, results)
        } else {
            let results = results.iter();
            results
                .map(|result| self.withheld.replaced(result))
                .collect()
        };
        self.bytes += results.iter().map(size).sum::<usize>();
        call.results = Some(results);
        self.check();
    }

    fn note(&mut self, at: usize, notes: &str) {
        let notes = self.withheld.in_text(notes);
        if let Some(Entry::Call(call)) = self.entries.get_mut(at) {
            self.bytes += notes.len();
            call.log = notes;
        }
    }

    fn trap(&mut self, at: usize, error: &wasmtime::Error) {
        let trap = match Trap::of(error) {
            Trap::Error(text) => Trap::Error(self.withheld.in_text(&text)),
            trap => trap,
        };
        if let Some(Entry::Call(call)) = self.entries.get_mut(at) {
            call.trap = Some(trap);
        }
    }

    fn push(&mut self, entry: Entry) {
        if self.bytes > RECORDING_MAX_BYTES {
            return;
        }
        self.bytes += match &entry {
            Entry::Drop { .. } => 16,
            Entry::Call(call) => call.call.len() + 32 + call.args.iter().map(size).sum::<usize>(),
        };
        self.entries.push(entry);
        self.check();
    }

    /// What is too much is of no use: memory is given back at once.
    fn check(&mut self) {
        if self.bytes > RECORDING_MAX_BYTES {
            self.entries = Vec::new();
        }
    }
}

/// About the size of a value as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| 1 + size(item)).sum::<usize>(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| name.len() + 4 + size(field));
            2 + fields.sum::<usize>()
        }
        _ => 8,
    }
}

/// What may be handed over in one call. A list of bytes takes a value of any
/// type for each of them on this way, so that the bound is the plugin's own
/// where it matters.
pub(super) fn host_call_bytes() -> usize {
    bounds::HOST_CALL_BYTES * size_of::<Val>()
}

/// Names and sizes.
pub(super) type ReadSecrets = BTreeMap<String, usize>;
