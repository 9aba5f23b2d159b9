//! Events that others publish, and the catalogue of their types. REQ-EVT-1..3

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use serde_json::{Map, Value};
use stagehook_core::digest::Digest;
use stagehook_core::event::{Event, name};
use stagehook_core::event_type::{EventKind, EventType};
use stagehook_core::ids::{EventId, JobId};
use stagehook_core::invalid::{Findings, Invalid};
use stagehook_core::schema::JsonSchema;
use stagehook_core::scope::Scope;
use stagehook_store::{PublicationKey, Published, StoreError};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most events of one publication.
pub const BATCH_MAX: usize = 1_000;
/// Largest data of one event, in bytes.
pub const DATA_MAX_BYTES: usize = 1 << 20;
/// Problems after which no further event is checked.
const PROBLEMS_MAX: usize = 100;
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
        let has_schema = |event: &PublishedEvent| {
            let event_type = catalogue.get(&event.event_name);
            event_type.is_some_and(|event_type| event_type.schema.is_some())
        };
        let (published, checked) = if published.iter().any(has_schema) {
            let catalogue = Arc::clone(&catalogue);
            // A schema may take a while.
            let check = move || {
                let checked = check_all(&catalogue, &published, batch);
                (published, checked)
            };
            blocking(check).await?
        } else {
            let checked = check_all(&catalogue, &published, batch);
            (published, checked)
        };
        let mut findings = Findings::default();
        findings.take(checked);
        findings.take(self.check_subjects(&published, batch).await?);
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
        let stored = self.store.publish_events(events, key).await?;
        for (place, stored) in places.into_iter().zip(&stored) {
            answer[place] = *stored;
        }
        Ok(answer)
    }

    /// Every event type, by name.
    pub async fn event_types(&self) -> Result<Vec<EventType>, EngineError> {
        Ok(self.store.event_types().await?)
    }

    /// Adds event types, or changes those of the same name; all or none. Answers
    /// how many were added.
    pub async fn put_event_types(
        &self,
        actor: &str,
        types: Vec<EventType>,
    ) -> Result<usize, EngineError> {
        let added = self.store.put_event_types(actor, types).await?;
        self.event_types.set(None);
        Ok(added)
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

    /// Whether what the events are about exists; each thing is looked for once.
    async fn check_subjects(
        &self,
        published: &[PublishedEvent],
        batch: bool,
    ) -> Result<Result<(), Invalid>, StoreError> {
        let mut findings = Findings::default();
        let mut known = HashSet::new();
        for (place, event) in published.iter().enumerate() {
            if known.insert((event.job_id, event.scope)) {
                let subject = self.check_subject(event).await?;
                findings.take(subject.map_err(|invalid| invalid.below(&place_of(place, batch))));
            }
        }
        Ok(findings.finish())
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

/// Where an event is, in pointers.
fn place_of(place: usize, batch: bool) -> String {
    if batch {
        format!("/{place}")
    } else {
        String::new()
    }
}

/// Checks events; tells the first [`PROBLEMS_MAX`] problems, about.
fn check_all(
    catalogue: &Catalogue,
    published: &[PublishedEvent],
    batch: bool,
) -> Result<(), Invalid> {
    let mut problems = Vec::new();
    let mut schemas = HashMap::new();
    for (place, event) in published.iter().enumerate() {
        if let Err(invalid) = check(catalogue, &mut schemas, event) {
            problems.extend(invalid.below(&place_of(place, batch)).0);
        }
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Invalid(problems))
    }
}

/// Whether the event is of a type that others may publish, and its data fits.
/// Each type's schema is compiled once.
fn check<'a>(
    catalogue: &'a Catalogue,
    schemas: &mut HashMap<&'a str, JsonSchema>,
    event: &PublishedEvent,
) -> Result<(), Invalid> {
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
    let Some(schema) = &event_type.schema else {
        return Ok(());
    };
    match schemas.entry(&event_type.name) {
        Entry::Occupied(schema) => schema.get().check(&data, "/data"),
        Entry::Vacant(place) => {
            let schema = JsonSchema::compile(schema).map_err(|invalid| {
                let why = format!("cannot be checked, its type's schema is broken: {invalid}");
                Invalid::one("/data", why)
            })?;
            place.insert(schema).check(&data, "/data")
        }
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
