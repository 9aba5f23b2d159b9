//! What whoever listens is told at that moment: progress events, which are kept
//! nowhere, and stored events.
//! REQ-EVT-9, REQ-EVT-10

mod kept;

use chrono::{DateTime, Utc};
pub(crate) use kept::Kept;
use kept::Unheard;
use serde_json::{Map, Value, json};
use stagehook_core::clock::Clock;
use stagehook_core::contract::HookInput;
use stagehook_core::event::{Event, name};
use stagehook_core::ids::{EventId, JobId};
use stagehook_runners::{OutputListener, OutputStream};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// How many events a listener may be behind before it misses some.
const BEHIND_MAX: usize = 4_096;

/// One event, as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    /// Its id.
    pub id: EventId,
    /// Of a stored event, its place in the order in which events are stored.
    pub place: Option<i64>,
    /// Its type's name.
    pub event_name: Cow<'static, str>,
    /// The job it is about, where it says so beside its data.
    pub job_id: Option<JobId>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub data: Map<String, Value>,
}

impl LiveEvent {
    /// The same, to be told; `place` is that of a stored event.
    pub(crate) fn of(place: Option<i64>, event: Event) -> Self {
        Self {
            id: event.id,
            place,
            event_name: event.event_name.into(),
            job_id: event.job_id,
            at: event.created_at,
            data: event.data,
        }
    }

    /// Its id, where a listener can come back to it: progress is kept nowhere.
    pub fn kept_as(&self) -> Option<EventId> {
        self.place.map(|_| self.id)
    }
}

/// Tells progress events to all listeners. Clones tell the same ones.
#[derive(Debug, Clone)]
pub struct Progress {
    listeners: broadcast::Sender<Arc<Kept>>,
    unheard: Arc<Mutex<Unheard>>,
    clock: Clock,
}

impl Progress {
    /// Nobody listens yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            listeners: broadcast::Sender::new(BEHIND_MAX),
            unheard: Arc::default(),
            clock,
        }
    }

    /// Hears every event from now on. One that falls behind misses the oldest.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Kept>> {
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

    /// Of these events the unanswered ones are not stored.
    pub(crate) fn tell_unkept(
        &self,
        events: impl IntoIterator<Item = Event>,
        unanswered: &[EventId],
    ) {
        if self.has_listeners() {
            events
                .into_iter()
                .filter(|event| unanswered.contains(&event.id))
                .for_each(|event| self.publish(event));
        }
    }

    fn tell_event(&self, place: Option<i64>, event: Event) {
        self.send(LiveEvent::of(place, event));
    }

    fn send(&self, event: LiveEvent) {
        // In the order in which they are sent.
        let mut unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        // An error means that nobody listens.
        let _ = self.listeners.send(unheard.keep(event));
    }

    fn tell(&self, event_name: &'static str, data: Value) {
        let Value::Object(mut data) = data else {
            return;
        };
        let at = self.clock.now();
        data.insert("at".to_owned(), json!(at));
        self.send(LiveEvent {
            id: EventId::generate(),
            place: None,
            event_name: event_name.into(),
            // It is among the data.
            job_id: None,
            at,
            data,
        });
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
