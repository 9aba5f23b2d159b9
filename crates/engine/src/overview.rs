//! What goes on, and what waits for a person.

mod in_turn;

pub(crate) use in_turn::InTurn;

use crate::engine::Engine;
use crate::error::EngineError;
use stagehook_core::activity::HookActivity;
use stagehook_core::config::HookType;
use stagehook_core::ids::HookId;
use stagehook_core::job::Job;
use stagehook_core::page::PageRequest;
use stagehook_core::window::Window;
use stagehook_store::{Delivery, Executions, Happened, HeldUp, JobFilter, OfHook, Throughput};
use std::cmp::Reverse;
use std::sync::Arc;

/// Most things of one kind that are shown.
const SHOWN_MAX: u32 = 10;
/// Most hooks whose percentiles are looked at to find the slowest.
const CANDIDATES_MAX: usize = 30;

/// What goes on, and what waits for a person.
#[derive(Debug)]
pub struct Overview {
    /// The window that is looked at.
    pub window: Window,
    /// Its executions.
    pub throughput: Throughput,
    /// What else happened in it.
    pub happened: Happened,
    /// The hooks that take the longest, the slowest first.
    pub slowest: Vec<SlowHook>,
    /// How many jobs wait for a person, and the newest of them.
    pub jobs_to_review: (i64, Vec<Job>),
    /// How many hooks are held up, and the first of them.
    pub held_up: (i64, Vec<HeldUp>),
    /// How many deliveries were given up in the window, and the newest of them.
    pub given_up: (i64, Vec<Delivery>),
}

/// A hook that takes long.
#[derive(Debug)]
pub struct SlowHook {
    /// Its name.
    pub name: String,
    /// Its type.
    pub hook_type: HookType,
    /// Its executions in the window.
    pub executions: Executions,
    /// Its last executions, whenever they were.
    pub activity: HookActivity,
}

impl Engine {
    /// What went on in the last so many hours. However many ask, this server looks
    /// at one such window at a time.
    pub async fn overview(&self, hours: u32) -> Result<Arc<Overview>, EngineError> {
        self.overviews.ask(hours, self.look_over(hours)).await
    }

    async fn look_over(&self, hours: u32) -> Result<Overview, EngineError> {
        let window = Window::of_hours(hours, self.settings.clock.now());
        let throughput = self.store.throughput(&window).await?;
        let jobs = JobFilter {
            needs_review: Some(true),
            ..JobFilter::default()
        };
        let page = PageRequest {
            limit: SHOWN_MAX,
            cursor: None,
        };
        let jobs = self.store.list_jobs(&jobs, page).await?.items;
        Ok(Overview {
            slowest: self.slowest(&throughput).await?,
            happened: self.store.happened(&window).await?,
            jobs_to_review: (self.store.count_jobs_to_review().await?, jobs),
            held_up: self.store.hooks_held_up().await?,
            given_up: self.store.given_up_since(window.since(), SHOWN_MAX).await?,
            window,
            throughput,
        })
    }

    /// Of the hooks that took the longest on average, those whose slow
    /// executions take the longest.
    async fn slowest(&self, throughput: &Throughput) -> Result<Vec<SlowHook>, EngineError> {
        let mean = |of_hook: &OfHook| of_hook.duration_ms / of_hook.executions.executions.max(1);
        let mut ids: Vec<HookId> = throughput.hooks.keys().copied().collect();
        let order = |id: &HookId| (Reverse(throughput.hooks.get(id).map(mean)), *id);
        ids.sort_unstable_by_key(order);
        ids.truncate(CANDIDATES_MAX);
        let mut labels = self.store.hook_labels(&ids).await?;
        let mut slowest: Vec<SlowHook> = Vec::with_capacity(ids.len());
        for activity in self.store.hook_activity(&ids).await? {
            let of_hook = throughput.hooks.get(&activity.hook_id);
            let label = labels.remove(&activity.hook_id);
            if let (Some(of_hook), Some(label)) = (of_hook, label) {
                slowest.push(SlowHook {
                    name: label.name,
                    hook_type: label.hook_type,
                    executions: of_hook.executions,
                    activity,
                });
            }
        }
        slowest.sort_by_key(|slow| Reverse((slow.activity.p95_ms, slow.activity.p50_ms)));
        slowest.truncate(SHOWN_MAX as usize);
        Ok(slowest)
    }
}
