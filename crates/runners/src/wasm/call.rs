//! One call of one function of a fresh instance, under all limits.

use super::contract::{Answer, Call, PluginPre};
use super::record;
use super::state::State;
use super::ticker::Ticker;
use super::traffic::Traffic;
use super::turns::Turns;
use super::{bounds, limiter::Limiter};
use crate::kept::Kept;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wasmtime::{Store, UpdateDeadline};

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
    pub(super) traffic: Arc<Traffic>,
}

/// The epoch stopped a guest at its deadline.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("stopped by the host")]
pub(super) struct TimedOut;

/// Calls one function of a fresh instance and throws the instance away.
pub(super) async fn call(
    plugin: &PluginPre,
    (ticker, turns): (&Ticker, &Turns),
    mut state: State,
    fuel: u64,
    until: Until<'_>,
    call: Call<'_>,
) -> Called {
    state.deadline = Some(until.deadline);
    let state = record::enter(state);
    let mut store = store(plugin, state, until.deadline, turns);
    let is_fueled = store.set_fuel(fuel);
    let ending = {
        let _running = ticker.run();
        let call = async {
            is_fueled?;
            plugin.perform(&mut store, call).await
        };
        // Looked at each time a guest that computes gives way. To wait for it, as
        // is done below, takes the guest's own turn first.
        let is_cancelled = poll_fn(|_| {
            if until.cancel.is_cancelled() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        tokio::select! {
            biased;
            () = is_cancelled => Ending::Cancelled,
            answer = call => match answer {
                Ok(answer) => Ending::Answered(answer),
                Err(error) => match error.downcast_ref::<TimedOut>() {
                    Some(TimedOut) => Ending::TimedOut,
                    None => Ending::Broke(error),
                },
            },
            () = until.cancel.cancelled() => Ending::Cancelled,
            () = tokio::time::sleep_until(until.deadline.into()) => Ending::TimedOut,
        }
    };
    let fuel_used = fuel.saturating_sub(store.get_fuel().unwrap_or_default());
    let state = record::leave(store.into_data());
    Called {
        ending,
        fuel_used,
        host_time: state.host_time.total(),
        stdout: state.stdout.take(),
        stderr: state.stderr.take(),
        limiter: state.limiter,
        progress: state.progress,
        traffic: state.traffic,
    }
}

fn store(plugin: &PluginPre, state: State, deadline: Instant, turns: &Turns) -> Store<State> {
    let host_call_bytes = record::host_call_bytes(&state);
    let mut store = Store::new(plugin.engine(), state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(host_call_bytes);
    store.set_max_component_handles(bounds::HOST_RESOURCES);
    store.set_epoch_deadline(1);
    store.call_hook(|mut store, hook| {
        store.data_mut().host_time.crosses(hook);
        Ok(())
    });
    // Guests that compute keep a busy thread from its timers, so the deadline is
    // looked at here too.
    let turns = turns.clone();
    store.epoch_deadline_callback(move |_| {
        if Instant::now() >= deadline {
            return Err(TimedOut.into());
        }
        Ok(UpdateDeadline::YieldCustom(1, turns.next()))
    });
    store
}
