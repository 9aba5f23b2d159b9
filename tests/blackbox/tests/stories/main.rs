//! The stories: what Stagehook promises, told through the built binary.

#![allow(
    clippy::too_many_lines,
    reason = "a story is told in one piece, and a table of cases is as long as it is"
)]

mod access;
mod bad_hooks;
mod bad_input;
mod cancelling;
mod catalogue;
mod catalogue_bounds;
mod command_line;
mod confinement;
mod crash;
mod deleting;
mod downloads;
mod egress;
mod events;
mod events_crash;
mod events_delivered;
mod events_in_order;
mod events_live;
mod events_operated;
mod events_socket_io;
mod events_verified;
mod example;
mod history;
mod hook_types;
mod idempotency;
mod inheritance;
mod listings;
mod metrics;
mod no_bubblewrap;
mod openapi;
mod overview;
mod plugins;
mod python;
mod real_plugins;
mod retention;
mod review;
mod scripts;
mod searching_logs;
mod secrets;
mod sessions;
mod test_console;
mod tokens;
mod uploads;
mod verdicts;
mod watermark;
mod web;
mod webhooks;
mod wild_scripts;
