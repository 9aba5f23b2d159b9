//! The model's rules, as properties and tables.

mod clock;
mod config;
mod cursor;
mod delivery;
mod delivery_config;
mod event_catalogue;
mod event_pattern;
mod event_type;
mod hook_request;
mod host_pattern;
mod names;
mod nesting;
mod oci_layout;
mod order_key;
mod patch;
mod plugin_ref;
mod rate_limit;
mod resolve;
mod result;
mod round_trip;
mod sample;
mod schema;
mod secret;
mod signature;
mod verdict;
mod webhook;
