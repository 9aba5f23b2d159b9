//! The plugin on tones of known loudness (EBU Tech 3341), and on what is no
//! sound.

use hound::{SampleFormat, WavSpec, WavWriter};
use loudness_gate::LoudnessGate;
use rstest::rstest;
use stagehook_plugin_sdk::testing::{self, Host};
use stagehook_plugin_sdk::{Failure, Outcome, Status, Value, json};
use std::f64::consts::TAU;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const RATE: u32 = 48_000;

struct Sound {
    directory: TempDir,
}

impl Sound {
    /// A tone of 1 kHz in stereo: so many seconds of each level, in dBFS.
    fn tone(parts: &[(u32, f64)]) -> Self {
        let sound = Self::of(b"");
        let spec = WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 24,
            sample_format: SampleFormat::Int,
        };
        let mut writer = WavWriter::create(sound.path(), spec).unwrap();
        for &(seconds, level) in parts {
            let amplitude = 10_f64.powf(level / 20.0) * 8_388_607.0;
            for frame in 0..seconds * RATE {
                let phase = TAU * 1_000.0 * f64::from(frame) / f64::from(RATE);
                #[expect(clippy::cast_possible_truncation, reason = "below full scale")]
                let sample = (phase.sin() * amplitude).round() as i32;
                writer.write_sample(sample).unwrap();
                writer.write_sample(sample).unwrap();
            }
        }
        writer.finalize().unwrap();
        sound
    }

    fn of(bytes: &[u8]) -> Self {
        let sound = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        fs::write(sound.path(), bytes).unwrap();
        sound
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("mix.wav")
    }

    fn run(&self, settings: Value) -> Result<Outcome, Failure> {
        let input = testing::input(settings).segment(self.path().to_str().unwrap());
        testing::run::<LoudnessGate>(input)
    }
}

fn figures(outcome: &Outcome) -> Value {
    let patch: Value = outcome.metadata.as_deref().unwrap().parse().unwrap();
    patch["loudness"].clone()
}

fn about(outcome: &Outcome, figure: &str, expected: f64, tolerance: f64) {
    let figures = figures(outcome);
    let found = figures[figure].as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance, "{figures}");
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    let annotations = outcome.annotations.iter();
    annotations
        .map(|annotation| annotation.code.as_deref().unwrap())
        .collect()
}

#[rstest]
#[case::tech_3341_1(&[(20, -23.0)], -23.0)]
#[case::tech_3341_2(&[(20, -33.0)], -33.0)]
// What is quiet beside the rest is gated out.
#[case::tech_3341_3(&[(5, -36.0), (30, -23.0), (5, -36.0)], -23.0)]
#[case::tech_3341_4(&[(5, -72.0), (5, -36.0), (30, -23.0), (5, -36.0), (5, -72.0)], -23.0)]
fn tones_have_their_loudness(#[case] parts: &[(u32, f64)], #[case] expected: f64) {
    let host = Host::new();
    let outcome = Sound::tone(parts)
        .run(json!({"integrated_lufs": {"min": expected - 0.1, "max": expected + 0.1}}))
        .unwrap();
    assert_eq!(outcome.status, Status::Pass, "{outcome:?}");
    about(&outcome, "integrated_lufs", expected, 0.1);
    let peak = parts.iter().map(|part| part.1).fold(f64::MIN, f64::max);
    about(&outcome, "true_peak_dbtp", peak, 0.2);
    about(&outcome, "short_term_max_lufs", peak, 0.1);
    assert!(!host.progress().is_empty());
}

#[rstest]
#[case::tech_3342_1(&[(20, -20.0), (20, -30.0)], 10.0)]
#[case::tech_3342_2(&[(20, -20.0), (20, -15.0)], 5.0)]
fn levels_have_their_range(#[case] parts: &[(u32, f64)], #[case] expected: f64) {
    let outcome = Sound::tone(parts)
        .run(json!({"loudness_range_lu": {"max": 3}}))
        .unwrap();
    about(&outcome, "loudness_range_lu", expected, 1.0);
    assert_eq!(codes(&outcome), ["loudness.range"]);
}

#[test]
fn what_is_too_loud_is_told_with_its_times() {
    let sound = Sound::tone(&[(6, -30.0), (4, -6.0), (6, -30.0)]);
    let outcome = sound
        .run(json!({
            "integrated_lufs": {"max": -20},
            "short_term_lufs": {"max": -15},
            "max_true_peak_dbtp": -9,
        }))
        .unwrap();
    assert_eq!(outcome.status, Status::Fail);
    assert_eq!(
        codes(&outcome),
        [
            "loudness.integrated",
            "loudness.true-peak",
            "loudness.short-term"
        ]
    );
    let message = outcome.message.unwrap();
    assert!(
        message.starts_with("mix.wav: integrated loudness"),
        "{message}"
    );
    assert!(message.ends_with("and 2 more"), "{message}");
    let times = |i: usize| {
        let annotation = &outcome.annotations[i];
        (annotation.start_ms.unwrap(), annotation.end_ms.unwrap())
    };
    let (start, end) = times(1);
    assert!(
        start.abs_diff(6_000) <= 100 && end.abs_diff(10_000) <= 200,
        "{start} {end}"
    );
    // Three seconds are too loud as soon as a part of them is.
    let (start, end) = times(2);
    assert!((3_000..6_000).contains(&start), "{start} {end}");
    assert!((10_000..13_000).contains(&end), "{start} {end}");
}

#[test]
fn what_is_too_quiet_is_told_with_its_times() {
    let outcome = Sound::tone(&[(5, -23.0), (8, -50.0), (5, -23.0)])
        .run(json!({"short_term_lufs": {"min": -40, "max": -20}, "on_violation": "needs_review"}))
        .unwrap();
    assert_eq!(outcome.status, Status::NeedsReview);
    let [annotation] = outcome.annotations.as_slice() else {
        panic!("{outcome:?}")
    };
    assert_eq!(annotation.path.as_deref(), Some("mix.wav"));
    let span = annotation.start_ms.unwrap()..annotation.end_ms.unwrap();
    assert!(span.contains(&5_500) && span.contains(&12_500), "{span:?}");
    assert!(
        !span.contains(&4_500) && !span.contains(&14_000),
        "{span:?}"
    );
}

#[test]
fn silence_is_below_any_least_loudness() {
    let sound = Sound::tone(&[(4, -140.0)]);
    let outcome = sound.run(json!({})).unwrap();
    assert_eq!(outcome.status, Status::Pass);
    assert!(figures(&outcome).get("integrated_lufs").is_none());
    assert!(outcome.message.unwrap().contains("silence"));
    for limits in [
        json!({"integrated_lufs": {"min": -60}}),
        json!({"short_term_lufs": {"min": -60}}),
    ] {
        let outcome = sound.run(limits).unwrap();
        assert_eq!(outcome.status, Status::Fail, "{outcome:?}");
    }
    let outcome = sound.run(json!({"integrated_lufs": {"max": -20}, "max_true_peak_dbtp": -1}));
    assert_eq!(outcome.unwrap().status, Status::Pass);
}

#[test]
fn another_file_beside_the_segment_is_measured() {
    let sound = Sound::tone(&[(1, -23.0)]);
    let segment = sound.directory.path().join("seg_003.mp4");
    fs::write(&segment, "frames").unwrap();
    fs::rename(sound.path(), segment.with_extension("wav")).unwrap();
    let run = |settings: Value| {
        let input = testing::input(settings).segment(segment.to_str().unwrap());
        testing::run::<LoudnessGate>(input)
    };
    let outcome = run(json!({"file": "{stem}.wav"})).unwrap();
    assert_eq!(figures(&outcome)["file_name"], "seg_003.wav");
    let failure = run(json!({"file": "{stem}.flac"})).unwrap_err();
    assert!(failure.message.contains("seg_003.flac"), "{failure:?}");
    let outcome = run(json!({})).unwrap();
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.message.unwrap().contains("the setting `file`"));
}

#[rstest]
#[case::empty(b"", "neither a WAV file")]
#[case::text(b"once upon a time", "neither a WAV file")]
#[case::large(b"RF64\xff\xff\xff\xffWAVE", "4 GiB")]
#[case::header_alone(b"RIFF", "cut off")]
#[case::another_riff(b"RIFF\x04\0\0\0AVI ", "cannot be read")]
fn what_is_no_sound_fails_with_its_reason(#[case] bytes: &[u8], #[case] told: &str) {
    let outcome = Sound::of(bytes).run(json!({})).unwrap();
    assert_eq!(outcome.status, Status::Fail);
    let message = outcome.message.unwrap();
    assert!(message.contains(told), "{message}");
}

#[test]
fn a_file_that_is_cut_off_fails() {
    let sound = Sound::tone(&[(2, -23.0)]);
    let bytes = fs::read(sound.path()).unwrap();
    fs::write(sound.path(), &bytes[..bytes.len() / 2]).unwrap();
    let outcome = sound.run(json!({})).unwrap();
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.message.unwrap().contains("cut off"));
}

#[test]
fn samples_that_are_no_numbers_fail() {
    let pcm = json!({"pcm": {"sample_rate": 48_000, "channels": 1, "format": "f32le"}});
    let outcome = Sound::of(&f32::NAN.to_le_bytes()).run(pcm).unwrap();
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.message.unwrap().contains("no numbers"));
}

#[rstest]
#[case::none(json!({}), &[])]
#[case::all(json!({
    "integrated_lufs": {"min": -24, "max": -22}, "short_term_lufs": {"max": -15},
    "loudness_range_lu": {"max": 20}, "max_true_peak_dbtp": -1, "file": "{stem}.wav",
    "pcm": {"sample_rate": 48_000, "channels": 2, "format": "s24le"}, "on_violation": "needs_review",
}), &[])]
#[case::upside_down(json!({"integrated_lufs": {"min": -22, "max": -24}}), &["/integrated_lufs/max"])]
#[case::negative_range(json!({"loudness_range_lu": {"max": -1}}), &["/loudness_range_lu/max"])]
#[case::elsewhere(json!({"file": "../{stem}.wav"}), &["/file"])]
#[case::pcm(
    json!({"pcm": {"sample_rate": 1, "channels": 9, "format": "s16le"}}),
    &["/pcm/channels", "/pcm/sample_rate"]
)]
#[case::unknown_format(
    json!({"pcm": {"sample_rate": 48_000, "channels": 2, "format": "mp3"}}),
    &["/pcm/format"]
)]
fn wrong_settings_are_told_with_their_place(#[case] settings: Value, #[case] expected: &[&str]) {
    let problems = testing::check_settings::<LoudnessGate>(&settings)
        .err()
        .unwrap_or_default();
    let pointers: Vec<_> = problems
        .iter()
        .map(|problem| &problem.pointer[..])
        .collect();
    assert_eq!(pointers, expected, "{problems:?}");
}
