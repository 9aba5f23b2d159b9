//! The binary as people and scripts meet it: settings, help, exit codes, and
//! what the client commands say to a server.

mod binary;
mod client;
mod fake_server;
mod help;
mod serve;
mod settings;
mod stage;
mod transfer;
mod trusted_keys;
