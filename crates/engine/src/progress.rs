//! What whoever listens is told at that moment: progress events, which are kept
//! nowhere, and stored events.
//! REQ-EVT-9

use serde_json::{Map, Value, json};
use stagehook_core::clock::Clock;
use stagehook_core::contract::HookInput;
use stagehook_core::event::{Event, name};
use stagehook_core::ids::EventId;
use stagehook_runners::{OutputListener, OutputStream};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::broadcast;

/// How many events a listener may be behind before it misses some.
const BEHIND_MAX: usize = 4_096;

/// One event, as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressEvent {
    /// Its id.
    pub id: EventId,
    /// Of a stored event, its place in the order in which events are stored.
    pub place: Option<i64>,
    /// Its type's name.
    pub event_name: Cow<'static, str>,
    /// What happened.
    pub data: Map<String, Value>,
}

/// Tells progress events to all listeners. Clones tell the same ones.
#[derive(Debug, Clone)]
pub struct Progress {
    listeners: broadcast::Sender<Arc<ProgressEvent>>,
    clock: Clock,
}

impl Progress {
    /// Nobody listens yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            listeners: broadcast::Sender::new(BEHIND_MAX),
            clock,
        }
    }

    /// Hears every event from now on. One that falls behind misses the oldest,
    /// and is told how many.
    pub fn listen(&self) -> broadcast::Receiver<Arc<ProgressEvent>> {
        self.listeners.subscribe()
    }

    /// The installer of a hook's Python environment printed a line.
    pub(crate) fn environment(&self, hook: &str, line: &str) {
        if self.has_listeners() {
            let data = json!({"hook_name": hook, "line": line});
            self.tell(name::ENVIRONMENT_PROGRESS, data);
        }
    }

    /// Whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.listeners.receiver_count() > 0
    }

    /// Somebody published an event that is not stored.
    pub(crate) fn publish(&self, event: Event) {
        self.tell_event(None, event);
    }

    /// An event was stored.
    pub(crate) fn tell_stored(&self, place: i64, event: Event) {
        self.tell_event(Some(place), event);
    }

    fn tell_event(&self, place: Option<i64>, event: Event) {
        let event = ProgressEvent {
            id: event.id,
            place,
            event_name: event.event_name.into(),
            data: event.data,
        };
        // An error means that nobody listens.
        let _ = self.listeners.send(Arc::new(event));
    }

    fn tell(&self, event_name: &'static str, data: Value) {
        let Value::Object(mut data) = data else {
            return;
        };
        data.insert("at".to_owned(), json!(self.clock.now()));
        let event = ProgressEvent {
            id: EventId::generate(),
            place: None,
            event_name: event_name.into(),
            data,
        };
        // An error means that nobody listens any more.
        let _ = self.listeners.send(Arc::new(event));
    }
}

impl OutputListener for Progress {
    fn line(&self, input: &HookInput, stream: OutputStream, line: &str) {
        if !self.has_listeners() {
            return;
        }
        self.tell(
            name::HOOK_OUTPUT,
            json!({
                "execution_id": input.execution_id,
                "hook_id": input.hook.id,
                "hook_name": input.hook.name,
                "job_id": input.job.as_ref().map(|job| job.id),
                "stream": stream.as_str(),
                "line": line,
            }),
        );
    }
}
