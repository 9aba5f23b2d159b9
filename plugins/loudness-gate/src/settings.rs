//! What the hook's configuration says.

use schemars::JsonSchema;
use serde::Deserialize;
use stagehook_plugin_sdk::Problem;

/// Settings: limits to hold, and what to measure. Without limits, sound is
/// measured and passes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Integrated loudness of the whole, gated, in LUFS. EBU R 128 for
    /// television: from -23.5 to -22.5.
    pub integrated_lufs: Limits,
    /// Loudness of any three seconds, in LUFS. What leaves it is annotated with
    /// its times.
    pub short_term_lufs: Limits,
    /// Loudness range, in LU.
    pub loudness_range_lu: Limits,
    /// Highest true peak, in dBTP. EBU R 128: -1.
    pub max_true_peak_dbtp: Option<f64>,
    /// A file beside the segment that is measured in its place. `{stem}` stands
    /// for the segment's name without extension: `{stem}.wav`.
    #[schemars(regex(pattern = r"^[^/]+$"))]
    pub file: Option<String>,
    /// How to read a file that has no header. Absent: it has to be WAV.
    pub pcm: Option<Pcm>,
    /// What to answer where a limit is not held.
    pub on_violation: OnViolation,
}

/// From the least to the most that is allowed; each end may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The least that is allowed.
    pub min: Option<f64>,
    /// The most that is allowed.
    pub max: Option<f64>,
}

/// Samples without a header, interleaved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pcm {
    /// Samples a second of each channel.
    #[schemars(range(min = 8_000, max = 384_000))]
    pub sample_rate: u32,
    /// Channels. Six are 5.1, eight are 7.1, in the order of WAV.
    #[schemars(range(min = 1, max = 8))]
    pub channels: u16,
    /// What one sample is.
    pub format: SampleFormat,
}

/// What one sample is, by ffmpeg's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SampleFormat {
    /// 16 bits, signed, little-endian.
    S16le,
    /// 24 bits, signed, little-endian.
    S24le,
    /// 32 bits, signed, little-endian.
    S32le,
    /// 32 bits, floating point, little-endian.
    F32le,
}

/// What to answer where a limit is not held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnViolation {
    /// The hook fails; its failure mode decides.
    #[default]
    Fail,
    /// A person has to listen.
    NeedsReview,
}

impl Limits {
    /// Whether a value is outside, with the end that it is beyond.
    pub(crate) fn broken_by(self, value: f64) -> Option<String> {
        match self {
            Self { min: Some(min), .. } if value < min => Some(format!("at least {min}")),
            Self { max: Some(max), .. } if value > max => Some(format!("at most {max}")),
            _ => None,
        }
    }
}

impl Settings {
    /// What the schema cannot say.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, limits) in [
            ("integrated_lufs", self.integrated_lufs),
            ("short_term_lufs", self.short_term_lufs),
            ("loudness_range_lu", self.loudness_range_lu),
        ] {
            if let Limits {
                min: Some(min),
                max: Some(max),
            } = limits
                && min > max
            {
                let detail = format!("must not be less than min, which is {min}");
                problems.push(Problem::new(format!("/{key}/max"), detail));
            }
        }
        if self.loudness_range_lu.max.is_some_and(|max| max < 0.0) {
            problems.push(Problem::new(
                "/loudness_range_lu/max",
                "must not be negative: a range is none",
            ));
        }
        if let Some(file) = &self.file
            && (file.is_empty() || file.contains('/') || file == "..")
        {
            problems.push(Problem::new(
                "/file",
                "must be the name of a file beside the segment, such as {stem}.wav",
            ));
        }
        if let Some(pcm) = self.pcm {
            if !(1..=8).contains(&pcm.channels) {
                problems.push(Problem::new("/pcm/channels", "must be from 1 to 8"));
            }
            if !(8_000..=384_000).contains(&pcm.sample_rate) {
                problems.push(Problem::new(
                    "/pcm/sample_rate",
                    "must be from 8000 to 384000",
                ));
            }
        }
        problems
    }
}
