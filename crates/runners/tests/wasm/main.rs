//! The wasm runner against components that behave and misbehave.

mod cache;
mod cancel;
mod compile;
mod frozen;
mod grants;
mod http;
mod limits;
mod media_probe;
mod output;
mod plugins_delivery_manifest;
mod plugins_loudness_gate;
mod plugins_naming_policy;
mod plugins_tracker_notify;
mod record;
mod results;
mod secrets;
mod settings;
mod since_v0_2;
mod stage;
mod upload;
