//! One file a resource: its requests, its OpenAPI text, its handlers.

pub(crate) mod audit;
pub(crate) mod deliveries;
pub(crate) mod effective;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod hook_activity;
pub(crate) mod hook_deliveries;
pub(crate) mod hook_order;
pub(crate) mod hook_test;
pub(crate) mod hooks;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod overview;
pub(crate) mod plugins;
pub(crate) mod projects;
pub(crate) mod revisions;
pub(crate) mod scene_types;
pub(crate) mod scripts;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod stage_runs;
pub(crate) mod test_cases;
pub(crate) mod tokens;
