//! Tells stored events to whoever listens, once they are committed, on whichever
//! server that was. REQ-EVT-10

use crate::engine::Engine;
use crate::error::EngineError;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the database is looked at when nothing calls for it: other servers
/// store events, too.
const POLL: Duration = Duration::from_secs(1);
/// Events that are read at once.
const PAGE: u32 = 500;
/// How long a place in the order of events may stay empty before it is taken to
/// stay so: of two transactions of PostgreSQL the later one may end first, and
/// one that is undone leaves its place empty.
const LATE: Duration = Duration::from_secs(10);
/// Most places that are waited for.
const LATE_MAX: usize = 1_000;

/// How far the events were told.
#[derive(Debug, Default)]
struct Told {
    place: i64,
    /// Places before it that were empty, and since when.
    empty: BTreeMap<i64, Instant>,
}

impl Engine {
    /// Tells the events after this place until the engine stops.
    pub(crate) async fn tell_events(self: Arc<Self>, place: i64) {
        let mut told = Told {
            place,
            ..Told::default()
        };
        while !self.stopping.is_cancelled() {
            if let Err(error) = self.tell_more(&mut told).await {
                tracing::warn!(%error, "events could not be told to those who listen, trying again");
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = self.store.events_left() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn tell_more(&self, told: &mut Told) -> Result<(), EngineError> {
        let newest = self.store.last_event().await?;
        // In this order: who begins to listen now misses nothing from now on.
        if !self.progress().has_listeners() {
            *told = Told {
                place: newest,
                ..Told::default()
            };
            return Ok(());
        }
        told.empty.retain(|_, since| since.elapsed() < LATE);
        let empty: Vec<i64> = told.empty.keys().copied().collect();
        for place in empty {
            if let Some(event) = self.store.event_at(place).await? {
                told.empty.remove(&place);
                self.progress().tell_stored(place, event);
            }
        }
        while told.place < newest {
            let page = self.store.events_after(told.place, PAGE).await?;
            if page.is_empty() {
                break;
            }
            for (place, event) in page {
                let now = Instant::now();
                let passed_over = (told.place + 1..place).take(LATE_MAX - told.empty.len());
                told.empty.extend(passed_over.map(|place| (place, now)));
                told.place = place;
                self.progress().tell_stored(place, event);
            }
        }
        Ok(())
    }
}
