//! What the plugin finds, beside what ffprobe finds in the same file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use media_probe::{Media, ProbeError, probe};
use rstest::rstest;
use serde_json::Value;

/// ffprobe counts the last frame of an edited or B-framed stream differently.
const TOLERANCE_SECONDS: f64 = 0.1;

fn bigbuckbunny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/pipeline/media/bigbuckbunny.mp4")
}

fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} must be installed for this test: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn ffprobe(path: &Path) -> Value {
    let json = run(
        "ffprobe",
        &[
            "-v",
            "error",
            "-show_format",
            "-show_streams",
            "-of",
            "json",
            path.to_str().unwrap(),
        ],
    );
    serde_json::from_slice(&json).unwrap()
}

fn probe_file(path: &Path) -> Media {
    probe(&mut File::open(path).unwrap()).unwrap()
}

fn seconds(value: &Value) -> Option<f64> {
    value.as_str()?.parse().ok()
}

/// Every figure that both name must agree.
fn assert_agrees(path: &Path) {
    let theirs = ffprobe(path);
    let media = probe_file(path);
    let ours = serde_json::to_value(&media).unwrap();
    let format_name = theirs["format"]["format_name"].as_str().unwrap();
    assert!(
        format_name.contains(media.container),
        "{format_name}: {media}"
    );

    let their_seconds = seconds(&theirs["format"]["duration"]).unwrap();
    let our_seconds = media.duration_seconds.unwrap();
    assert!(
        (our_seconds - their_seconds).abs() <= TOLERANCE_SECONDS,
        "{our_seconds} s, ffprobe {their_seconds} s"
    );

    let their_streams = theirs["streams"].as_array().unwrap();
    assert_eq!(media.streams.len(), their_streams.len(), "{ours}");
    for (stream, theirs) in ours["streams"]
        .as_array()
        .unwrap()
        .iter()
        .zip(their_streams)
    {
        assert_eq!(stream["kind"], theirs["codec_type"]);
        assert_eq!(stream["codec"], theirs["codec_name"]);
        if stream["kind"] == "video" {
            for key in ["width", "height"] {
                assert_eq!(stream[key], theirs[key], "{key}");
            }
            assert_eq!(stream["frame_rate"], theirs["avg_frame_rate"]);
        }
        if stream["kind"] == "audio" {
            assert_eq!(stream["channels"], theirs["channels"]);
            let rate = stream["sample_rate"].as_u64().map(|rate| rate.to_string());
            assert_eq!(rate.as_deref(), theirs["sample_rate"].as_str());
        }
        if let (Some(ours), Some(theirs)) = (
            stream["duration_seconds"].as_f64(),
            seconds(&theirs["duration"]),
        ) {
            assert!(
                (ours - theirs).abs() <= TOLERANCE_SECONDS,
                "{ours} s, ffprobe {theirs} s"
            );
        }
    }

    let video = their_streams
        .iter()
        .find(|stream| stream["codec_type"] == "video");
    if let Some(video) = video {
        assert_eq!(ours["width"], video["width"]);
        assert_eq!(ours["height"], video["height"]);
        assert_eq!(ours["frame_rate"], video["avg_frame_rate"]);
    }
}

#[test]
fn a_real_clip_agrees() {
    let media = probe_file(&bigbuckbunny());
    assert_eq!(media.codecs, ["h264", "aac"]);
    assert_eq!((media.width, media.height), (Some(1280), Some(720)));
    assert_agrees(&bigbuckbunny());
}

#[rstest]
#[case::smaller("a.mp4", "-vf scale=640:360 -c:v libx264 -preset ultrafast -c:a copy")]
#[case::ntsc_rate("a.mp4", "-r 30000/1001 -s 320x180 -c:v libx264 -preset ultrafast -an")]
#[case::film_rate(
    "a.mov",
    "-r 24000/1001 -s 320x180 -c:v libx264 -preset ultrafast -c:a pcm_s16le"
)]
#[case::moov_first("a.mp4", "-c copy -movflags +faststart")]
#[case::fragmented(
    "a.mp4",
    "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof"
)]
#[case::fragmented_re_encoded(
    "a.mp4",
    "-r 50 -s 320x180 -g 25 -c:v libx264 -preset ultrafast -c:a aac -movflags +frag_keyframe+empty_moov"
)]
#[case::hevc("a.mp4", "-s 320x180 -c:v libx265 -preset ultrafast -tag:v hvc1 -an")]
#[case::mpeg4_and_mp3("a.mp4", "-s 320x180 -c:v mpeg4 -c:a libmp3lame -ac 2")]
#[case::prores("a.mov", "-t 1 -s 320x180 -c:v prores_ks -an")]
#[case::audio_alone("a.m4a", "-vn -c:a aac -ar 44100 -ac 2")]
#[case::matroska("a.mkv", "-c copy")]
#[case::matroska_ntsc(
    "a.mkv",
    "-r 30000/1001 -s 320x180 -c:v libx264 -preset ultrafast -c:a flac -ac 2"
)]
#[case::webm(
    "a.webm",
    "-t 1 -s 320x180 -c:v libvpx -deadline realtime -c:a libopus -ac 2"
)]
fn variants_agree(#[case] name: &str, #[case] options: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let source = bigbuckbunny();
    let mut arguments = vec!["-v", "error", "-i", source.to_str().unwrap()];
    arguments.extend(options.split(' '));
    arguments.push(path.to_str().unwrap());
    run("ffmpeg", &arguments);
    assert_agrees(&path);
}

#[test]
fn text_is_no_media() {
    let mut file = std::io::Cursor::new(b"once upon a time there was a bunny");
    assert!(matches!(
        probe(&mut file),
        Err(ProbeError::UnknownContainer)
    ));
}

#[test]
fn a_clip_cut_off_in_its_metadata_is_damaged() {
    let bytes = std::fs::read(bigbuckbunny()).unwrap();
    for length in [40, 300, 3_000] {
        let mut file = std::io::Cursor::new(&bytes[..length]);
        let error = probe(&mut file).unwrap_err();
        assert!(
            matches!(error, ProbeError::Damaged { .. }),
            "{length}: {error}"
        );
    }
}

/// A reader that counts, to see that media is skipped.
struct Counting<R> {
    inner: R,
    read: usize,
}

impl<R: std::io::Read> std::io::Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read;
        Ok(read)
    }
}

impl<R: std::io::Seek> std::io::Seek for Counting<R> {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn only_the_metadata_is_read() {
    let file = File::open(bigbuckbunny()).unwrap();
    let size = usize::try_from(file.metadata().unwrap().len()).unwrap();
    let mut file = Counting {
        inner: file,
        read: 0,
    };
    probe(&mut file).unwrap();
    assert!(file.read < size / 100, "read {} of {size} bytes", file.read);
}
