//! What stands between a plugin and the host while its calls are recorded or
//! replayed.

use super::super::state::State;
use super::entry::{self, Call, Entry, Trap};
use super::player::Player;
use super::recorder::Recorder;
use super::value;
use serde_json::Value;
use std::sync::Arc;
use wasmtime::component::types::{ComponentFunc, Type};
use wasmtime::component::{ResourceAny, ResourceDynamic, ResourceType, Val};
use wasmtime::{StoreContextMut, format_err};

/// A recording that is being made, or replayed. For one execution.
#[derive(Clone)]
pub struct Tape(pub(super) Arc<Mode>);

pub(super) enum Mode {
    Record(Recorder),
    Replay(Player),
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match *self.0 {
            Mode::Record(_) => "Tape(recording)",
            Mode::Replay(_) => "Tape(replaying)",
        })
    }
}

/// An imported function that is recorded.
pub(super) struct Imported {
    /// Such as `wasi:io/streams@0.2.6#[method]input-stream.read`.
    pub(super) name: String,
    pub(super) number: usize,
}

impl Tape {
    /// Answers a call of the plugin.
    pub(super) async fn call(
        &self,
        mut store: StoreContextMut<'_, State>,
        function: &Imported,
        ty: &ComponentFunc,
        args: &[Val],
        results: &mut [Val],
    ) -> wasmtime::Result<()> {
        let mut number = |handle: ResourceAny| {
            let handle = ResourceDynamic::try_from_resource_any(handle, &mut store)?;
            Ok(handle.rep())
        };
        let args: Vec<Value> = args
            .iter()
            .map(|arg| value::encode(arg.clone(), &mut number))
            .collect::<Result<_, _>>()?;
        let answered = match &*self.0 {
            Mode::Record(recorder) => recorder.call(function, ty, &args).await?,
            Mode::Replay(player) => player.call(store.data_mut(), function, &args)?,
        };
        let mut resource = |number, ty: &ResourceType| {
            let kind = kind(ty).ok_or_else(|| format_err!("a handle of an unknown kind"))?;
            ResourceDynamic::new_own(number, kind).try_into_resource_any(&mut store)
        };
        let types: Vec<Type> = ty.results().collect();
        let decoded = if types.len() == answered.len() && results.len() == answered.len() {
            types
                .iter()
                .zip(&answered)
                .map(|(ty, value)| value::decode(ty, value, &mut resource))
                .collect::<wasmtime::Result<Vec<_>>>()
        } else {
            Err(format_err!("another number of results"))
        };
        match (decoded, &*self.0) {
            (Ok(decoded), _) => {
                for (result, value) in results.iter_mut().zip(decoded) {
                    *result = value;
                }
                Ok(())
            }
            (Err(error), Mode::Replay(player)) => {
                player.unusable(&error);
                Err(error)
            }
            (Err(error), Mode::Record(_)) => Err(error),
        }
    }

    /// A handle came to its end.
    pub(super) async fn drop_handle(&self, number: u32) -> wasmtime::Result<()> {
        match &*self.0 {
            Mode::Record(recorder) => recorder.drop_handle(number).await,
            Mode::Replay(player) => player.drop_handle(number),
        }
    }
}

/// More kinds of resources than any plugin imports.
const KINDS_MAX: u32 = 1_024;

/// Which kind a resource of the plugin is: the number under which it was linked.
fn kind(ty: &ResourceType) -> Option<u32> {
    (0..KINDS_MAX).find(|kind| *ty == ResourceType::host_dynamic(*kind))
}

/// A call that is about to be made.
pub(super) fn asked(function: &Imported, args: &[Value], knows_secret: bool) -> Call {
    Call {
        call: function.name.clone(),
        args: entry::abridged(args, knows_secret),
        results: None,
        trap: None,
        log: String::new(),
    }
}

/// What a recorded call came to. `None`: it was not answered.
pub(super) fn outcome(call: &Call) -> Option<Result<Vec<Value>, wasmtime::Error>> {
    match (&call.results, &call.trap) {
        (_, Some(trap)) => Some(Err(Trap::to_error(trap))),
        (Some(results), None) => Some(Ok(results.clone())),
        (None, None) => None,
    }
}

impl From<Call> for Entry {
    fn from(call: Call) -> Self {
        Self::Call(call)
    }
}
