//! Where a delivery stands.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// Where the delivery of one event to one hook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its first attempt, or for its next one.
    Pending,
    /// An attempt is being made.
    Running,
    /// An attempt succeeded.
    Succeeded,
    /// The last attempt failed, and none is left.
    Exhausted,
    /// Nobody is left to deliver it to: its hook was deleted.
    Cancelled,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: &[Self] = &[
        Self::Pending,
        Self::Running,
        Self::Succeeded,
        Self::Exhausted,
        Self::Cancelled,
    ];

    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Exhausted | Self::Cancelled)
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no state of a delivery.
#[derive(Debug, thiserror::Error)]
#[error("must be one of pending, running, succeeded, exhausted, cancelled")]
pub struct UnknownDeliveryState;

impl FromStr for DeliveryState {
    type Err = UnknownDeliveryState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownDeliveryState)
    }
}
