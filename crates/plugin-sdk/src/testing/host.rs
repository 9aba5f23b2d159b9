//! The host's side of a test.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::Level;
#[cfg(feature = "http")]
use crate::http::{Error, Request, Response};

/// What a plugin reported of how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Between 0 and 1.
    pub fraction: Option<f32>,
    /// For people.
    pub message: Option<String>,
}

#[cfg(feature = "http")]
pub(crate) type Answers = Box<dyn FnMut(&Request) -> Result<Response, Error>>;

pub(crate) struct State {
    pub(crate) is_watched: bool,
    pub(crate) logged: Vec<(Level, String)>,
    pub(crate) progress: Vec<Progress>,
    pub(crate) secrets: BTreeMap<String, Option<String>>,
    pub(crate) remaining: Duration,
    #[cfg(feature = "http")]
    pub(crate) requests: Vec<Request>,
    #[cfg(feature = "http")]
    pub(crate) answers: Option<Answers>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            is_watched: false,
            logged: Vec::new(),
            progress: Vec::new(),
            secrets: BTreeMap::new(),
            remaining: Duration::from_mins(1),
            #[cfg(feature = "http")]
            requests: Vec::new(),
            #[cfg(feature = "http")]
            answers: None,
        }
    }
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(crate) fn with<T>(action: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(action)
}

/// The host of this thread, until it is dropped.
#[derive(Debug)]
#[must_use = "the host is gone when this is dropped"]
pub struct Host(());

impl Host {
    /// A host that grants nothing, and has heard nothing yet.
    #[expect(clippy::new_without_default, reason = "it replaces the thread's host")]
    pub fn new() -> Self {
        with(|state| {
            *state = State {
                is_watched: true,
                ..State::default()
            };
        });
        Self(())
    }

    /// Grants a secret that is stored.
    pub fn secret(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        with(|state| state.secrets.insert(name.into(), Some(value.into())));
        self
    }

    /// Grants a secret, and none of that name is stored.
    pub fn missing_secret(self, name: impl Into<String>) -> Self {
        with(|state| state.secrets.insert(name.into(), None));
        self
    }

    /// How much time the call has left, whenever it asks.
    pub fn remaining(self, remaining: Duration) -> Self {
        with(|state| state.remaining = remaining);
        self
    }

    /// Answers requests. Without this, each is denied.
    #[cfg(feature = "http")]
    pub fn on_request(
        self,
        answer: impl FnMut(&Request) -> Result<Response, Error> + 'static,
    ) -> Self {
        with(|state| state.answers = Some(Box::new(answer)));
        self
    }

    /// What was logged so far.
    pub fn logged(&self) -> Vec<(Level, String)> {
        with(|state| state.logged.clone())
    }

    /// The progress that was reported so far.
    pub fn progress(&self) -> Vec<Progress> {
        with(|state| state.progress.clone())
    }

    /// The requests that were made so far.
    #[cfg(feature = "http")]
    pub fn requests(&self) -> Vec<Request> {
        with(|state| state.requests.clone())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        with(|state| *state = State::default());
    }
}
