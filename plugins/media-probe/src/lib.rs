//! A plugin that reads what a segment is made of, inside the sandbox.
//!
//! It wants the segment (`"segment": "read"`) and answers with a patch to the
//! stage's metadata:
//!
//! ```json
//! {"media": {
//!   "container": "mp4", "codecs": ["h264", "aac"],
//!   "width": 1280, "height": 720, "frame_rate": "25/1", "fps": 25.0,
//!   "duration_seconds": 5.28,
//!   "streams": [
//!     {"index": 0, "kind": "video", "codec": "h264", "width": 1280, "height": 720,
//!      "frame_rate": "25/1", "fps": 25.0, "duration_seconds": 5.28},
//!     {"index": 1, "kind": "audio", "codec": "aac", "sample_rate": 48000, "channels": 6,
//!      "duration_seconds": 5.31}]}}
//! ```
//!
//! Codec names and the `frame_rate` rational are those of ffprobe. Figures of
//! the whole are those of the first video stream. Only the metadata of the file
//! is read, whatever the file's size: MP4 and `QuickTime` (also fragmented),
//! Matroska and `WebM`.

mod matroska;
mod media;
mod mp4;
mod probe;
mod rate;

pub use media::{Kind, Media, Stream};
pub use probe::{ProbeError, probe};
pub use rate::Rate;

use stagehook_plugin_sdk::{
    Capability, Failure, Input, Manifest, NoSettings, Outcome, Plugin, export, json, manifest,
};

/// The plugin itself.
#[derive(Debug)]
pub struct MediaProbe;

impl Plugin for MediaProbe {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        manifest!()
            .description(
                "Reads container, codecs, size, frame rate and duration of a segment into the \
                 metadata key `media`.",
            )
            .hook_point("post_variant")
            .hook_point("post_segment")
            .hook_point("pre_concatenation")
            .wants(Capability::SegmentRead, "to read the segment's headers")
    }

    fn run(input: Input<NoSettings>) -> Result<Outcome, Failure> {
        let path = input.segment()?;
        let mut file = std::fs::File::open(path)
            .map_err(|error| Failure::new(format!("cannot open {}: {error}", path.display())))?;
        let media = match probe(&mut file) {
            Ok(media) => media,
            Err(ProbeError::Io(error)) => {
                return Err(Failure::new(format!(
                    "cannot read {}: {error}",
                    path.display()
                )));
            }
            Err(error) => return Ok(Outcome::fail(format!("{}: {error}", path.display()))),
        };
        Ok(Outcome::pass()
            .message(media.to_string())
            .patch(&json!({"media": media})))
    }
}

export!(MediaProbe);
