//! Loudness, as ITU-R BS.1770-4 and EBU R 128 define it.

use std::fmt;

use ebur128::{Channel, EbuR128, Mode};

use crate::range;
use crate::source::{Source, SourceError};

/// Short-term loudness is that of so much time.
pub(crate) const SHORT_TERM_MS: u64 = 3_000;
/// How often it is looked at.
pub(crate) const STEP_MS: u64 = 100;
/// Below this all is silence (the absolute gate), in LUFS.
const SILENCE_LUFS: f64 = -70.0;

/// What was measured at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The end of the step, in milliseconds from the beginning.
    pub end_ms: u64,
    /// Loudness of the last three seconds, in LUFS. Absent before there were
    /// three, and of silence.
    pub short_term_lufs: Option<f64>,
    /// True peak of the step, in dBTP. Absent where all samples are zero.
    pub true_peak_dbtp: Option<f64>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Samples a second of each channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
    /// How long it is.
    pub seconds: f64,
    /// Loudness of the whole, in LUFS. Absent where nothing is louder than the
    /// gate, or where there are less than 400 ms.
    pub integrated_lufs: Option<f64>,
    /// Loudness range, in LU. Absent where there are less than three seconds that
    /// are louder than the gate.
    pub loudness_range_lu: Option<f64>,
    /// Highest true peak of any channel, in dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// Every 100 ms.
    pub moments: Vec<Moment>,
}

impl Measured {
    /// Loudest three seconds, in LUFS.
    pub fn short_term_max_lufs(&self) -> Option<f64> {
        self.moments
            .iter()
            .filter_map(|moment| moment.short_term_lufs)
            .reduce(f64::max)
    }

    /// The figures that not every sound has, by their names.
    pub(crate) fn figures(&self) -> [(&'static str, Option<f64>); 4] {
        [
            ("integrated_lufs", self.integrated_lufs),
            ("loudness_range_lu", self.loudness_range_lu),
            ("true_peak_dbtp", self.true_peak_dbtp),
            ("short_term_max_lufs", self.short_term_max_lufs()),
        ]
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.integrated_lufs {
            Some(lufs) => write!(f, "{lufs:.1} LUFS")?,
            None => f.write_str("silence")?,
        }
        if let Some(range) = self.loudness_range_lu {
            write!(f, ", range {range:.1} LU")?;
        }
        if let Some(peak) = self.true_peak_dbtp {
            write!(f, ", true peak {peak:.1} dBTP")?;
        }
        write!(f, ", {:.2} s", self.seconds)
    }
}

/// Measures a source to its end. `progress` is told how far it is, from 0 to 1.
///
/// # Errors
///
/// What the source answers, and samples that are no numbers.
pub fn measure(source: &mut Source, progress: impl Fn(f32)) -> Result<Measured, SourceError> {
    let channels = usize::from(source.channels);
    let frames_a_step = usize::try_from(u64::from(source.sample_rate) * STEP_MS / 1_000)
        .unwrap_or(usize::MAX)
        .max(1);
    let mut meter = meter(source)?;
    let mut block = vec![0.0; frames_a_step * channels];
    let mut moments = Vec::new();
    let mut samples: u64 = 0;
    loop {
        let filled = source.fill(&mut block)?;
        // Samples of a frame that is cut off are none.
        let filled = filled - filled % channels;
        if filled == 0 {
            break;
        }
        let frames = &block[..filled];
        if frames.iter().any(|sample| !sample.is_finite()) {
            return Err(SourceError::Damaged(
                "it has samples that are no numbers".to_owned(),
            ));
        }
        meter.add_frames_f32(frames).map_err(refused)?;
        samples += filled as u64;
        let end_ms = samples / channels as u64 * 1_000 / u64::from(source.sample_rate);
        moments.push(moment(&meter, channels, end_ms)?);
        if moments.len().is_multiple_of(100) {
            progress(fraction(samples, source.expected_samples));
        }
        if filled < block.len() {
            break;
        }
    }
    let integrated = meter.loudness_global().map_err(refused)?;
    let integrated_lufs = (integrated >= SILENCE_LUFS).then_some(integrated);
    Ok(Measured {
        sample_rate: source.sample_rate,
        channels: source.channels,
        seconds: seconds(samples / channels as u64, source.sample_rate),
        integrated_lufs,
        loudness_range_lu: range::of(&moments),
        true_peak_dbtp: moments
            .iter()
            .filter_map(|moment| moment.true_peak_dbtp)
            .reduce(f64::max),
        moments,
    })
}

fn meter(source: &Source) -> Result<EbuR128, SourceError> {
    let mode = Mode::I | Mode::S | Mode::TRUE_PEAK;
    let mut meter =
        EbuR128::new(u32::from(source.channels), source.sample_rate, mode).map_err(refused)?;
    // 7.1 in WAV: back before side. Others are as the meter assumes.
    if source.channels == 8 {
        meter
            .set_channel_map(&[
                Channel::Left,
                Channel::Right,
                Channel::Center,
                Channel::Unused,
                Channel::Mp135,
                Channel::Mm135,
                Channel::Mp090,
                Channel::Mm090,
            ])
            .map_err(refused)?;
    }
    Ok(meter)
}

fn moment(meter: &EbuR128, channels: usize, end_ms: u64) -> Result<Moment, SourceError> {
    let mut peak: f64 = 0.0;
    for channel in 0..channels {
        let channel = u32::try_from(channel).unwrap_or(u32::MAX);
        peak = peak.max(meter.prev_true_peak(channel).map_err(refused)?);
    }
    let short_term = meter.loudness_shortterm().map_err(refused)?;
    let is_known = end_ms >= SHORT_TERM_MS && short_term >= SILENCE_LUFS;
    Ok(Moment {
        end_ms,
        short_term_lufs: is_known.then_some(short_term),
        true_peak_dbtp: (peak > 0.0).then(|| 20.0 * peak.log10()),
    })
}

fn refused(error: ebur128::Error) -> SourceError {
    SourceError::Damaged(format!("it cannot be measured: {error}"))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact for more samples than any file has"
)]
fn seconds(frames: u64, sample_rate: u32) -> f64 {
    frames as f64 / f64::from(sample_rate)
}

#[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
fn fraction(done: u64, expected: u64) -> f32 {
    done as f32 / expected.max(1) as f32
}
