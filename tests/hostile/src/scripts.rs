//! Scripts written to hurt their host, and what has to become of each.
//! REQ-SCR-4, REQ-SCR-5, REQ-SCR-6, REQ-SCR-7
//!
//! Each is tried in both modes: confined in a sandbox, and not confined, as a
//! trusted hook is. Where these have to end differently, the case says why.

mod arena;
mod case;
mod counted;
mod files;
mod greedy;
mod processes;
mod reach;
mod streams;
mod traces;

pub use arena::{Arena, Outcome};
pub use case::{Case, Ending, Expected, Language};
pub use counted::cases as counted;
pub use files::cases as files;
pub use greedy::cases as greedy;
pub use processes::cases as processes;
pub use reach::cases as reach;
pub use streams::cases as streams;

/// Every case.
pub fn corpus() -> Vec<Case> {
    [
        processes(),
        streams(),
        files(),
        reach(),
        greedy(),
        counted(),
    ]
    .concat()
}
