//! The hook itself.

use crate::config::{HookConfig, HookType};
use crate::event_pattern::EventPattern;
use crate::ids::HookId;
use crate::invalid::{Findings, Invalid};
use crate::scope::{Scope, ScopeType};
use crate::text;
use crate::trigger::{HookPoint, Trigger};
use crate::verdict::FailureMode;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::ToSchema;

/// What to run, and what triggers it. REQ-MOD-1
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// Its id; a number never used twice.
    pub id: HookId,
    /// What people gave.
    pub spec: HookSpec,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last; set by the database.
    pub updated_at: DateTime<Utc>,
    /// 1 for a new hook, one more with every change.
    pub version: i64,
}

/// The part of a hook that people give and change.
#[derive(Debug, Clone, PartialEq)]
pub struct HookSpec {
    /// Unique for its trigger and scope; an override has the name of what it
    /// overrides.
    pub name: String,
    /// For people.
    pub description: String,
    /// What makes it run.
    pub trigger: Trigger,
    /// Where it applies.
    pub scope: Scope,
    /// What its failure does to the stage.
    pub failure_mode: FailureMode,
    /// What to run and how; its variant is the hook's type.
    pub config: HookConfig,
    /// Lower runs earlier.
    pub sort_order: i64,
    /// A disabled hook does not run, and switches off what it overrides.
    pub enabled: bool,
    /// Whether the hook it overrides runs first. REQ-RES-6
    pub extends: bool,
}

/// A hook as it comes from outside, before it is checked.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HookRequest {
    /// Unique for its trigger and scope.
    #[schema(example = "color_grade")]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// What kind of hook.
    #[schema(value_type = HookType)]
    pub hook_type: String,
    /// The stage that triggers it; excludes `event`.
    #[serde(default)]
    #[schema(value_type = Option<HookPoint>)]
    pub hook_point: Option<String>,
    /// The events that trigger it; excludes `hook_point`.
    #[serde(default)]
    #[schema(value_type = Option<EventPattern>)]
    pub event: Option<String>,
    /// Where it applies.
    #[schema(value_type = ScopeType)]
    pub scope_type: String,
    /// The project's or the scene type's id.
    #[serde(default)]
    pub scope_id: Option<i64>,
    /// What its failure does; `warn` by default.
    #[serde(default)]
    #[schema(value_type = Option<FailureMode>)]
    pub failure_mode: Option<String>,
    /// What to run and how; its form depends on `hook_type`.
    #[schema(value_type = HookConfig)]
    pub config: Value,
    /// Lower runs earlier; 0 by default.
    #[serde(default)]
    pub sort_order: i64,
    /// True by default.
    #[serde(default = "enabled_by_default")]
    pub enabled: bool,
    /// Whether the hook it overrides runs first; false by default.
    #[serde(default)]
    pub extends: bool,
}

const fn enabled_by_default() -> bool {
    true
}

impl HookRequest {
    /// Checks the request; all that is wrong with it is reported at once.
    pub fn check(self) -> Result<HookSpec, Invalid> {
        let mut findings = Findings::default();
        let name = findings.take(text::name("/name", &self.name));
        let description = findings.take(text::free("/description", &self.description));
        let hook_type = findings.take(parsed::<HookType>("/hook_type", &self.hook_type));
        let trigger = findings.take(trigger(self.hook_point.as_deref(), self.event.as_deref()));
        let scope = findings.take(
            parsed::<ScopeType>("/scope_type", &self.scope_type)
                .and_then(|scope_type| Scope::from_parts(scope_type, self.scope_id)),
        );
        let failure_mode = findings.take(match &self.failure_mode {
            Some(mode) => parsed("/failure_mode", mode),
            None => Ok(FailureMode::default()),
        });
        if let (Some(Trigger::Event(_)), Some(FailureMode::Block)) = (&trigger, failure_mode) {
            findings.push(
                "/failure_mode",
                "must be warn or ignore: nobody waits for an event hook, so it cannot block",
            );
        }
        let config = hook_type
            .and_then(|hook_type| findings.take(HookConfig::parse(hook_type, self.config)));
        if let (Some(Trigger::Stage(_)), Some(config)) = (&trigger, &config) {
            let only_for_events = [
                ("rate_limit", config.delivery().rate_limit.is_some()),
                ("order_key", config.order_key().is_some()),
            ];
            for (key, is_given) in only_for_events {
                findings.require(
                    !is_given,
                    format!("/config/{key}"),
                    "is for event hooks alone: a stage waits for its hooks, one after the other",
                );
            }
        }
        findings.finish()?;
        // `finish` has returned unless every part was taken.
        match (name, description, trigger, scope, failure_mode, config) {
            (
                Some(name),
                Some(description),
                Some(trigger),
                Some(scope),
                Some(failure_mode),
                Some(config),
            ) => Ok(HookSpec {
                name,
                description,
                trigger,
                scope,
                failure_mode,
                config,
                sort_order: self.sort_order,
                enabled: self.enabled,
                extends: self.extends,
            }),
            _ => Err(Invalid::one("", "is incomplete")),
        }
    }
}

fn parsed<T: FromStr>(pointer: &str, text: &str) -> Result<T, Invalid>
where
    T::Err: Display,
{
    text.parse()
        .map_err(|error: T::Err| Invalid::one(pointer, format!("{error}, not '{}'", brief(text))))
}

fn brief(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Puts a trigger together from its outside form: exactly one of the two.
pub fn trigger(hook_point: Option<&str>, event: Option<&str>) -> Result<Trigger, Invalid> {
    match (hook_point, event) {
        (Some(point), None) => parsed::<HookPoint>("/hook_point", point).map(Trigger::Stage),
        (None, Some(pattern)) => parsed::<EventPattern>("/event", pattern).map(Trigger::Event),
        (Some(_), Some(_)) => Err(Invalid::one(
            "/event",
            "cannot be given together with hook_point: a hook has one trigger",
        )),
        (None, None) => Err(Invalid::one(
            "/hook_point",
            "is required, or event: a hook has one trigger",
        )),
    }
}
