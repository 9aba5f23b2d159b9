//! How deliveries of events to a hook are made; the same for every hook type.

use crate::delivery::{
    CONCURRENCY_MAX, DeliveryPolicy, RATE_DELIVERIES_MAX, RATE_SECONDS_MAX, RETRIES_DEFAULT,
    RETRIES_MAX, RateLimit,
};
use crate::invalid::Findings;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a delivery to an event hook is retried. On a stage's hook it means
/// nothing: a stage never retries, the pipeline waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts after the first, after 2 s, 4 s, 8 s and so on (at most an
    /// hour); 3 by default, at most 20.
    #[serde(default = "retries_by_default")]
    #[schema(maximum = 20)]
    pub retries: u32,
    /// Whether six more follow on these, after about 1 min, 5 min, 30 min, 2 h,
    /// 6 h and 12 h.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub long_tail: bool,
}

const fn retries_by_default() -> u32 {
    RETRIES_DEFAULT
}

pub(super) fn check(
    findings: &mut Findings,
    retry: Option<Retry>,
    concurrency: Option<u32>,
    rate_limit: Option<RateLimit>,
) {
    if let Some(retry) = retry {
        findings.require(
            retry.retries <= RETRIES_MAX,
            "/retry/retries",
            format!("must be at most {RETRIES_MAX}"),
        );
    }
    if let Some(concurrency) = concurrency {
        findings.require(
            (1..=CONCURRENCY_MAX).contains(&concurrency),
            "/concurrency",
            format!("must be between 1 and {CONCURRENCY_MAX}"),
        );
    }
    if let Some(rate) = rate_limit {
        findings.require(
            (1..=RATE_DELIVERIES_MAX).contains(&rate.deliveries),
            "/rate_limit/deliveries",
            format!("must be between 1 and {RATE_DELIVERIES_MAX}"),
        );
        findings.require(
            (1..=RATE_SECONDS_MAX).contains(&rate.per_seconds),
            "/rate_limit/per_seconds",
            format!("must be between 1 and {RATE_SECONDS_MAX}"),
        );
    }
}

pub(super) fn policy(
    retry: Option<Retry>,
    concurrency: Option<u32>,
    rate_limit: Option<RateLimit>,
) -> DeliveryPolicy {
    let default = DeliveryPolicy::default();
    DeliveryPolicy {
        retries: retry.map_or(default.retries, |retry| retry.retries),
        long_tail: retry.map_or(default.long_tail, |retry| retry.long_tail),
        concurrency: concurrency.unwrap_or(default.concurrency),
        rate_limit,
    }
}
