//! Answers calls out of a recording.

use super::super::call::TimedOut;
use super::super::state::State;
use super::entry::{Afterwards, Entry, gives_secret};
use super::tape::{Imported, asked, outcome};
use super::value;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use wasmtime_wasi::p2::OutputStream as _;

/// Where a replay left the recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// The plugin asked for something else.
    #[error("call {number} is another than recorded: recorded was {recorded}, now it was {now}")]
    Differs {
        /// Counted from 1.
        number: usize,
        /// What the recording has there.
        recorded: String,
        /// What the plugin asked for.
        now: String,
    },
    /// The plugin went on asking.
    #[error("after the {recorded} recorded calls it made another: {now}")]
    Longer {
        /// How many calls were recorded.
        recorded: usize,
        /// What the plugin asked for.
        now: String,
    },
    /// The plugin stopped asking.
    #[error("it made {made} of the {recorded} recorded calls")]
    Shorter {
        /// How many calls it made.
        made: usize,
        /// How many calls were recorded.
        recorded: usize,
    },
    /// The recording has an answer that is none.
    #[error("the recording cannot answer call {number}: {why}")]
    Unusable {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
}

pub(super) struct Player {
    playing: Mutex<Playing>,
    segment_path: Option<String>,
    afterwards: Afterwards,
}

struct Playing {
    left: VecDeque<Entry>,
    recorded: usize,
    knows_secret: bool,
    outputs: HashMap<u32, Output>,
    divergence: Option<Divergence>,
}

#[derive(Debug, Clone, Copy)]
enum Output {
    Stdout,
    Stderr,
}

impl Player {
    pub(super) fn new(
        entries: Vec<Entry>,
        segment_path: Option<String>,
        afterwards: Afterwards,
    ) -> Self {
        Self {
            playing: Mutex::new(Playing {
                recorded: entries.len(),
                left: entries.into(),
                knows_secret: false,
                outputs: HashMap::new(),
                divergence: None,
            }),
            segment_path,
            afterwards,
        }
    }

    fn playing(&self) -> MutexGuard<'_, Playing> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segment's path as the plugin saw it.
    pub(super) fn segment_path(&self) -> Option<String> {
        self.segment_path.clone()
    }

    pub(super) fn call(
        &self,
        state: &mut State,
        function: &Imported,
        args: &[Value],
    ) -> wasmtime::Result<Vec<Value>> {
        let mut playing = self.playing();
        let now = asked(function, args, playing.knows_secret);
        let recorded = playing.next(&now.clone().into(), |recorded| {
            matches!(recorded, Entry::Call(recorded)
                if recorded.call == now.call && recorded.args == now.args)
        })?;
        let Entry::Call(recorded) = recorded else {
            return Ok(Vec::new());
        };
        // It would wait until its time is over: it need not.
        let results = outcome(&recorded).unwrap_or_else(|| Err(TimedOut.into()));
        if let Ok(results) = &results {
            playing.knows_secret |= gives_secret(&recorded.call, results);
            playing.print(state, &recorded.call, args, results);
        }
        state.stderr.write_text(&recorded.log);
        results
    }

    /// What the host made of the execution in the end.
    pub(super) fn end(&self, state: &State) {
        state.stderr.write_text(&self.afterwards.log);
        if let Some(breach) = &self.afterwards.breach {
            state.traffic.breached(breach.clone());
        }
    }

    pub(super) fn drop_handle(&self, number: u32) -> wasmtime::Result<()> {
        let now = Entry::Drop { drop: number };
        self.playing()
            .next(&now, |recorded| *recorded == now)
            .map(|_| ())
    }

    /// Remembers that an answer was no value of its type.
    pub(super) fn unusable(&self, why: &wasmtime::Error) {
        let mut playing = self.playing();
        let number = playing.recorded - playing.left.len();
        let why = why.to_string();
        playing
            .divergence
            .get_or_insert(Divergence::Unusable { number, why });
    }

    /// Where the replay left the recording. An execution whose time was over may
    /// have come less far this time.
    pub(super) fn divergence(&self, has_timed_out: bool) -> Option<Divergence> {
        let playing = self.playing();
        let left = playing.left.len();
        playing.divergence.clone().or_else(|| {
            (left > 0 && !has_timed_out).then(|| Divergence::Shorter {
                made: playing.recorded - left,
                recorded: playing.recorded,
            })
        })
    }
}

impl Playing {
    fn next(&mut self, now: &Entry, is_same: impl Fn(&Entry) -> bool) -> wasmtime::Result<Entry> {
        let number = self.recorded - self.left.len() + 1;
        match self.left.pop_front() {
            Some(recorded) if is_same(&recorded) => Ok(recorded),
            other => {
                let now = now.to_text();
                let divergence = match other {
                    Some(recorded) => Divergence::Differs {
                        number,
                        recorded: recorded.to_text(),
                        now,
                    },
                    None => Divergence::Longer {
                        recorded: self.recorded,
                        now,
                    },
                };
                Err(self.divergence.insert(divergence).clone().into())
            }
        }
    }

    /// What the plugin prints is on the way out, and kept here as in any run.
    fn print(&mut self, state: &mut State, call: &str, args: &[Value], results: &[Value]) {
        let Some((interface, function)) = call.split_once('#') else {
            return;
        };
        let interface = interface.split('@').next().unwrap_or_default();
        let opened = match (interface, function) {
            ("wasi:cli/stdout", "get-stdout") => Some(Output::Stdout),
            ("wasi:cli/stderr", "get-stderr") => Some(Output::Stderr),
            _ => None,
        };
        if let (Some(output), Some(handle)) = (opened, results.first().and_then(value::handle)) {
            self.outputs.insert(handle, output);
        }
        if interface != "wasi:io/streams"
            || results
                .first()
                .is_none_or(|result| result.get("ok").is_none())
        {
            return;
        }
        let [stream, printed, ..] = args else {
            return;
        };
        let bytes = match function {
            "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush" => {
                value::bytes(printed).unwrap_or_default()
            }
            "[method]output-stream.write-zeroes"
            | "[method]output-stream.blocking-write-zeroes-and-flush" => {
                vec![0; printed.as_u64().unwrap_or_default().min(1 << 20) as usize]
            }
            _ => return,
        };
        let output = value::handle(stream).and_then(|handle| self.outputs.get(&handle));
        // Output takes whatever comes.
        let _ = match output {
            Some(Output::Stdout) => state.stdout.write(bytes.into()),
            Some(Output::Stderr) => state.stderr.write(bytes.into()),
            None => Ok(()),
        };
    }
}
