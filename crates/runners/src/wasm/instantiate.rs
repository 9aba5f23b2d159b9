//! How long it takes to make an instance, for whoever measures plugins.

use super::prepared::PreparedPlugin;
use super::runner::WasmRunner;
use super::state::State;
use crate::secrets::Redactor;
use std::time::{Duration, Instant};
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::WasiCtxBuilder;

impl WasmRunner {
    /// Makes an instance with nothing granted, calls nothing, and says how long
    /// making it took. The plugin's code may run in it, under the limits of a
    /// hook that asks for none.
    ///
    /// # Errors
    ///
    /// Why there is no instance, for people.
    pub async fn time_instantiation(&self, plugin: &PreparedPlugin) -> Result<Duration, String> {
        let _slot = self
            .slots
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        let limits = &self.settings.limits.default;
        let _running = self.ticker.run();
        let started = Instant::now();
        let state = State::new(
            WasiCtxBuilder::new(),
            limits.memory_bytes,
            limits.output_bytes,
            Redactor::default(),
        );
        let mut store = Store::new(plugin.pre().engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_epoch_deadline(1);
        let turns = self.turns.clone();
        store.epoch_deadline_callback(move |_| Ok(UpdateDeadline::YieldCustom(1, turns.next())));
        let instantiating = async {
            store.set_fuel(limits.fuel)?;
            plugin.pre().instance_pre().instantiate_async(store).await
        };
        match tokio::time::timeout(limits.timeout, instantiating).await {
            Ok(Ok(_)) => Ok(started.elapsed()),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Err(_) => Err("making an instance takes too long".to_owned()),
        }
    }
}
