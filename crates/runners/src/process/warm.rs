//! Warm Python: runs that begin where an interpreter has imported what their
//! script imports. See `docs/decisions/0014-warm-python.md`.
//!
//! | what | where |
//! | --- | --- |
//! | which templates there are, and until when | here |
//! | what a template is good for | `key` |
//! | a template, and a run that is forked from it | `template`, `lib/warm.py`, `lib/stagehook_warm/` |
//! | how descriptors get there | `socket` |
//!
//! The first run of a script is a cold one, and has a template made for those
//! that come after it. Whatever is wrong with a template, a run is cold then: a
//! script is told to run when all else has succeeded, and once.

mod key;
mod socket;
mod template;

pub(super) use key::Key;
pub(super) use template::{Description, Forked, PREFIX, Template, Told};

use super::cgroup::ControlGroups;
use super::confinement::InForce;
use super::{ProcessSettings, blocking};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use template::{NotForked, NotReady};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Until another is tried where one failed.
const REST: Duration = Duration::from_mins(1);
/// The same where another would be no better.
const LONG_REST: Duration = Duration::from_mins(10);

/// The templates of a server.
#[derive(Debug)]
pub(super) struct Templates {
    settings: Arc<ProcessSettings>,
    confinement: Arc<InForce>,
    groups: Option<Arc<ControlGroups>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    /// Those who look after templates; ended with this.
    guards: JoinSet<()>,
    /// Whether a run was ever forked here.
    works: bool,
    /// Whether it was told what root does not do.
    told_root: bool,
    /// No template is made before, as no run could be forked from one.
    unable_until: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    key: Arc<Key>,
    stage: Stage,
    used: Instant,
}

#[derive(Debug)]
enum Stage {
    /// It is importing.
    Starting,
    /// Runs can be forked from it.
    Ready(Arc<Template>),
    /// It failed.
    Resting { until: Instant },
}

/// How a run is to begin.
#[derive(Debug)]
pub(super) enum Begin {
    /// Forked from this.
    Warm(Arc<Template>),
    /// Cold, and a template is to be made.
    ColdAndMake(Making),
    /// Cold.
    Cold,
}

/// A template that somebody has to make. Dropped before that, it is tried again
/// after a while.
#[derive(Debug)]
pub(super) struct Making {
    templates: Arc<Templates>,
    key: Arc<Key>,
    is_made: bool,
}

impl Making {
    /// The template's.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Makes it in the background. Must be called within the runtime.
    pub(super) fn make(mut self, description: Description) {
        self.is_made = true;
        let key = Arc::clone(&self.key);
        let guard = look_after(Arc::downgrade(&self.templates), key, description);
        let mut state = self.templates.lock();
        while state.guards.try_join_next().is_some() {}
        state.guards.spawn_on(guard, &Handle::current());
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.is_made {
            self.templates.rest(&self.key, REST);
        }
    }
}

impl Begin {
    /// What it is forked from.
    pub(super) fn template(&self) -> Option<Arc<Template>> {
        match self {
            Self::Warm(template) => Some(Arc::clone(template)),
            Self::ColdAndMake(_) | Self::Cold => None,
        }
    }
}

impl Templates {
    pub(super) fn new(
        settings: Arc<ProcessSettings>,
        confinement: Arc<InForce>,
        groups: Option<Arc<ControlGroups>>,
    ) -> Self {
        Self {
            settings,
            confinement,
            groups,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a run with this key is to begin.
    pub(super) fn begin(self: &Arc<Self>, key: &Arc<Key>) -> Begin {
        let now = Instant::now();
        let mut ended = None;
        let mut state = self.lock();
        if let Some(entry) = state.entry(key) {
            entry.used = now;
            match &entry.stage {
                Stage::Ready(template) => return Begin::Warm(Arc::clone(template)),
                Stage::Starting => return Begin::Cold,
                Stage::Resting { until } if now < *until => return Begin::Cold,
                Stage::Resting { .. } => entry.stage = Stage::Starting,
            }
            return self.making(key);
        }
        if state.unable_until.is_some_and(|until| now < until) {
            return Begin::Cold;
        }
        if state.entries.len() >= self.settings.warm_templates {
            let others = state.entries.iter().enumerate();
            let oldest = others
                .filter(|(_, entry)| !matches!(entry.stage, Stage::Starting))
                .min_by_key(|(_, entry)| entry.used);
            let Some((oldest, _)) = oldest else {
                return Begin::Cold;
            };
            ended = Some(state.entries.swap_remove(oldest));
        }
        state.entries.push(Entry {
            key: Arc::clone(key),
            stage: Stage::Starting,
            used: now,
        });
        drop(state);
        // Takes a moment, and nobody else is to wait for it.
        drop(ended);
        self.making(key)
    }

    fn making(self: &Arc<Self>, key: &Arc<Key>) -> Begin {
        Begin::ColdAndMake(Making {
            templates: Arc::clone(self),
            key: Arc::clone(key),
            is_made: false,
        })
    }

    /// Nothing is forked for this key, and no template made, for so long.
    fn rest(&self, key: &Arc<Key>, rest: Duration) {
        if let Some(entry) = self.lock().entry(key) {
            entry.stage = Stage::Resting {
                until: Instant::now() + rest,
            };
        }
    }

    /// A hook stays cold because the server is root.
    pub(super) fn told_root(&self) {
        let mut state = self.lock();
        if !state.told_root {
            state.told_root = true;
            tracing::warn!(
                "warm hooks with packages or variables of their own run cold, as this server is \
                 root: run it as another user"
            );
        }
    }

    /// A run was forked.
    pub(super) fn worked(&self) {
        self.lock().works = true;
    }

    /// No run could be forked from this one, for this reason: it is ended, when
    /// its last run is.
    pub(super) fn failed(&self, key: &Arc<Key>, template: &Arc<Template>, why: &NotForked) {
        let mut state = self.lock();
        if let NotForked::Changed = why {
            // The next run has another one made.
            state.entries.retain(|entry| !entry.is(template));
            return;
        }
        let why = why.to_string();
        if !state.works && state.unable_until.is_none() {
            tracing::warn!(
                why,
                "warm hooks run cold: nothing can be forked within a sandbox on this machine"
            );
        } else {
            tracing::warn!(script = %key.script(), why, "a warm hook runs cold");
        }
        if !state.works {
            state.unable_until = Some(Instant::now() + LONG_REST);
        }
        let Some(entry) = state.entry(key) else {
            return;
        };
        if entry.is(template) {
            entry.stage = Stage::Resting {
                until: Instant::now() + REST,
            };
        }
    }

    /// A template has started, or not.
    fn started(&self, key: &Arc<Key>, started: Result<Arc<Template>, NotReady>) {
        let mut state = self.lock();
        let Some(entry) = state.entry(key) else {
            return;
        };
        let rest = match &started {
            Err(NotReady::Unfit(_)) => LONG_REST,
            _ => REST,
        };
        entry.stage = match started {
            Ok(template) => Stage::Ready(template),
            Err(why) => {
                tracing::warn!(script = %key.script(), %why, "a warm hook runs cold");
                Stage::Resting {
                    until: Instant::now() + rest,
                }
            }
        };
    }

    /// Takes a template out that has ended, or that was not used for too long;
    /// otherwise says when that would be.
    fn take_unused(&self, key: &Arc<Key>, template: &Weak<Template>, has_ended: bool) -> Unused {
        let mut state = self.lock();
        let found = state.entries.iter().position(|entry| {
            Arc::ptr_eq(&entry.key, key)
                && template
                    .upgrade()
                    .is_some_and(|template| entry.is(&template))
        });
        let Some(found) = found else {
            return Unused::Gone;
        };
        let until = state.entries[found].used + self.settings.warm_unused_for;
        if !has_ended && Instant::now() < until {
            return Unused::NotBefore(until);
        }
        Unused::Taken(state.entries.swap_remove(found))
    }
}

/// A template that nobody uses.
enum Unused {
    /// Somebody else has taken it out.
    Gone,
    /// It is used, or was.
    NotBefore(Instant),
    Taken(Entry),
}

impl State {
    fn entry(&mut self, key: &Arc<Key>) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == *key)
    }
}

impl Entry {
    fn is(&self, template: &Arc<Template>) -> bool {
        matches!(&self.stage, Stage::Ready(ready) if Arc::ptr_eq(ready, template))
    }
}

/// Starts a template, and ends it when it is not used any more. Ends with the
/// templates themselves.
async fn look_after(templates: Weak<Templates>, key: Arc<Key>, description: Description) {
    let Some(strong) = templates.upgrade() else {
        return;
    };
    let (settings, confinement) = (
        Arc::clone(&strong.settings),
        Arc::clone(&strong.confinement),
    );
    let groups = strong.groups.clone();
    // What is under way does not keep the templates.
    drop(strong);
    let template = start(settings, confinement, groups, description).await;
    let template = template.map(Arc::new);
    let weak = match &template {
        Ok(template) => Arc::downgrade(template),
        Err(_) => Weak::new(),
    };
    let ended = template
        .as_ref()
        .ok()
        .and_then(|template| template.ended().ok());
    let Some(strong) = templates.upgrade() else {
        return;
    };
    strong.started(&key, template);
    drop(strong);
    let Some(ended) = ended else { return };
    let mut has_ended = false;
    loop {
        let Some(strong) = templates.upgrade() else {
            return;
        };
        let unused = strong.take_unused(&key, &weak, has_ended);
        drop(strong);
        match unused {
            Unused::Gone => return,
            Unused::Taken(entry) => {
                if has_ended {
                    tracing::warn!(script = %key.script(), "the template of a warm hook has ended");
                }
                // Its processes are waited for.
                let _ = blocking(move || drop(entry)).await;
                return;
            }
            Unused::NotBefore(until) => tokio::select! {
                _ = ended.readable() => has_ended = true,
                () = tokio::time::sleep_until(until.into()) => {}
            },
        }
    }
}

async fn start(
    settings: Arc<ProcessSettings>,
    confinement: Arc<InForce>,
    groups: Option<Arc<ControlGroups>>,
    description: Description,
) -> Result<Template, NotReady> {
    let failed = |error: std::io::Error| NotReady::Failed(error.to_string());
    let started = blocking(move || {
        let InForce::Bubblewrap(bubblewrap) = &*confinement else {
            return Err(std::io::ErrorKind::Unsupported.into());
        };
        Template::start(
            description,
            bubblewrap,
            groups.as_ref(),
            &settings.work_root,
        )
    });
    let template = started
        .await
        .map_err(|broken| NotReady::Failed(broken.to_string()))?
        .map_err(failed)?;
    template.ready().await?;
    Ok(template)
}
