//! Records what a plugin asks its host for, and replays it.
//!
//! [`WasmRunner::prepare_to_record`] links a plugin so that every function that
//! it imports, whatever its types, is called through a [`Tape`]: arguments and
//! results pass it as JSON, and are written down. The host's own functions are
//! then called in a store of their own, through a small component that is made
//! for the plugin ([`relay`]). [`WasmRunner::prepare_to_replay`] links the
//! plugin so that nothing of the host is called at all: every answer comes from
//! the recording, and a call that is not the recorded one ends the replay with a
//! [`Divergence`].
//!
//! `log` and `progress` of the contract are not recorded: nothing comes back
//! from them, and a replay collects what they are given as any run does.
//! Secrets that the plugin reads are replaced by text of the same size; from
//! then on, texts that it hands to the host are recorded by their size alone.

mod entry;
mod file;
mod imports;
mod link;
mod player;
mod recorder;
mod relay;
mod secrets;
mod tape;
mod value;

pub use file::{
    RECORDING_FILE_MAX_BYTES, RecordedExecution, Recording, RecordingError, RecordingHeader,
};
pub use player::Divergence;
pub use tape::Tape;

use super::bounds;
use super::prepared::{PrepareError, PreparedPlugin};
use super::runner::WasmRunner;
use super::state::State;
use crate::secrets::Redactor;
use bytes::Bytes;
use imports::Imports;
use player::Player;
use recorder::{Recorded, Recorder};
use secrets::Withheld;
use serde_json::Value;
use stagehook_core::config::WasmConfig;
use stagehook_core::contract::HookInput;
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::mem;
use std::sync::Arc;
use tape::Mode;
use wasmtime::component::Component;
use wasmtime_wasi::WasiCtxBuilder;

impl WasmRunner {
    /// Makes a plugin ready to be run once and recorded. It takes two places of
    /// the engine's pool.
    ///
    /// # Errors
    ///
    /// [`PrepareError`], also where the plugin imports what cannot be recorded.
    pub async fn prepare_to_record(
        &self,
        component: Bytes,
    ) -> Result<(PreparedPlugin, Tape), PrepareError> {
        let digest = Digest::of(&component);
        let compiled = self.compile(digest, component).await?;
        let linking = |error: wasmtime::Error| PrepareError::linking(&error);
        let imports = Imports::of(&compiled, &self.engine).map_err(linking)?;
        let relay = relay::component(&imports)
            .and_then(|text| Ok(wat::parse_str(text)?))
            .map_err(linking)?;
        let relay: Component = self.compile(Digest::of(&relay), relay.into()).await?;
        let relay = self.linker.instantiate_pre(&relay).map_err(linking)?;
        let withheld = Withheld::new(self.secrets.now().values().map(str::to_owned));
        let tape = Tape(Arc::new(Mode::Record(Recorder::new(relay, withheld))));
        let plugin = self.link_to(&tape, digest, &compiled, &imports)?;
        Ok((plugin, tape))
    }

    /// Makes a plugin ready to be run once as it was recorded.
    ///
    /// # Errors
    ///
    /// [`PrepareError`].
    pub async fn prepare_to_replay(
        &self,
        component: Bytes,
        recording: &Recording,
    ) -> Result<(PreparedPlugin, Tape), PrepareError> {
        let digest = Digest::of(&component);
        let compiled = self.compile(digest, component).await?;
        let linking = |error: wasmtime::Error| PrepareError::linking(&error);
        let imports = Imports::of(&compiled, &self.engine).map_err(linking)?;
        let player = Player::new(
            recording.entries.clone(),
            recording.header.segment_path.clone(),
            recording.afterwards.clone(),
        );
        let tape = Tape(Arc::new(Mode::Replay(player)));
        let plugin = self.link_to(&tape, digest, &compiled, &imports)?;
        Ok((plugin, tape))
    }

    fn link_to(
        &self,
        tape: &Tape,
        digest: Digest,
        compiled: &Component,
        imports: &Imports,
    ) -> Result<PreparedPlugin, PrepareError> {
        link::linker(&self.linker, imports)
            .and_then(|linker| self.link_taped(&linker, Some(tape.clone()), digest, compiled))
            .map_err(|error| PrepareError::linking(&error))
    }
}

impl Tape {
    /// Whether nothing of the host is needed.
    pub(super) fn is_replay(&self) -> bool {
        matches!(*self.0, Mode::Replay(_))
    }

    /// The segment's path as the plugin sees it: noted, or as it was.
    pub(super) fn segment_path(&self, granted: Option<String>) -> Option<String> {
        match &*self.0 {
            Mode::Record(recorder) => {
                recorder.note_segment(granted.as_deref());
                granted
            }
            Mode::Replay(player) => player.segment_path(),
        }
    }

    /// What was recorded of an execution. `None` for a tape that replays.
    ///
    /// # Errors
    ///
    /// [`RecordingError::TooLarge`] and [`RecordingError::Secret`].
    pub fn recording(
        &self,
        plugin: &PreparedPlugin,
        config: &WasmConfig,
        input: &HookInput,
        execution: &Execution,
    ) -> Result<Option<Recording>, RecordingError> {
        let Mode::Record(recorder) = &*self.0 else {
            return Ok(None);
        };
        let Recorded {
            entries,
            is_whole,
            withheld,
            segment_path,
            afterwards,
        } = recorder.recorded();
        if !is_whole {
            return Err(RecordingError::TooLarge);
        }
        let mut header = RecordingHeader::new(
            plugin.contract(),
            plugin.digest(),
            config.clone(),
            input.clone(),
        );
        header.segment_path = segment_path;
        header.secrets = withheld.read();
        let recording = Recording {
            header: without_secrets(&header, &withheld)?,
            execution: without_secrets(&RecordedExecution::from(execution), &withheld)?,
            entries,
            afterwards,
        };
        let text = recording.to_text().map_err(|_| RecordingError::Secret)?;
        if withheld.occurs_in(&text) {
            return Err(RecordingError::Secret);
        }
        Ok(Some(recording))
    }

    /// Where a replay left its recording.
    pub fn divergence(&self, execution: &Execution) -> Option<Divergence> {
        match &*self.0 {
            Mode::Record(_) => None,
            Mode::Replay(player) => {
                player.divergence(execution.status == ExecutionStatus::TimedOut)
            }
        }
    }
}

/// The same with placeholders where secrets stood.
fn without_secrets<T>(value: &T, withheld: &Withheld) -> Result<T, RecordingError>
where
    T: serde::Serialize + for<'de> serde::Deserialize<'de>,
{
    let value = serde_json::to_value(value).map_err(|_| RecordingError::Secret)?;
    serde_json::from_value(replaced(value, withheld)).map_err(|_| RecordingError::Secret)
}

fn replaced(value: Value, withheld: &Withheld) -> Value {
    match value {
        Value::String(text) => withheld.in_text(&text).into(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| replaced(item, withheld))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (withheld.in_text(&name), replaced(field, withheld)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}

/// Before a call: where it is recorded, what was granted goes to where the
/// host's functions are called, and the plugin's own store has none of it.
pub(super) fn enter(mut state: State) -> State {
    let Some(tape) = state.tape.take() else {
        return state;
    };
    let mut entered = match &*tape.0 {
        Mode::Replay(_) => state,
        Mode::Record(recorder) => {
            let mut guest = State::new(WasiCtxBuilder::new(), 0, 0, Redactor::default());
            mem::swap(&mut guest.limiter, &mut state.limiter);
            guest.stdout = state.stdout.clone();
            guest.stderr = state.stderr.clone();
            guest.deadline = state.deadline;
            recorder.begin(state);
            guest
        }
    };
    entered.tape = Some(tape);
    entered
}

/// After a call: what was used is with what was granted, or in the recording.
pub(super) fn leave(mut state: State) -> State {
    let Some(tape) = state.tape.take() else {
        return state;
    };
    let recorder = match &*tape.0 {
        Mode::Record(recorder) => recorder,
        Mode::Replay(player) => {
            player.end(&state);
            return state;
        }
    };
    match recorder.end() {
        None => state,
        Some(mut granted) => {
            mem::swap(&mut granted.limiter, &mut state.limiter);
            granted.progress = state.progress;
            granted
        }
    }
}

/// What a plugin may hand to the host in one call, in bytes.
pub(super) fn host_call_bytes(state: &State) -> usize {
    match state.tape {
        None => bounds::HOST_CALL_BYTES,
        Some(_) => recorder::host_call_bytes(),
    }
}
