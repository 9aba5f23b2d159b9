//! What makes a hook run.

use crate::event_pattern::EventPattern;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// The places in the pipeline where it asks for a verdict. REQ-MOD-2
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HookPoint {
    /// A clothed variant of an image was made.
    PostVariant,
    /// A segment is about to be rendered.
    PreSegment,
    /// A segment was rendered.
    PostSegment,
    /// The segments are about to be joined.
    PreConcatenation,
    /// The delivery was packed.
    PostDelivery,
}

impl HookPoint {
    /// All hook points, in the order of the pipeline.
    pub const ALL: [Self; 5] = [
        Self::PostVariant,
        Self::PreSegment,
        Self::PostSegment,
        Self::PreConcatenation,
        Self::PostDelivery,
    ];

    /// The name used in JSON, in SQL and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostVariant => "post_variant",
            Self::PreSegment => "pre_segment",
            Self::PostSegment => "post_segment",
            Self::PreConcatenation => "pre_concatenation",
            Self::PostDelivery => "post_delivery",
        }
    }
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names none of the hook points.
#[derive(Debug, thiserror::Error)]
#[error("must be one of post_variant, pre_segment, post_segment, pre_concatenation, post_delivery")]
pub struct UnknownHookPoint;

impl FromStr for HookPoint {
    type Err = UnknownHookPoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|point| point.as_str() == text)
            .ok_or(UnknownHookPoint)
    }
}

/// What makes a hook run: a stage that waits for it, or an event it answers
/// after the fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// The pipeline arrived at a hook point and waits.
    Stage(HookPoint),
    /// A business event whose name matches; nobody waits.
    Event(EventPattern),
}

impl Trigger {
    /// The hook point of a stage hook.
    pub const fn hook_point(&self) -> Option<HookPoint> {
        match self {
            Self::Stage(point) => Some(*point),
            Self::Event(_) => None,
        }
    }

    /// The pattern of an event hook.
    pub const fn event(&self) -> Option<&EventPattern> {
        match self {
            Self::Stage(_) => None,
            Self::Event(pattern) => Some(pattern),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(point) => point.fmt(f),
            Self::Event(pattern) => write!(f, "event {pattern}"),
        }
    }
}
