//! What a plugin is used for, and what it used.

use crate::engine::Engine;
use crate::error::EngineError;
use chrono::{DateTime, Days, NaiveDate, Utc};
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
                let oldest = of_hook.iter().map(|used| used.executed_at).min();
                counted_since = counted_since.max(oldest);
            }
            used.extend(of_hook);
        }
        let mut shown = Vec::with_capacity(hooks.len());
        for hook in &hooks {
            shown.push(self.hook_of_plugin(hook).await?);
        }
        Ok(PluginUsage {
            days: by_day(first, today, counted_since, &used),
            counted_since,
            hooks: shown,
        })
    }

    async fn hook_of_plugin(&self, hook: &Hook) -> Result<HookOfPlugin, EngineError> {
        let plugin = match &hook.spec.config {
            HookConfig::Wasm(config) => config.exact_plugin(),
            HookConfig::Shell(_) | HookConfig::Python(_) | HookConfig::Webhook(_) => None,
        };
        let version = match plugin {
            Some(PluginRef::Version(_, version)) => Some(version),
            Some(digest @ PluginRef::Digest(_)) => {
                let found = self.store.find_plugin(&digest).await?;
                found.map(|found| found.manifest.version)
            }
            Some(PluginRef::Requirement(..)) | None => None,
        };
        Ok(HookOfPlugin {
            hook_id: hook.id,
            name: hook.spec.name.clone(),
            version: version.map(|version| version.to_string()),
            scope_type: hook.spec.scope.scope_type(),
            scope_id: hook.spec.scope.scope_id(),
            enabled: hook.spec.enabled,
        })
    }
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
