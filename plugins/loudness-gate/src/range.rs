//! Loudness range, as EBU Tech 3342 defines it.
//!
//! From short-term loudness every 100 ms, where the document asks for every
//! second at least: of a segment of a few seconds, there would be too few.

use crate::measure::Moment;

/// What is so much quieter than the whole does not count, in LU.
const RELATIVE_GATE_LU: f64 = -20.0;
const LOW_PERCENT: usize = 10;
const HIGH_PERCENT: usize = 95;

/// Between the 10th and the 95th percentile of short-term loudness, in LU.
pub(crate) fn of(moments: &[Moment]) -> Option<f64> {
    // Below the absolute gate, there is none.
    let mut loudness: Vec<f64> = moments
        .iter()
        .filter_map(|moment| moment.short_term_lufs)
        .collect();
    let gate = mean(&loudness)? + RELATIVE_GATE_LU;
    loudness.retain(|lufs| *lufs >= gate);
    loudness.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        let rank = (loudness.len().checked_sub(1)? * percent + 50) / 100;
        loudness.get(rank).copied()
    };
    Some(at(HIGH_PERCENT)? - at(LOW_PERCENT)?)
}

/// The level of the mean power.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact for more moments than any file has"
)]
fn mean(levels: &[f64]) -> Option<f64> {
    let power: f64 = levels.iter().map(|lufs| 10_f64.powf(lufs / 10.0)).sum();
    (!levels.is_empty()).then(|| 10.0 * (power / levels.len() as f64).log10())
}
