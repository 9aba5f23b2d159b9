//! What the plugin measures, beside what ffmpeg's filter `ebur128` measures in
//! the same file.

use loudness_gate::{Measured, Pcm, SampleFormat, Source, measure};
use rstest::rstest;
use std::path::{Path, PathBuf};
use std::process::Command;

/// ffmpeg prints tenths.
const TOLERANCE_LU: f64 = 0.11;
/// What EBU Tech 3342 allows; ffmpeg counts the first windows before they are full.
const TOLERANCE_RANGE_LU: f64 = 1.0;
/// Where the peak lies between samples is a matter of the filter: the standard
/// gives an error of 0.55 dB for one of this length.
const TOLERANCE_PEAK_DB: f64 = 0.55;

fn ffmpeg(arguments: &[&str]) -> String {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg must be installed for this test");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// Integrated loudness, loudness range, true peak, as ffmpeg has them.
fn theirs(input: &[&str]) -> [f64; 3] {
    let filter = "ebur128=peak=true:framelog=verbose";
    let said = ffmpeg(&[input, &["-vn", "-af", filter, "-f", "null", "-"]].concat());
    let (_, summary) = said.rsplit_once("Summary:").expect(&said);
    ["I:", "LRA:", "Peak:"].map(|name| {
        let line = summary
            .lines()
            .find_map(|line| line.trim().strip_prefix(name));
        let value = line.and_then(|line| line.split_whitespace().next());
        value.and_then(|value| value.parse().ok()).expect(summary)
    })
}

fn assert_agree(ours: &Measured, theirs: [f64; 3]) {
    let figures = [
        ours.integrated_lufs,
        ours.loudness_range_lu,
        ours.true_peak_dbtp,
    ];
    let tolerances = [TOLERANCE_LU, TOLERANCE_RANGE_LU, TOLERANCE_PEAK_DB];
    for ((ours, theirs), tolerance) in figures.into_iter().zip(theirs).zip(tolerances) {
        let difference = (ours.unwrap() - theirs).abs();
        assert!(difference <= tolerance, "{figures:?}, ffmpeg {theirs}");
    }
}

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipeline/media/bigbuckbunny.mp4")
}

/// Pink noise that grows louder and fades, so that it has a range.
const NOISE: &str = "anoisesrc=duration=20:color=pink:seed=7:sample_rate=48000,\
                     volume=volume=0.05+0.4*abs(sin(t/4)):eval=frame,aformat=channel_layouts=stereo";

#[rstest]
#[case::a_clip_in_stereo(&["-ac", "2", "-c:a", "pcm_s16le"])]
#[case::a_clip_in_surround(&["-c:a", "pcm_s24le"])]
#[case::a_clip_in_mono(&["-ac", "1", "-ar", "44100", "-c:a", "pcm_f32le"])]
#[case::a_clip_of_high_rate(&["-ac", "2", "-ar", "96000", "-c:a", "pcm_s32le"])]
#[case::a_clip_of_one_byte(&["-ac", "2", "-c:a", "pcm_u8"])]
fn wav_agrees(#[case] encoding: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sound.wav");
    let (clip, wav) = (clip(), path.to_str().unwrap());
    let input = ["-i", clip.to_str().unwrap(), "-vn"];
    ffmpeg(&[&input, encoding, &[wav]].concat());
    let measured = measure(&mut Source::open(&path, None).unwrap(), |_| ()).unwrap();
    assert_agree(&measured, theirs(&["-i", wav]));
}

#[rstest]
#[case::two_bytes(SampleFormat::S16le, "s16le")]
#[case::three_bytes(SampleFormat::S24le, "s24le")]
#[case::four_bytes(SampleFormat::S32le, "s32le")]
#[case::floats(SampleFormat::F32le, "f32le")]
fn pcm_agrees(#[case] format: SampleFormat, #[case] name: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sound.raw");
    let raw = path.to_str().unwrap();
    ffmpeg(&["-f", "lavfi", "-i", NOISE, "-ac", "2", "-f", name, raw]);
    let pcm = Pcm {
        sample_rate: 48_000,
        channels: 2,
        format,
    };
    let measured = measure(&mut Source::open(&path, Some(pcm)).unwrap(), |_| ()).unwrap();
    assert!((measured.seconds - 20.0).abs() < 0.001, "{measured}");
    let theirs = theirs(&["-f", name, "-ar", "48000", "-ac", "2", "-i", raw]);
    assert!(theirs[1] > 3.0, "the noise has a range: {theirs:?}");
    assert_agree(&measured, theirs);
}
