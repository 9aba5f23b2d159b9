//! Events that others publish, and the catalogue of their types. REQ-EVT-1..3

use crate::engine::Engine;
use crate::error::EngineError;
use serde_json::{Map, Value};
use stagehook_core::digest::Digest;
use stagehook_core::event::{Event, name};
use stagehook_core::event_type::{EventKind, EventType, check_data};
use stagehook_core::ids::{EventId, JobId};
use stagehook_core::invalid::{Findings, Invalid};
use stagehook_core::scope::Scope;
use stagehook_store::{PublicationKey, Published, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most events of one publication.
pub const BATCH_MAX: usize = 1_000;
/// Largest data of one event, in bytes.
pub const DATA_MAX_BYTES: usize = 1 << 20;
/// How long the catalogue is taken to be as it was read; other servers may
/// change it.
const CATALOGUE_FRESH: Duration = Duration::from_secs(1);

/// What only Stagehook itself may say: whoever hears it relies on it.
const OWN: [&str; 12] = [
    name::JOB_CREATED,
    name::JOB_COMPLETED,
    name::JOB_FAILED,
    name::JOB_REVIEW_REQUESTED,
    name::JOB_REVIEW_RESOLVED,
    name::STAGE_RUN_COMPLETED,
    name::HOOK_BLOCKED,
    name::HOOK_CHANGED,
    name::HOOK_EXECUTED,
    name::HOOK_DISABLED,
    name::HOOK_OUTPUT,
    name::PLUGIN_PUBLISHED,
];

/// An event that somebody publishes.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedEvent {
    /// Its type's name.
    pub event_name: String,
    /// What happened.
    pub data: Map<String, Value>,
    /// The job it is about.
    pub job_id: Option<JobId>,
    /// What it is about, where it is no job.
    pub scope: Scope,
}

type Catalogue = HashMap<String, EventType>;

/// The event types as they were read last.
#[derive(Debug, Default)]
pub(crate) struct EventTypes(Mutex<Option<(Instant, Arc<Catalogue>)>>);

impl EventTypes {
    fn fresh(&self) -> Option<Arc<Catalogue>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .filter(|(read, _)| read.elapsed() < CATALOGUE_FRESH)
            .map(|(_, types)| Arc::clone(types))
    }

    fn set(&self, known: Option<(Instant, Arc<Catalogue>)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Engine {
    /// Publishes events, all or none: a business event is committed with its
    /// deliveries, a progress event is told to whoever listens now. With a key
    /// that was used before for the same events, the first answer is given
    /// again.
    ///
    /// # Errors
    /// [`EngineError::Invalid`], with pointers into each event (`batch` puts the
    /// event's place before them); [`StoreError::PublicationKeyReused`].
    pub async fn publish(
        &self,
        published: Vec<PublishedEvent>,
        key: Option<String>,
        batch: bool,
    ) -> Result<Vec<Published>, EngineError> {
        let catalogue = self.catalogue().await?;
        let mut findings = Findings::default();
        for (place, event) in published.iter().enumerate() {
            let prefix = if batch {
                format!("/{place}")
            } else {
                String::new()
            };
            let below = |invalid: Invalid| invalid.below(&prefix);
            findings.take(check(&catalogue, event).map_err(below));
            findings.take(self.check_subject(event).await?.map_err(below));
        }
        findings.finish()?;
        let key = key.map(|key| PublicationKey {
            digest: digest(&published),
            key,
        });
        let now = self.settings.clock.now();
        let mut answer = Vec::with_capacity(published.len());
        let mut business = Vec::new();
        for (place, event) in published.into_iter().enumerate() {
            let is_progress = catalogue
                .get(&event.event_name)
                .is_some_and(|event_type| event_type.kind == EventKind::Progress);
            let event = Event {
                id: EventId::generate(),
                event_name: event.event_name,
                data: event.data,
                job_id: event.job_id,
                scope: event.scope,
                created_at: now,
            };
            answer.push(Published {
                id: event.id,
                deliveries: 0,
            });
            if is_progress {
                self.progress().publish(event);
            } else {
                business.push((place, event));
            }
        }
        let (places, events): (Vec<_>, Vec<_>) = business.into_iter().unzip();
        if events.is_empty() {
            return Ok(answer);
        }
        let stored = self.store.publish_events(events.clone(), key).await?;
        for (place, stored) in places.into_iter().zip(&stored) {
            answer[place] = *stored;
        }
        // Those of an earlier call were told then.
        let is_new = |event: &Event| stored.iter().any(|stored| stored.id == event.id);
        for event in events.into_iter().filter(is_new) {
            self.progress().publish(event);
        }
        Ok(answer)
    }

    /// Every event type, by name.
    pub async fn event_types(&self) -> Result<Vec<EventType>, EngineError> {
        Ok(self.store.event_types().await?)
    }

    /// Adds event types, or changes those of the same name; all or none.
    pub async fn put_event_types(
        &self,
        actor: &str,
        types: Vec<EventType>,
    ) -> Result<(), EngineError> {
        self.store.put_event_types(actor, types).await?;
        self.event_types.set(None);
        Ok(())
    }

    /// Removes an event type that is not built in; its events are kept.
    pub async fn delete_event_type(&self, actor: &str, name: &str) -> Result<(), EngineError> {
        self.store.delete_event_type(actor, name).await?;
        self.event_types.set(None);
        Ok(())
    }

    async fn catalogue(&self) -> Result<Arc<Catalogue>, EngineError> {
        if let Some(fresh) = self.event_types.fresh() {
            return Ok(fresh);
        }
        let read = Instant::now();
        let types = self.store.event_types().await?.into_iter();
        let types = Arc::new(
            types
                .map(|event_type| (event_type.name.clone(), event_type))
                .collect::<Catalogue>(),
        );
        self.event_types.set(Some((read, Arc::clone(&types))));
        Ok(types)
    }

    /// Whether what the event is about exists.
    async fn check_subject(
        &self,
        event: &PublishedEvent,
    ) -> Result<Result<(), Invalid>, StoreError> {
        let found = match (event.job_id, event.scope) {
            (Some(job), Scope::Studio) => self.store.get_job(job).await.map(|_| ()),
            (Some(_), _) => {
                return Ok(Err(Invalid::one(
                    "/scope_type",
                    "must be absent where job_id is given: the job says its scope",
                )));
            }
            (None, Scope::Studio) => Ok(()),
            (None, Scope::Project(id)) => self.store.get_project(id).await.map(|_| ()),
            (None, Scope::SceneType(id)) => self.store.get_scene_type(id).await.map(|_| ()),
        };
        let pointer = if event.job_id.is_some() {
            "/job_id"
        } else {
            "/scope_id"
        };
        match found {
            Ok(()) => Ok(Ok(())),
            Err(error @ StoreError::NotFound { .. }) => {
                Ok(Err(Invalid::one(pointer, error.to_string())))
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the event is of a type that others may publish, and its data fits.
fn check(catalogue: &Catalogue, event: &PublishedEvent) -> Result<(), Invalid> {
    let Some(event_type) = catalogue.get(&event.event_name) else {
        return Err(Invalid::one(
            "/event_name",
            format!(
                "there is no event type {:?}: add it to the catalogue first (POST /event-types)",
                event.event_name.chars().take(128).collect::<String>()
            ),
        ));
    };
    if OWN.contains(&event.event_name.as_str()) {
        return Err(Invalid::one(
            "/event_name",
            "Stagehook alone emits events of this type",
        ));
    }
    let data = Value::Object(event.data.clone());
    if serde_json::to_vec(&data).map_or(0, |json| json.len()) > DATA_MAX_BYTES {
        return Err(Invalid::one(
            "/data",
            format!(
                "must have at most {DATA_MAX_BYTES} bytes as JSON: hand over large things by \
                 reference"
            ),
        ));
    }
    match &event_type.schema {
        Some(schema) => check_data(schema, &data).map_err(|invalid| invalid.below("/data")),
        None => Ok(()),
    }
}

/// What makes two publications with one key the same.
fn digest(published: &[PublishedEvent]) -> Digest {
    let parts: Vec<_> = published
        .iter()
        .map(|event| {
            (
                &event.event_name,
                &event.data,
                event.job_id,
                event.scope.scope_type().as_str(),
                event.scope.scope_id(),
            )
        })
        .collect();
    Digest::of(&serde_json::to_vec(&parts).unwrap_or_default())
}
