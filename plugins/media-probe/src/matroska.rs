//! Matroska and `WebM`.

use std::io::{Read, Seek, SeekFrom};

use matroska::{Info, Settings, Track, Tracktype};

use crate::media::{Kind, Media, Stream};
use crate::probe::ProbeError;
use crate::rate::Rate;

pub(crate) fn read<F: Read + Seek>(
    file: &mut F,
    container: &'static str,
) -> Result<Media, ProbeError> {
    let damaged = |detail: String| ProbeError::Damaged { container, detail };
    let info = matroska::get::<_, Info>(&mut *file)
        .map_err(|error| damaged(error.to_string()))?
        .ok_or_else(|| damaged("no segment information".to_owned()))?;
    file.seek(SeekFrom::Start(0))?;
    let tracks = matroska::get::<_, Track>(&mut *file)
        .map_err(|error| damaged(error.to_string()))?
        .ok_or_else(|| damaged("no tracks".to_owned()))?;
    let streams = tracks.iter().enumerate().map(stream).collect();
    let duration = info.duration.map(|duration| duration.as_secs_f64());
    Ok(Media::of_streams(container, streams, duration))
}

fn stream((index, track): (usize, &Track)) -> Stream {
    let kind = match track.tracktype {
        Tracktype::Video => Kind::Video,
        Tracktype::Audio => Kind::Audio,
        Tracktype::Subtitle => Kind::Subtitle,
        _ => Kind::Data,
    };
    let mut stream = Stream::new(index, kind, codec(&track.codec_id));
    match &track.settings {
        Settings::Video(video) => {
            stream.width = u32::try_from(video.pixel_width).ok();
            stream.height = u32::try_from(video.pixel_height).ok();
            let frame = track.default_duration.map(|duration| duration.as_nanos());
            stream.set_rate(frame.and_then(Rate::of_frame_duration));
        }
        Settings::Audio(audio) => {
            stream.sample_rate = sample_rate(audio.sample_rate);
            stream.channels = u32::try_from(audio.channels).ok();
        }
        Settings::None => {}
    }
    stream
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked just before"
)]
fn sample_rate(hertz: f64) -> Option<u32> {
    (hertz >= 1.0 && hertz < f64::from(u32::MAX)).then_some(hertz as u32)
}

fn codec(id: &str) -> String {
    let name = match id {
        "V_MPEG4/ISO/AVC" => "h264",
        "V_MPEGH/ISO/HEVC" => "hevc",
        "V_VP8" => "vp8",
        "V_VP9" => "vp9",
        "V_AV1" => "av1",
        "V_PRORES" => "prores",
        "V_MPEG1" => "mpeg1video",
        "V_MPEG2" => "mpeg2video",
        "V_FFV1" => "ffv1",
        "V_THEORA" => "theora",
        "V_MJPEG" => "mjpeg",
        "A_OPUS" => "opus",
        "A_VORBIS" => "vorbis",
        "A_FLAC" => "flac",
        "A_MPEG/L3" => "mp3",
        "A_MPEG/L2" => "mp2",
        "A_AC3" => "ac3",
        "A_EAC3" => "eac3",
        "A_DTS" => "dts",
        "A_TRUEHD" => "truehd",
        "S_TEXT/UTF8" => "subrip",
        "S_TEXT/ASS" => "ass",
        "S_TEXT/WEBVTT" => "webvtt",
        "S_HDMV/PGS" => "hdmv_pgs_subtitle",
        "S_VOBSUB" => "dvd_subtitle",
        id if id.starts_with("A_AAC") => "aac",
        id if id.starts_with("V_MPEG4/ISO/") => "mpeg4",
        other => other,
    };
    name.to_owned()
}
