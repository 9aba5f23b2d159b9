//! What a plugin is used for, and what it used.

use crate::engine::Engine;
use crate::error::EngineError;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use stagehook_core::config::{HookConfig, PluginRef};
use stagehook_core::hook::Hook;
use stagehook_core::ids::HookId;
use stagehook_core::page::PageRequest;
use stagehook_core::plugin::PluginName;
use stagehook_core::scope::ScopeType;
use stagehook_store::{HOOKS_LIMIT_MAX, HookFilter, Used};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Most days that are looked at.
pub const DAYS_MAX: u32 = 90;
/// Executions that are counted of all hooks together, unless that is less than
/// [`OF_HOOK_MIN`] of each.
const COUNTED_MAX: usize = 20_000;
/// Executions that are counted of a hook at least.
const OF_HOOK_MIN: usize = 100;

/// What a plugin is used for, and what it used.
#[derive(Debug, Serialize, ToSchema)]
pub struct PluginUsage {
    /// Day by day in UTC, oldest first, days without an execution included.
    days: Vec<DayOfPlugin>,
    /// Since when all executions are counted, where there are too many for all of
    /// the days; days before that are left away.
    counted_since: Option<DateTime<Utc>>,
    /// The hooks that run a version of it, at most 1,000.
    hooks: Vec<HookOfPlugin>,
}

/// A day of a plugin; tests are left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayOfPlugin {
    /// The day, in UTC.
    day: NaiveDate,
    /// Executions that began on it.
    executions: u64,
    /// Of these, those that did not succeed.
    failed: u64,
    /// Units of fuel that they used.
    fuel_used: u64,
    /// How long they took, in milliseconds.
    duration_ms: u64,
}

/// A hook that runs a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub struct HookOfPlugin {
    /// Its id.
    hook_id: HookId,
    /// Its name.
    name: String,
    /// The version of the plugin that it runs.
    version: Option<String>,
    /// Where it applies.
    scope_type: ScopeType,
    /// The project's or the scene type's id; null for the studio.
    scope_id: Option<i64>,
    /// Whether it runs.
    enabled: bool,
}

impl Engine {
    /// What a plugin is used for, and what the hooks that run it now used in so
    /// many days up to today.
    pub async fn plugin_usage(
        &self,
        name: &PluginName,
        days: u32,
    ) -> Result<PluginUsage, EngineError> {
        self.require_plugin(name).await?;
        let filter = HookFilter {
            plugin: Some(name.clone()),
            ..HookFilter::default()
        };
        let page = PageRequest {
            limit: HOOKS_LIMIT_MAX,
            cursor: None,
        };
        let hooks = self.store.list_hooks(&filter, page).await?.items;
        let today = self.settings.clock.now().date_naive();
        let first = today - Days::new(u64::from(days.clamp(1, DAYS_MAX)) - 1);
        let since = first.and_time(chrono::NaiveTime::MIN).and_utc();
        let most = (COUNTED_MAX / hooks.len().max(1)).max(OF_HOOK_MIN);
        let mut counted_since = None;
        let mut used = Vec::new();
        for hook in &hooks {
            let of_hook = self.store.used_by_hook(hook.id, since, most).await?;
            if of_hook.len() == most {
                counted_since = counted_since.max(all_counted_since(&of_hook));
            }
            used.extend(of_hook);
        }
        Ok(PluginUsage {
            days: by_day(first, today, counted_since, &used),
            counted_since,
            hooks: self.hooks_of_plugin(&hooks).await?,
        })
    }

    async fn hooks_of_plugin(&self, hooks: &[Hook]) -> Result<Vec<HookOfPlugin>, EngineError> {
        let plugins: Vec<_> = hooks.iter().map(plugin_of).collect();
        let digests = plugins.iter().filter_map(|plugin| match plugin {
            Some(PluginRef::Digest(digest)) => Some(*digest),
            Some(PluginRef::Version(..) | PluginRef::Requirement(..)) | None => None,
        });
        let versions = self.store.versions_with_digests(&digests.collect()).await?;
        let shown = hooks.iter().zip(&plugins).map(|(hook, plugin)| {
            let version = match plugin {
                Some(PluginRef::Version(_, version)) => Some(version),
                Some(PluginRef::Digest(digest)) => versions.get(digest),
                Some(PluginRef::Requirement(..)) | None => None,
            };
            HookOfPlugin {
                hook_id: hook.id,
                name: hook.spec.name.clone(),
                version: version.map(ToString::to_string),
                scope_type: hook.spec.scope.scope_type(),
                scope_id: hook.spec.scope.scope_id(),
                enabled: hook.spec.enabled,
            }
        });
        Ok(shown.collect())
    }
}

/// The plugin that a hook runs.
fn plugin_of(hook: &Hook) -> Option<PluginRef> {
    match &hook.spec.config {
        HookConfig::Wasm(config) => config.exact_plugin(),
        HookConfig::Shell(_) | HookConfig::Python(_) | HookConfig::Webhook(_) => None,
    }
}

/// Since when all executions are among these, the ones that were stored last,
/// newest first. What is missing was stored, and so began, before the last one of
/// these was stored, which is when that one ended.
fn all_counted_since(used: &[Used]) -> Option<DateTime<Utc>> {
    let first_stored = used.last()?;
    let took = TimeDelta::try_milliseconds(first_stored.duration_ms).unwrap_or_default();
    first_stored.executed_at.checked_add_signed(took)
}

/// What was used on each day, of executions that began since all are counted.
fn by_day(
    first: NaiveDate,
    last: NaiveDate,
    counted_since: Option<DateTime<Utc>>,
    used: &[Used],
) -> Vec<DayOfPlugin> {
    let first = counted_since.map_or(first, |since| first.max(since.date_naive()));
    let mut days: BTreeMap<NaiveDate, DayOfPlugin> = first
        .iter_days()
        .take_while(|day| *day <= last)
        .map(|day| {
            let nothing = DayOfPlugin {
                day,
                executions: 0,
                failed: 0,
                fuel_used: 0,
                duration_ms: 0,
            };
            (day, nothing)
        })
        .collect();
    for used in used {
        let counts = counted_since.is_none_or(|since| used.executed_at >= since);
        if let Some(day) = days.get_mut(&used.executed_at.date_naive())
            && counts
        {
            day.executions += 1;
            day.failed += u64::from(!used.success);
            day.fuel_used = day
                .fuel_used
                .saturating_add(used.usage.fuel_used.unwrap_or(0));
            day.duration_ms = day
                .duration_ms
                .saturating_add(u64::try_from(used.duration_ms).unwrap_or(0));
        }
    }
    days.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stagehook_core::execution::Usage;

    fn used(at: &str, success: bool, fuel_used: Option<u64>) -> Used {
        Used {
            executed_at: at.parse().unwrap(),
            success,
            duration_ms: 10,
            usage: Usage {
                fuel_used,
                ..Usage::default()
            },
        }
    }

    /// A long execution is stored late: what began after it may have been stored
    /// before it, and is not among the newest ones then.
    #[test]
    fn all_is_counted_since_the_first_of_the_newest_was_stored() {
        let long = Used {
            duration_ms: 20 * 60 * 1_000,
            ..used("2026-03-04T05:00:00Z", true, None)
        };
        let newest = [
            used("2026-03-04T05:20:07Z", true, None),
            used("2026-03-04T05:20:03Z", true, None),
            long.clone(),
        ];
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(all_counted_since(&newest), at("2026-03-04T05:20:00Z"));
        // Where it was stored last, all that began since the others is there.
        let newest = [
            long,
            used("2026-03-04T05:19:58Z", true, None),
            used("2026-03-04T05:19:57Z", true, None),
        ];
        assert_eq!(all_counted_since(&newest), at("2026-03-04T05:19:57.010Z"));
        assert_eq!(all_counted_since(&[]), None);
    }

    #[test]
    fn days_are_added_up_since_all_is_counted() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let all = [
            used("2026-03-04T05:00:00Z", true, Some(7)),
            used("2026-03-04T00:00:00Z", false, Some(u64::MAX)),
            used("2026-03-02T23:59:59.999999Z", true, None),
            used("2026-03-02T12:00:00Z", false, Some(5)),
        ];
        let added = |counted_since| {
            by_day(day("2026-03-01"), day("2026-03-04"), counted_since, &all)
                .iter()
                .map(|day| {
                    (
                        day.day.to_string(),
                        day.executions,
                        day.failed,
                        day.fuel_used,
                    )
                })
                .collect::<Vec<_>>()
        };
        let row = |day: &str, executions, failed, fuel| (day.to_owned(), executions, failed, fuel);
        assert_eq!(
            added(None),
            [
                row("2026-03-01", 0, 0, 0),
                row("2026-03-02", 2, 1, 5),
                row("2026-03-03", 0, 0, 0),
                row("2026-03-04", 2, 1, u64::MAX),
            ]
        );
        let since = Some("2026-03-02T20:00:00Z".parse().unwrap());
        assert_eq!(
            added(since),
            [
                row("2026-03-02", 1, 0, 0),
                row("2026-03-03", 0, 0, 0),
                row("2026-03-04", 2, 1, u64::MAX),
            ]
        );
    }
}
