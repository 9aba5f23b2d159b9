//! The binary as people and scripts meet it: settings, help, exit codes, and
//! what the client commands say to a server.

mod binary;
mod client;
mod events;
mod fake_server;
mod help;
mod logs;
mod plugin_build;
mod plugin_cache;
mod plugin_inspect;
mod plugin_new;
mod plugin_run;
mod plugin_server;
mod plugin_settings;
mod plugin_signing;
mod serve;
mod settings;
mod stage;
mod transfer;
mod trusted_keys;
