//! Stagehook over HTTP: routes, authentication, problems, the OpenAPI document.
//!
//! Base path `/api/v1`; bodies are JSON in `snake_case`, times RFC 3339 in UTC,
//! errors RFC 9457 problems. Nothing is decided here: a handler
//! reads the request into types of `core`, calls the engine or the store, and
//! shows what came of it. One file a resource in `routes/`; how requests are
//! read is in `extract/`.

mod auth;
mod extract;
mod listing;
mod openapi;
mod places;
mod problem;
mod router;
mod routes;
mod serve;
mod settings;
mod socket_io;
mod stalling;
mod state;
mod web;

pub use openapi::document;
pub use router::router;
pub use serve::serve;
pub use settings::ApiSettings;
