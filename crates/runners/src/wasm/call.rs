//! One call of one function of a fresh instance, under all limits.

use super::host_time::{HostTime, Measured};
use super::state::State;
use super::ticker::Ticker;
use super::v0_1::{Failure, Manifest, Outcome, PluginPre, Problem, RunArguments};
use super::{bounds, limiter::Limiter};
use crate::kept::Kept;
use std::fmt;
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wasmtime::{Store, UpdateDeadline};

/// What is called.
pub(super) enum Call {
    Run(Box<RunArguments>),
    Describe,
    CheckSettings(String),
}

/// What it answered.
pub(super) enum Answer {
    Run(Result<Outcome, Failure>),
    Describe(Manifest),
    CheckSettings(Result<(), Vec<Problem>>),
}

/// How a call ended.
pub(super) enum Ending {
    Answered(Answer),
    /// It trapped, left, or was stopped by the engine.
    Broke(wasmtime::Error),
    TimedOut,
    Cancelled,
}

/// When a call has to end.
#[derive(Clone, Copy)]
pub(super) struct Until<'a> {
    pub(super) deadline: Instant,
    pub(super) cancel: &'a CancellationToken,
}

/// What is left of a call.
pub(super) struct Called {
    pub(super) ending: Ending,
    pub(super) fuel_used: u64,
    pub(super) host_time: Duration,
    pub(super) limiter: Limiter,
    pub(super) stdout: Kept,
    pub(super) stderr: Kept,
    pub(super) progress: Option<String>,
}

/// Why the epoch stopped a guest.
#[derive(Debug, Clone, Copy)]
enum Stopped {
    TimedOut,
    Cancelled,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped by the host")
    }
}

impl std::error::Error for Stopped {}

/// Calls one function of a fresh instance and throws the instance away.
pub(super) async fn call(
    plugin: &PluginPre<State>,
    ticker: &Ticker,
    state: State,
    fuel: u64,
    until: Until<'_>,
    call: Call,
) -> Called {
    let mut host_time = HostTime::default();
    let mut store = store(plugin, state, until, &host_time);
    let is_fueled = store.set_fuel(fuel);
    let ending = {
        let _running = ticker.run();
        let call = pin!(async {
            is_fueled?;
            perform(plugin, &mut store, call).await
        });
        let measured = Measured {
            call,
            time: &mut host_time,
        };
        tokio::select! {
            biased;
            answer = measured => match answer {
                Ok(answer) => Ending::Answered(answer),
                Err(error) => match error.downcast_ref::<Stopped>() {
                    Some(Stopped::TimedOut) => Ending::TimedOut,
                    Some(Stopped::Cancelled) => Ending::Cancelled,
                    None => Ending::Broke(error),
                },
            },
            () = until.cancel.cancelled() => Ending::Cancelled,
            () = tokio::time::sleep_until(until.deadline.into()) => Ending::TimedOut,
        }
    };
    let fuel_used = fuel.saturating_sub(store.get_fuel().unwrap_or_default());
    let state = store.into_data();
    Called {
        ending,
        fuel_used,
        host_time: host_time.total(),
        stdout: state.stdout.take(),
        stderr: state.stderr.take(),
        limiter: state.limiter,
        progress: state.progress,
    }
}

fn store(
    plugin: &PluginPre<State>,
    state: State,
    until: Until<'_>,
    host_time: &HostTime,
) -> Store<State> {
    let mut store = Store::new(plugin.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(bounds::HOST_CALL_BYTES);
    store.set_max_component_handles(bounds::HOST_RESOURCES);
    store.set_epoch_deadline(1);
    let Until { deadline, cancel } = until;
    let (cancel, makes_room) = (cancel.clone(), host_time.makes_room());
    // Guests that compute keep a busy thread from its timers, so the deadline is
    // looked at here too.
    store.epoch_deadline_callback(move |_| {
        if cancel.is_cancelled() {
            return Err(Stopped::Cancelled.into());
        }
        if Instant::now() >= deadline {
            return Err(Stopped::TimedOut.into());
        }
        makes_room.set();
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

async fn perform(
    plugin: &PluginPre<State>,
    store: &mut Store<State>,
    call: Call,
) -> wasmtime::Result<Answer> {
    let plugin = plugin.instantiate_async(&mut *store).await?;
    let handler = plugin.stagehook_hook_handler();
    Ok(match call {
        Call::Run(with) => Answer::Run(
            handler
                .call_run(
                    store,
                    &with.context,
                    &with.metadata,
                    &with.scene_context,
                    &with.settings,
                )
                .await?,
        ),
        Call::Describe => Answer::Describe(handler.call_describe(store).await?),
        Call::CheckSettings(settings) => {
            Answer::CheckSettings(handler.call_check_settings(store, &settings).await?)
        }
    })
}
