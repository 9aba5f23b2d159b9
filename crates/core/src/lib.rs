//! The Stagehook model and its pure rules.
//!
//! A **hook** is what to run and what triggers it. The trigger is either a
//! *stage* of the pipeline (synchronous: the pipeline waits for a verdict) or
//! an *event* (asynchronous: a delivery). This crate holds everything about
//! hooks that can be decided without touching the world:
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`resolve`] | which hooks apply to a scope, in which order, and why the others do not |
//! | [`verdict`] | what an execution's outcome means for the stage that waits |
//! | [`contract`] | the object every hook receives, and the one it may answer with |
//! | [`config`] | what each hook type may be configured with, and what is wrong with it |
//! | [`delivery`] | what one attempt at an event hook means: done, again later, or given up |
//! | [`event_type`] | which types of events there are, and what their data may be |
//! | [`webhook_signature`] | how webhooks are signed, and what is wrong with one whose signature does not fit |
//! | [`access`] | which role each route needs |
//! | [`patch`] | how a hook's metadata patch (RFC 7396) changes the stage's metadata |
//!
//! Invariants: no I/O, no async runtime, no SQL, no HTTP. Time is an argument
//! ([`clock::Clock`]). Whatever comes from outside is parsed into types here
//! once; what is wrong with it is a list of [`invalid::FieldError`]s, each with
//! a JSON pointer.

pub mod access;
pub mod activity;
pub mod answer;
pub mod audit;
pub mod capability;
pub mod clock;
pub mod config;
pub mod contract;
pub mod delivery;
pub mod digest;
pub mod document;
pub mod event;
pub mod event_pattern;
pub mod event_type;
pub mod execution;
pub mod hook;
pub mod ids;
pub mod interest;
pub mod invalid;
pub mod job;
pub mod log;
pub mod moment;
pub mod nesting;
pub mod oci_layout;
pub mod page;
pub mod patch;
pub mod percentile;
pub mod plugin;
pub mod project;
pub mod resolve;
pub mod schema;
pub mod scope;
pub mod script;
pub mod secret;
pub mod session;
pub mod signature;
pub mod stage_run;
pub mod test_case;
pub mod text;
pub mod token;
pub mod trigger;
pub mod verdict;
pub mod webhook_signature;
pub mod window;
