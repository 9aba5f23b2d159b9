//! From an event to its deliveries, within the transaction that stores both.
//! REQ-EVT-3

use crate::database::{Connection, args};
use crate::error::Result;
use crate::hooks::event_hooks_of;
use stagehook_core::delivery::OrderKey;
use stagehook_core::event::{Event, name};
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::hook::Hook;
use stagehook_core::ids::{HookId, JobId, ProjectId, SceneTypeId};
use stagehook_core::resolve::resolve;
use stagehook_core::scope::{Lineage, Scope, ScopeType};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most lineages whose hooks are kept; past it, all are read anew.
const LINEAGES_MAX: usize = 16_384;

/// A hook that answers events.
#[derive(Debug, Clone)]
pub(crate) struct Subscriber {
    pub(crate) hook: HookId,
    /// The level it comes from.
    pub(crate) source: ScopeType,
    pattern: EventPattern,
    order_key: Option<OrderKey>,
}

impl Subscriber {
    fn new(hook: &Hook, source: ScopeType) -> Option<Self> {
        let pattern = hook.spec.trigger.event()?.clone();
        Some(Self {
            hook: hook.id,
            source,
            pattern,
            order_key: hook.spec.config.order_key().cloned(),
        })
    }

    /// What this event's delivery has in common with those that it has an order
    /// with.
    pub(crate) fn order_key(&self, event: &Event) -> Option<String> {
        self.order_key.as_ref()?.value(event)
    }
}

/// Which hooks answer the events of which lineage, all of one generation of
/// hooks; and who waits for what transactions leave.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    kept: Mutex<Kept>,
    deliveries: Notify,
    events: Notify,
    /// What other servers were not told of.
    untold: Mutex<Left>,
    is_untold: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    generation: i64,
    subscribers: HashMap<Lineage, Arc<Vec<Subscriber>>>,
}

/// What a transaction leaves for others to see to, once it is committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) deliveries: bool,
    pub(crate) events: bool,
}

impl Left {
    pub(crate) const NOTHING: Self = Self {
        deliveries: false,
        events: false,
    };
    pub(crate) const ALL: Self = Self {
        deliveries: true,
        events: true,
    };
}

/// Whose hooks an event concerns.
#[derive(sqlx::FromRow)]
struct Concerned {
    generation: i64,
    project_id: Option<i64>,
    scene_type_id: Option<i64>,
}

impl Outbox {
    /// A transaction of this process was committed that left this.
    pub(crate) fn wake(&self, left: Left) {
        if left != Left::NOTHING {
            let mut untold = self.untold();
            untold.deliveries |= left.deliveries;
            untold.events |= left.events;
            drop(untold);
            self.is_untold.notify_one();
        }
        self.hear_of(left);
    }

    /// Another server's transaction was committed that left this.
    pub(crate) fn hear_of(&self, left: Left) {
        if left.deliveries {
            self.deliveries.notify_one();
        }
        if left.events {
            self.events.notify_one();
        }
    }

    /// Waits until transactions of this process have left something, and answers
    /// all that they did since the last time.
    pub(crate) async fn left_here(&self) -> Left {
        self.is_untold.notified().await;
        std::mem::take(&mut *self.untold())
    }

    fn untold(&self) -> MutexGuard<'_, Left> {
        // Nothing that could panic happens under this lock.
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn deliveries(&self) {
        self.deliveries.notified().await;
    }

    pub(crate) async fn events(&self) {
        self.events.notified().await;
    }

    /// The hooks that answer these events, in the order of the effective set,
    /// event by event.
    pub(crate) async fn subscribers(
        &self,
        connection: &mut Connection,
        events: &[&Event],
    ) -> Result<Vec<Vec<Subscriber>>> {
        let mut of_subjects = HashMap::new();
        let mut answering = Vec::with_capacity(events.len());
        for event in events {
            let subject = (event.job_id, event.scope);
            let subscribers = match of_subjects.entry(subject) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.concerned(connection, event).await?),
            };
            let answers = |subscriber: &&Subscriber| subscriber.pattern.matches(&event.event_name);
            answering.push(subscribers.iter().filter(answers).cloned().collect());
        }
        Ok(answering)
    }

    /// All whom an event with this subject concerns, whatever its name.
    async fn concerned(
        &self,
        connection: &mut Connection,
        event: &Event,
    ) -> Result<Arc<Vec<Subscriber>>> {
        let (generation, lineage) = concerned(connection, event).await?;
        // What tells of a change of hooks sees the change before it is committed:
        // its generation may be undone, and be another's later.
        let is_settled = !matches!(
            event.event_name.as_str(),
            name::HOOK_CHANGED | name::HOOK_DISABLED
        );
        if is_settled && let Some(known) = self.known(generation, lineage) {
            return Ok(known);
        }
        let read = Arc::new(read(connection, lineage).await?);
        if is_settled {
            self.keep(generation, lineage, Arc::clone(&read));
        }
        Ok(read)
    }

    fn known(&self, generation: i64, lineage: Lineage) -> Option<Arc<Vec<Subscriber>>> {
        let kept = self.lock();
        let known = kept.subscribers.get(&lineage);
        known.filter(|_| kept.generation == generation).cloned()
    }

    fn keep(&self, generation: i64, lineage: Lineage, subscribers: Arc<Vec<Subscriber>>) {
        let mut kept = self.lock();
        if kept.generation != generation || kept.subscribers.len() >= LINEAGES_MAX {
            kept.subscribers.clear();
            kept.generation = generation;
        }
        kept.subscribers.insert(lineage, subscribers);
    }

    /// Something was undone that may have been a change of hooks.
    pub(crate) fn forget(&self) {
        self.lock().subscribers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(connection: &mut Connection, lineage: Lineage) -> Result<Vec<Subscriber>> {
    let hooks = event_hooks_of(connection, &lineage).await?;
    let set = resolve(hooks.into_iter().map(Arc::new), &lineage);
    let subscribers = set.effective.into_iter().flat_map(|effective| {
        // What a hook extends answers the event, too.
        let own = (effective.hook, effective.source_level);
        effective.extended.into_iter().chain([own])
    });
    Ok(subscribers
        .filter_map(|(hook, source)| Subscriber::new(&hook, source))
        .collect())
}

async fn concerned(connection: &mut Connection, event: &Event) -> Result<(i64, Lineage)> {
    const OF_A_JOB: &str = "SELECT g.generation, j.project_id, j.scene_type_id
         FROM hook_generation g LEFT JOIN jobs j ON j.id = $2 WHERE g.id = $1";
    const OF_A_SCENE_TYPE: &str = "SELECT g.generation, s.project_id, s.id AS scene_type_id
         FROM hook_generation g LEFT JOIN scene_types s ON s.id = $2 WHERE g.id = $1";
    const OF_A_PROJECT: &str = "SELECT g.generation, p.id AS project_id,
                CAST(NULL AS BIGINT) AS scene_type_id
         FROM hook_generation g LEFT JOIN projects p ON p.id = $2 WHERE g.id = $1";
    let (sql, id) = match (event.job_id, event.scope) {
        (Some(job), _) => (OF_A_JOB, Some(JobId::get(job))),
        (None, Scope::SceneType(id)) => (OF_A_SCENE_TYPE, Some(SceneTypeId::get(id))),
        (None, Scope::Project(id)) => (OF_A_PROJECT, Some(ProjectId::get(id))),
        (None, Scope::Studio) => (OF_A_PROJECT, None),
    };
    let row: Concerned = connection.one(sql, args![1_i64, id]).await?;
    let project = row.project_id.map(ProjectId::new);
    let scene_type = row.scene_type_id.map(SceneTypeId::new);
    let lineage = match (project, scene_type) {
        (Some(project), Some(scene_type)) => Lineage::SceneType(project, scene_type),
        (Some(project), None) => Lineage::Project(project),
        (None, _) => Lineage::Studio,
    };
    Ok((row.generation, lineage))
}
