//! Plugins and scripts written to hurt their host, and what has to become of
//! each. Scripts are in [`scripts`]; what follows is about plugins.
//!
//! A [`Case`] is one attack: a component built from source, the limits it runs
//! under, and the ending that it has to come to. [`corpus`] is all of them. An
//! [`Arena`] carries a case out and says what became of it and of the host;
//! the tests of this crate do so beside a neighbour that must not notice, and
//! `hostile-corpus` in `bench/` prints the same cases as a table.
//!
//! What Rust can express is a behaviour of `tests/guests/test-guest`. What it
//! cannot (answers that lie about their length, functions that trap while they
//! clean up, …) is a [`RawGuest`]: a core module in text, encoded as a
//! component of the plugin contract.

mod answers;
mod arena;
mod calls;
mod case;
pub mod entry;
mod host;
mod raw;
pub mod scripts;
mod starting;
mod uploads;

pub use answers::cases as answers;
pub use arena::{Arena, Attacker, Outcome};
pub use calls::cases as calls;
pub use case::{Act, Case, Expected, Guest};
pub use host::{open_files, peak_memory_bytes, reset_peak_memory, resident_bytes};
pub use raw::{Answer, RawGuest};
pub use starting::cases as starting;
pub use uploads::cases as uploads;

/// Every case.
pub fn corpus() -> Vec<Case> {
    [calls(), answers(), starting(), uploads()].concat()
}
