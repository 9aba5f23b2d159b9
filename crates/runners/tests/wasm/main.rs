//! The wasm runner against components that behave and misbehave.

mod cache;
mod cancel;
mod compile;
mod grants;
mod limits;
mod media_probe;
mod output;
mod results;
mod secrets;
mod settings;
mod stage;
mod upload;
