//! A plugin that holds the loudness of sound against a studio's limits, inside
//! the sandbox.
//!
//! It wants the segment (`"segment": "read"`), measures it by ITU-R BS.1770-4
//! and EBU R 128, and answers with a patch to the stage's metadata, in LUFS, LU,
//! dBTP and seconds:
//!
//! ```json
//! {"loudness": {
//!   "file_name": "mix.wav", "duration_seconds": 62.4, "channels": 2, "sample_rate": 48000,
//!   "integrated_lufs": -23.1, "loudness_range_lu": 7.3, "true_peak_dbtp": -1.4,
//!   "short_term_max_lufs": -18.2}}
//! ```
//!
//! Figures that silence does not have are absent. Where short-term loudness or
//! the true peak leave their limits, annotations say from when to when.

mod gate;
mod measure;
mod range;
mod settings;
mod source;

pub use gate::{Finding, findings};
pub use measure::{Measured, Moment, measure};
pub use settings::{Limits, OnViolation, Pcm, SampleFormat, Settings};
pub use source::{Source, SourceError};

use stagehook_plugin_sdk::{
    Annotation, AnnotationLevel, Capability, Failure, Input, Manifest, Outcome, Plugin, Problem,
    export, json, manifest, progress,
};
use std::path::{Path, PathBuf};

/// Most annotations of one answer.
const ANNOTATIONS_MAX: usize = 50;

/// The plugin itself.
#[derive(Debug)]
pub struct LoudnessGate;

impl Plugin for LoudnessGate {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!()
            .hook_point("post_segment")
            .hook_point("post_variant")
            .hook_point("post_delivery")
            .wants(
                Capability::SegmentRead,
                "to measure the sound of the segment",
            )
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let settings = &input.settings;
        let path = file(input.segment()?, settings)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let measured = Source::open(&path, settings.pcm).and_then(|mut source| {
            measure(&mut source, |fraction| {
                progress(Some(fraction), Some("measuring"));
            })
        });
        let measured = match measured {
            Ok(measured) => measured,
            Err(SourceError::Unreadable(error)) => {
                return Err(Failure::new(format!("cannot read {name}: {error}")));
            }
            Err(error) => return Ok(Outcome::fail(format!("{name}: {error}"))),
        };
        Ok(answer(&name, &measured, settings))
    }

    fn check_settings(settings: &Settings) -> Vec<Problem> {
        settings.problems()
    }
}

/// The file to measure: the segment, or what the settings name beside it.
fn file(segment: &Path, settings: &Settings) -> Result<PathBuf, Failure> {
    let Some(template) = &settings.file else {
        return Ok(segment.to_owned());
    };
    let stem = segment
        .file_stem()
        .and_then(|stem| stem.to_str())
        .ok_or_else(|| Failure::new("the name of the segment is not UTF-8"))?;
    Ok(segment.with_file_name(template.replace("{stem}", stem)))
}

fn answer(name: &str, measured: &Measured, settings: &Settings) -> Outcome {
    let findings = findings(measured, settings);
    let summary = match findings.first() {
        None => format!("{name}: {measured}"),
        Some(first) if findings.len() == 1 => format!("{name}: {}", first.message),
        Some(first) => format!("{name}: {}, and {} more", first.message, findings.len() - 1),
    };
    let outcome = match (findings.is_empty(), settings.on_violation) {
        (true, _) => Outcome::pass().message(summary),
        (false, OnViolation::Fail) => Outcome::fail(summary),
        (false, OnViolation::NeedsReview) => Outcome::needs_review(summary),
    };
    let mut loudness = json!({
        "file_name": name,
        "duration_seconds": rounded(measured.seconds),
        "channels": measured.channels,
        "sample_rate": measured.sample_rate,
    });
    let mut outcome = outcome.metric("duration_seconds", measured.seconds);
    for (key, value) in measured.figures() {
        if let Some(value) = value {
            loudness[key] = json!(rounded(value));
            outcome = outcome.metric(key, value);
        }
    }
    outcome = outcome.patch(&json!({"loudness": loudness}));
    for finding in findings.into_iter().take(ANNOTATIONS_MAX) {
        let annotation = Annotation::new(AnnotationLevel::Error, finding.message)
            .code(finding.code)
            .path(name);
        outcome = outcome.annotate(match finding.between_ms {
            Some((start, end)) => annotation.between(start, end),
            None => annotation,
        });
    }
    outcome
}

/// Hundredths: as exact as loudness is ever given.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

export!(LoudnessGate);
