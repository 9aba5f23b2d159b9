//! What is gathered of one track.

use mp4_atom::FourCC;

use crate::media::{Kind, Stream};
use crate::mp4::sample_entry::SampleEntry;
use crate::rate::Rate;

#[derive(Default)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) kind: Option<Kind>,
    pub(super) entry: Option<SampleEntry>,
    /// Width and height in which the track wants to be shown.
    pub(super) shown_size: (u32, u32),
    /// Ticks per second of what follows.
    pub(super) timescale: u32,
    pub(super) duration: u64,
    pub(super) samples: u64,
    /// Ticks of all samples together.
    pub(super) sampled: u64,
}

impl Track {
    pub(super) fn set_handler(&mut self, handler: FourCC) {
        self.kind = Some(match handler.as_ref() {
            b"vide" => Kind::Video,
            b"soun" => Kind::Audio,
            b"subt" | b"sbtl" | b"text" | b"clcp" => Kind::Subtitle,
            _ => Kind::Data,
        });
    }

    pub(super) fn add_samples(&mut self, count: u64, duration: u32) {
        self.samples = self.samples.saturating_add(count);
        self.sampled = self
            .sampled
            .saturating_add(count.saturating_mul(u64::from(duration)));
    }

    pub(super) fn stream(&self, index: usize) -> Stream {
        let kind = self.kind.unwrap_or(Kind::Data);
        let codec = self
            .entry
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), |entry| entry.codec(kind));
        let mut stream = Stream::new(index, kind, codec);
        // The header of a fragmented file says 0; its fragments say the rest.
        let ticks = if self.duration == 0 {
            self.sampled
        } else {
            self.duration
        };
        stream.duration_seconds = seconds(ticks, self.timescale);
        match kind {
            Kind::Video => {
                let size = self.entry.as_ref().and_then(SampleEntry::size);
                let (width, height) = size.unwrap_or(self.shown_size);
                stream.width = Some(width);
                stream.height = Some(height);
                stream.set_rate(Rate::of_frames(self.samples, self.sampled, self.timescale));
            }
            Kind::Audio => {
                stream.sample_rate = self.entry.as_ref().and_then(SampleEntry::sample_rate);
                stream.channels = self.entry.as_ref().and_then(SampleEntry::channels);
            }
            Kind::Subtitle | Kind::Data => {}
        }
        stream
    }
}

/// Ticks as seconds. Nothing where the file says nothing.
#[expect(
    clippy::cast_precision_loss,
    reason = "2^52 ticks of a nanosecond clock are 52 days"
)]
pub(super) fn seconds(ticks: u64, timescale: u32) -> Option<f64> {
    // All bits set means that the duration is not known.
    let unknown = ticks == 0 || ticks == u64::from(u32::MAX) || ticks == u64::MAX;
    (!unknown && timescale != 0).then(|| ticks as f64 / f64::from(timescale))
}
