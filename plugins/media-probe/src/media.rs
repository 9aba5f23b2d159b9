//! What is found in a file.

use std::fmt;

use serde::Serialize;

use crate::rate::Rate;

/// A file of one or more streams.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Media {
    /// `mp4`, `mov`, `matroska` or `webm`.
    pub container: &'static str,
    /// The codec of each stream, in order.
    pub codecs: Vec<String>,
    /// Pixels, of the first video stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, of the first video stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Frames per second of the first video stream, exact, such as `30000/1001`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<Rate>,
    /// The same as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Of the longest stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Every stream, in the order of the file.
    pub streams: Vec<Stream>,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stream {
    /// Place in the file, from 0.
    pub index: usize,
    /// What it carries.
    pub kind: Kind,
    /// ffprobe's name of the codec where it has one; else the file's own.
    pub codec: String,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Mean frames per second, exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_rate: Option<Rate>,
    /// The same as a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Hertz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Audio channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u32>,
    /// How long the stream is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Text.
    Subtitle,
    /// Anything else, such as timecode.
    Data,
}

impl Stream {
    pub(crate) fn new(index: usize, kind: Kind, codec: String) -> Self {
        Self {
            index,
            kind,
            codec,
            width: None,
            height: None,
            frame_rate: None,
            fps: None,
            sample_rate: None,
            channels: None,
            duration_seconds: None,
        }
    }

    pub(crate) fn set_rate(&mut self, rate: Option<Rate>) {
        self.frame_rate = rate;
        self.fps = rate.map(Rate::per_second);
    }
}

impl Media {
    /// Puts the figures of the streams together.
    pub(crate) fn of_streams(
        container: &'static str,
        streams: Vec<Stream>,
        duration_seconds: Option<f64>,
    ) -> Self {
        let video = streams.iter().find(|stream| stream.kind == Kind::Video);
        let longest = streams
            .iter()
            .filter_map(|stream| stream.duration_seconds)
            .reduce(f64::max);
        Self {
            container,
            codecs: streams.iter().map(|stream| stream.codec.clone()).collect(),
            width: video.and_then(|stream| stream.width),
            height: video.and_then(|stream| stream.height),
            frame_rate: video.and_then(|stream| stream.frame_rate),
            fps: video.and_then(|stream| stream.fps),
            duration_seconds: duration_seconds.or(longest),
            streams,
        }
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.container, self.codecs.join("+"))?;
        if let (Some(width), Some(height)) = (self.width, self.height) {
            write!(f, ", {width}x{height}")?;
        }
        if let Some(fps) = self.fps {
            write!(f, ", {fps:.3} fps")?;
        }
        if let Some(seconds) = self.duration_seconds {
            write!(f, ", {seconds:.3} s")?;
        }
        Ok(())
    }
}
