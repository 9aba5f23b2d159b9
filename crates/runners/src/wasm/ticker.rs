//! The thread that moves the engine's epoch.

use super::bounds::TICK;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use wasmtime::Engine;

#[derive(Default)]
struct Shared {
    state: Mutex<Ticking>,
    changed: Condvar,
}

#[derive(Default)]
struct Ticking {
    running: usize,
    stopped: bool,
}

/// Moves the engine's epoch every [`TICK`] while a guest runs, and sleeps while
/// none does. Stops when it is dropped.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The epoch moves as long as one of these exists.
pub(super) struct Running<'a>(&'a Shared);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Ticking> {
        // Nothing that could panic happens under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("wasm-epoch".to_owned())
            .spawn(move || tick(&of_thread, &engine))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    pub(super) fn run(&self) -> Running<'_> {
        let mut ticking = self.shared.lock();
        ticking.running += 1;
        let was_asleep = ticking.running == 1;
        drop(ticking);
        if was_asleep {
            self.shared.changed.notify_one();
        }
        Running(&self.shared)
    }
}

fn tick(shared: &Shared, engine: &Engine) {
    let mut ticking = shared.lock();
    while !ticking.stopped {
        if ticking.running == 0 {
            ticking = shared
                .changed
                .wait(ticking)
                .unwrap_or_else(PoisonError::into_inner);
        } else {
            drop(ticking);
            std::thread::sleep(TICK);
            engine.increment_epoch();
            ticking = shared.lock();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It panics at nothing; and there is nobody to tell.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticker")
            .field("running", &self.shared.lock().running)
            .finish_non_exhaustive()
    }
}
