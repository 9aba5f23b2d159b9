//! Deliveries of events to hooks: when one is tried again, and when it is given
//! up.
//!
//! A delivery is one event for one hook. It is attempted until an attempt
//! succeeds, until no attempt is left, or until the receiver says that it is
//! gone. What one attempt means is decided here ([`outcome()`]), without clock,
//! randomness or database; who performs it, and where its state is kept, is
//! decided elsewhere.

mod order_key;
mod outcome;
mod policy;
mod rate_limit;
mod state;

pub use order_key::{InvalidOrderKey, OrderKey};
pub use outcome::{Outcome, RETRY_AFTER_MAX, is_counted, outcome};
pub use policy::{
    CONCURRENCY_DEFAULT, CONCURRENCY_MAX, DeliveryPolicy, LONG_TAIL, RETRIES_DEFAULT, RETRIES_MAX,
    WAIT_MAX,
};
pub use rate_limit::{RATE_DELIVERIES_MAX, RATE_SECONDS_MAX, RateLimit, RateWindow};
pub use state::{DeliveryState, UnknownDeliveryState};

/// After so many exhausted deliveries in a row an event hook is disabled; a
/// delivery that succeeds begins the count anew, and so does enabling the hook
/// again. REQ-EVT-7
///
/// Deliveries are counted, not attempts: a receiver that is away for a minute
/// fails many attempts, and hardly any delivery.
pub const EXHAUSTED_IN_A_ROW_MAX: u32 = 10;
