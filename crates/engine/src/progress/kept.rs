//! What is kept for listeners that are behind, in bytes as well as in events.

use super::LiveEvent;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Most that is kept for all listeners together, in bytes, about.
const KEPT_MAX_BYTES: usize = 16 << 20;

/// An event on its way to listeners. It is taken away from those who have not
/// heard it when too much waits for them.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Of a stored event, its place in the order in which events are stored.
    pub(crate) place: Option<i64>,
    event: Mutex<Option<Arc<LiveEvent>>>,
}

impl Kept {
    /// The event, unless it was taken away.
    pub(crate) fn event(&self) -> Option<Arc<LiveEvent>> {
        let event = self.event.lock().unwrap_or_else(PoisonError::into_inner);
        event.clone()
    }

    fn take_away(&self) {
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What some listener has not heard yet, the oldest first, with its bytes.
#[derive(Debug, Default)]
pub(super) struct Unheard {
    events: VecDeque<(usize, Weak<Kept>)>,
    bytes: usize,
}

impl Unheard {
    /// Keeps an event, and takes away the oldest ones where these are too many.
    pub(super) fn keep(&mut self, event: LiveEvent) -> Arc<Kept> {
        let bytes = size_of::<LiveEvent>() + event.data.values().map(weight).sum::<usize>();
        let kept = Arc::new(Kept {
            place: event.place,
            event: Mutex::new(Some(Arc::new(event))),
        });
        self.events.push_back((bytes, Arc::downgrade(&kept)));
        self.bytes += bytes;
        // What everybody has heard is gone, in this order.
        while let Some((bytes, oldest)) = self.events.front() {
            let oldest = oldest.upgrade();
            if oldest.is_some() && self.bytes <= KEPT_MAX_BYTES {
                break;
            }
            if let Some(oldest) = oldest {
                oldest.take_away();
            }
            self.bytes -= bytes;
            self.events.pop_front();
        }
        kept
    }
}

/// About how much memory a value takes, in bytes.
fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(weight).sum(),
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| size_of::<String>() + key.len() + weight(value))
                .sum(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use serde_json::json;
    use stagehook_core::ids::EventId;

    fn event(bytes: usize) -> LiveEvent {
        let data = json!({"text": "x".repeat(bytes)});
        LiveEvent {
            id: EventId::generate(),
            place: None,
            event_name: "job_progress".into(),
            job_id: None,
            at: DateTime::UNIX_EPOCH,
            data: data.as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn the_oldest_are_taken_away_from_who_is_behind() {
        const EVENT: usize = 1 << 20;
        let most = KEPT_MAX_BYTES / EVENT;
        let mut unheard = Unheard::default();
        let behind: Vec<_> = (0..3 * most).map(|_| unheard.keep(event(EVENT))).collect();
        let left = behind.iter().filter(|kept| kept.event().is_some()).count();
        assert_eq!(left, most - 1, "there is more to an event than its text");
        assert!(
            behind[3 * most - left..]
                .iter()
                .all(|kept| kept.event().is_some())
        );
        // Nobody waits any more, so there is room for as many others.
        drop(behind);
        let again: Vec<_> = (1..most).map(|_| unheard.keep(event(EVENT))).collect();
        assert!(again.iter().all(|kept| kept.event().is_some()));
        // Small events are not at the mercy of one that is too large by itself.
        drop(again);
        let small = unheard.keep(event(1));
        let large = unheard.keep(event(2 * KEPT_MAX_BYTES));
        assert!(small.event().is_none() && large.event().is_none());
        assert!(unheard.keep(event(1)).event().is_some());
        assert_eq!(unheard.events.len(), 1);
    }
}
