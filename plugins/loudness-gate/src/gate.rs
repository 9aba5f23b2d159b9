//! Which limits are not held, and when.

use crate::measure::{Measured, Moment, SHORT_TERM_MS, STEP_MS};
use crate::settings::{Limits, Settings};

/// A limit that is not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which limit, such as `loudness.integrated`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// From when to when, where it is about a part of the whole.
    pub between_ms: Option<(u64, u64)>,
}

/// Everything that is outside the limits: first of the whole, then of parts.
pub fn findings(measured: &Measured, settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(integrated(measured, settings.integrated_lufs));
    if let Some(range) = measured.loudness_range_lu
        && let Some(limit) = settings.loudness_range_lu.broken_by(range)
    {
        findings.push(Finding {
            code: "loudness.range",
            message: format!("loudness range {range:.1} LU, {limit} LU is allowed"),
            between_ms: None,
        });
    }
    findings.extend(peaks(measured, settings.max_true_peak_dbtp));
    findings.extend(short_term(measured, settings.short_term_lufs));
    findings
}

fn integrated(measured: &Measured, limits: Limits) -> Option<Finding> {
    let message = match measured.integrated_lufs {
        Some(lufs) => {
            let limit = limits.broken_by(lufs)?;
            format!("integrated loudness {lufs:.1} LUFS, {limit} LUFS is allowed")
        }
        // Silence is below any least loudness.
        None => format!(
            "nothing is loud enough to be measured, at least {} LUFS is allowed",
            limits.min?
        ),
    };
    Some(Finding {
        code: "loudness.integrated",
        message,
        between_ms: None,
    })
}

fn peaks(measured: &Measured, limit: Option<f64>) -> Vec<Finding> {
    let Some(limit) = limit else {
        return Vec::new();
    };
    let value = |moment: &Moment| moment.true_peak_dbtp.filter(|peak| *peak > limit);
    spans(measured, value, f64::max)
        .into_iter()
        .map(|span| Finding {
            code: "loudness.true-peak",
            message: format!(
                "true peak {:.1} dBTP, at most {limit} dBTP is allowed",
                span.worst
            ),
            between_ms: Some((span.first_end_ms.saturating_sub(STEP_MS), span.last_end_ms)),
        })
        .collect()
}

fn short_term(measured: &Measured, limits: Limits) -> Vec<Finding> {
    let too_quiet = limits.min.map(|min| {
        // What is silent is quieter than any limit.
        let value = move |moment: &Moment| {
            let lufs = moment.short_term_lufs.unwrap_or(f64::NEG_INFINITY);
            (moment.end_ms >= SHORT_TERM_MS && lufs < min).then_some(lufs)
        };
        (spans(measured, value, f64::min), format!("at least {min}"))
    });
    let too_loud = limits.max.map(|max| {
        let value = move |moment: &Moment| moment.short_term_lufs.filter(|lufs| *lufs > max);
        (spans(measured, value, f64::max), format!("at most {max}"))
    });
    let mut findings: Vec<_> = too_quiet
        .into_iter()
        .chain(too_loud)
        .flat_map(|(spans, limit)| {
            spans.into_iter().map(move |span| Finding {
                code: "loudness.short-term",
                message: if span.worst.is_finite() {
                    format!(
                        "short-term loudness {:.1} LUFS, {limit} LUFS is allowed",
                        span.worst
                    )
                } else {
                    format!("silence, {limit} LUFS is allowed")
                },
                // The first of these windows begins three seconds before its end.
                between_ms: Some((
                    span.first_end_ms.saturating_sub(SHORT_TERM_MS),
                    span.last_end_ms,
                )),
            })
        })
        .collect();
    findings.sort_by_key(|finding| finding.between_ms);
    findings
}

/// Steps in a row that have a value, and the worst of them.
struct Span {
    first_end_ms: u64,
    last_end_ms: u64,
    worst: f64,
}

fn spans(
    measured: &Measured,
    value: impl Fn(&Moment) -> Option<f64>,
    worse: fn(f64, f64) -> f64,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut is_open = false;
    for moment in &measured.moments {
        let Some(value) = value(moment) else {
            is_open = false;
            continue;
        };
        match spans.last_mut() {
            Some(span) if is_open => {
                span.last_end_ms = moment.end_ms;
                span.worst = worse(span.worst, value);
            }
            _ => spans.push(Span {
                first_end_ms: moment.end_ms,
                last_end_ms: moment.end_ms,
                worst: value,
            }),
        }
        is_open = true;
    }
    spans
}
