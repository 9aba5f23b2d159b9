//! The first entry of a `stsd` box: which codec, and its basic figures.
//!
//! Read by offset rather than decoded whole, because these fields stand at the
//! same place for every codec there is, known here or not.

use mp4_atom::{Atom, Codec, Stsd};

use crate::media::Kind;

pub(super) struct SampleEntry {
    four_cc: [u8; 4],
    /// Behind the entry's size and type.
    fields: Vec<u8>,
    mpeg4: Option<Mpeg4Audio>,
}

/// What an `mp4a` entry says in its decoder configuration: several codecs share
/// the entry, and its own number of channels is often wrong.
struct Mpeg4Audio {
    object_type: u8,
    channels: Option<u32>,
}

impl Mpeg4Audio {
    fn of(stsd: &[u8]) -> Option<Self> {
        let stsd = Stsd::decode_body(&mut &*stsd).ok()?;
        let Some(Codec::Mp4a(mp4a)) = stsd.codecs.first() else {
            return None;
        };
        let config = &mp4a.esds.es_desc.dec_config;
        let is_aac = matches!(config.object_type_indication, 0x40 | 0x66..=0x68);
        let channels = config.dec_specific.as_ref().filter(|_| is_aac);
        Some(Self {
            object_type: config.object_type_indication,
            channels: channels.and_then(|aac| match aac.chan_conf {
                count @ 1..=6 => Some(u32::from(count)),
                7 | 12 | 14 => Some(8),
                11 => Some(7),
                _ => None,
            }),
        })
    }
}

impl SampleEntry {
    /// Takes the first entry out of the body of a `stsd` box.
    pub(super) fn first_of(stsd: &[u8]) -> Option<Self> {
        // Version and flags, number of entries, then the entry's size and type.
        let four_cc: [u8; 4] = stsd.get(12..16)?.try_into().ok()?;
        let fields = stsd.get(16..).unwrap_or_default();
        Some(Self {
            four_cc,
            fields: fields.get(..64).unwrap_or(fields).to_vec(),
            mpeg4: (&four_cc == b"mp4a")
                .then(|| Mpeg4Audio::of(stsd))
                .flatten(),
        })
    }

    fn u16_at(&self, offset: usize) -> Option<u16> {
        let bytes = self.fields.get(offset..offset + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Coded width and height of a visual entry, in pixels.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        let size = (self.u16_at(24)?.into(), self.u16_at(26)?.into());
        (size != (0, 0)).then_some(size)
    }

    /// Of an audio entry.
    pub(super) fn channels(&self) -> Option<u32> {
        self.mpeg4
            .as_ref()
            .and_then(|mpeg4| mpeg4.channels)
            .or_else(|| self.u16_at(16).map(u32::from))
    }

    /// Of an audio entry, in hertz.
    pub(super) fn sample_rate(&self) -> Option<u32> {
        self.u16_at(24).map(u32::from)
    }

    /// ffprobe's name of the codec; the four characters where it is not known.
    pub(super) fn codec(&self, kind: Kind) -> String {
        let name = match &self.four_cc {
            b"avc1" | b"avc3" => "h264",
            b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "hevc",
            b"vp08" => "vp8",
            b"vp09" => "vp9",
            b"av01" => "av1",
            b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "prores",
            b"AVdn" | b"AVdh" => "dnxhd",
            b"mp4v" => "mpeg4",
            b"jpeg" | b"mjpa" => "mjpeg",
            b"png " => "png",
            b"mp4a" => match self.mpeg4.as_ref().map(|mpeg4| mpeg4.object_type) {
                Some(0x69 | 0x6b) => "mp3",
                Some(0xa5) => "ac3",
                Some(0xa6) => "eac3",
                _ => "aac",
            },
            b".mp3" => "mp3",
            b"Opus" => "opus",
            b"fLaC" => "flac",
            b"alac" => "alac",
            b"ac-3" => "ac3",
            b"ec-3" => "eac3",
            b"sowt" => "pcm_s16le",
            b"twos" => "pcm_s16be",
            b"in24" => "pcm_s24be",
            b"tx3g" => "mov_text",
            b"text" if kind == Kind::Subtitle => "mov_text",
            b"wvtt" => "webvtt",
            b"c608" => "eia_608",
            other => return String::from_utf8_lossy(other).trim().to_owned(),
        };
        name.to_owned()
    }
}
