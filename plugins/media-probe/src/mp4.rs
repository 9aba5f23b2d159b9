//! MP4 and `QuickTime`, ordinary and fragmented.
//!
//! The tree of boxes is walked with seeks, and only the few boxes that say what
//! the media is are read. The large tables of sample sizes and offsets, and the
//! media itself, are skipped, so a file of any size costs a bounded amount of
//! memory.

mod sample_entry;
mod track;

use std::io::{Read, Seek, SeekFrom};

use mp4_atom::{FourCC, Hdlr, Header, Mdhd, Mehd, Mvhd, ReadFrom, Stts, Tfhd, Tkhd, Trex, Trun};

use crate::media::Media;
use crate::probe::ProbeError;
use sample_entry::SampleEntry;
use track::Track;

/// Largest box that is read rather than skipped. A frame table of a day of
/// variable frame rate fits.
const MAX_BOX: u64 = 32 << 20;
const MAX_TRACKS: usize = 1_000;
const MAX_BOXES: usize = 1_000_000;

pub(crate) fn read<F: Read + Seek>(
    file: &mut F,
    container: &'static str,
) -> Result<Media, ProbeError> {
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut movie = Movie {
        file,
        container,
        boxes: 0,
        timescale: 0,
        duration: 0,
        tracks: Vec::new(),
        defaults: Vec::new(),
        run: None,
    };
    movie.walk(end, Place::File)?;
    movie.finish()
}

/// Which boxes are looked for: those inside this one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Moov,
    Mvex,
    Trak,
    Mdia,
    Minf,
    Stbl,
    Moof,
    Traf,
}

/// The track that the sample runs of a fragment belong to.
struct Run {
    track_id: u32,
    default_duration: Option<u32>,
}

struct Movie<'a, F> {
    file: &'a mut F,
    container: &'static str,
    boxes: usize,
    timescale: u32,
    duration: u64,
    tracks: Vec<Track>,
    /// What fragments leave out.
    defaults: Vec<Trex>,
    run: Option<Run>,
}

impl<F: Read + Seek> Movie<'_, F> {
    fn damaged(&self, detail: impl Into<String>) -> ProbeError {
        ProbeError::Damaged {
            container: self.container,
            detail: detail.into(),
        }
    }

    /// Depth is bounded, since every step goes down one kind of [`Place`].
    fn walk(&mut self, end: u64, place: Place) -> Result<(), ProbeError> {
        loop {
            let start = self.file.stream_position()?;
            // A few spare bytes at the end of a container box are common.
            if end.saturating_sub(start) < 8 {
                break;
            }
            self.boxes += 1;
            if self.boxes > MAX_BOXES {
                return Err(self.damaged("it has too many boxes"));
            }
            let header = Header::read_from(&mut *self.file)
                .map_err(|error| self.damaged(format!("a box header: {error}")))?;
            let body = self.file.stream_position()?;
            let size = header.size.map_or(end - body, |size| size as u64);
            let next = body.saturating_add(size);
            if next > end {
                // The media of a file that is cut off tells nothing; its
                // metadata would.
                if place == Place::File && header.kind == FourCC::new(b"mdat") {
                    break;
                }
                return Err(self.damaged(format!(
                    "the box `{}` is longer than what holds it",
                    header.kind
                )));
            }
            self.visit(header.kind, size, next, place)?;
            self.file.seek(SeekFrom::Start(next))?;
        }
        Ok(())
    }

    fn visit(
        &mut self,
        kind: FourCC,
        size: u64,
        next: u64,
        place: Place,
    ) -> Result<(), ProbeError> {
        match (place, kind.as_ref()) {
            (Place::File, b"moov") => self.walk(next, Place::Moov)?,
            (Place::File, b"moof") => self.walk(next, Place::Moof)?,
            (Place::Moov, b"mvhd") => {
                let mvhd: Mvhd = self.decode(kind, size)?;
                self.timescale = mvhd.timescale;
                self.duration = self.duration.max(mvhd.duration);
            }
            (Place::Moov, b"trak") => {
                if self.tracks.len() == MAX_TRACKS {
                    return Err(self.damaged("it has too many tracks"));
                }
                self.tracks.push(Track::default());
                self.walk(next, Place::Trak)?;
            }
            (Place::Moov, b"mvex") => self.walk(next, Place::Mvex)?,
            (Place::Mvex, b"mehd") => {
                let mehd: Mehd = self.decode(kind, size)?;
                self.duration = self.duration.max(mehd.fragment_duration);
            }
            (Place::Mvex, b"trex") => {
                let trex: Trex = self.decode(kind, size)?;
                self.defaults.push(trex);
            }
            (Place::Trak, b"mdia") => self.walk(next, Place::Mdia)?,
            (Place::Mdia, b"minf") => self.walk(next, Place::Minf)?,
            (Place::Minf, b"stbl") => self.walk(next, Place::Stbl)?,
            (Place::Trak | Place::Mdia | Place::Stbl, _) => self.visit_track(kind, size, place)?,
            (Place::Moof, b"traf") => {
                self.run = None;
                self.walk(next, Place::Traf)?;
            }
            (Place::Traf, b"tfhd") => {
                let tfhd: Tfhd = self.decode(kind, size)?;
                self.run = Some(Run {
                    track_id: tfhd.track_id,
                    default_duration: tfhd.default_sample_duration,
                });
            }
            (Place::Traf, b"trun") => {
                let trun: Trun = self.decode(kind, size)?;
                self.add_run(&trun);
            }
            _ => {}
        }
        Ok(())
    }

    /// A box of the track that was met last.
    fn visit_track(&mut self, kind: FourCC, size: u64, place: Place) -> Result<(), ProbeError> {
        match (place, kind.as_ref()) {
            (Place::Trak, b"tkhd") => {
                let tkhd: Tkhd = self.decode(kind, size)?;
                self.track(|track| {
                    track.id = tkhd.track_id;
                    track.shown_size = (
                        u32::from(tkhd.width.integer()),
                        u32::from(tkhd.height.integer()),
                    );
                });
            }
            (Place::Mdia, b"mdhd") => {
                let mdhd: Mdhd = self.decode(kind, size)?;
                self.track(|track| {
                    track.timescale = mdhd.timescale;
                    track.duration = mdhd.duration;
                });
            }
            (Place::Mdia, b"hdlr") => {
                let hdlr: Hdlr = self.decode(kind, size)?;
                self.track(|track| track.set_handler(hdlr.handler));
            }
            (Place::Stbl, b"stsd") => {
                let body = self.body(size)?;
                let entry = SampleEntry::first_of(&body);
                self.track(|track| track.entry = entry);
            }
            (Place::Stbl, b"stts") => {
                let stts: Stts = self.decode(kind, size)?;
                self.track(|track| {
                    for entry in &stts.entries {
                        track.add_samples(u64::from(entry.sample_count), entry.sample_delta);
                    }
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn add_run(&mut self, trun: &Trun) {
        let Some(run) = &self.run else { return };
        let Some(track) = self
            .tracks
            .iter_mut()
            .find(|track| track.id == run.track_id)
        else {
            return;
        };
        let default = run.default_duration.unwrap_or_else(|| {
            self.defaults
                .iter()
                .find(|trex| trex.track_id == run.track_id)
                .map_or(0, |trex| trex.default_sample_duration)
        });
        match &trun.samples {
            mp4_atom::TrunSamples::Inherited { count, .. } => {
                track.add_samples(u64::from(*count), default);
            }
            mp4_atom::TrunSamples::Explicit(entries) => {
                for entry in entries {
                    track.add_samples(1, entry.duration.unwrap_or(default));
                }
            }
        }
    }

    fn track(&mut self, change: impl FnOnce(&mut Track)) {
        if let Some(track) = self.tracks.last_mut() {
            change(track);
        }
    }

    fn body(&mut self, size: u64) -> Result<Vec<u8>, ProbeError> {
        if size > MAX_BOX {
            return Err(self.damaged(format!("a metadata box of {size} bytes")));
        }
        let mut body = Vec::new();
        self.file.by_ref().take(size).read_to_end(&mut body)?;
        Ok(body)
    }

    fn decode<A: mp4_atom::Atom>(&mut self, kind: FourCC, size: u64) -> Result<A, ProbeError> {
        let body = self.body(size)?;
        A::decode_body(&mut body.as_slice())
            .map_err(|error| self.damaged(format!("the box `{kind}`: {error}")))
    }

    fn finish(self) -> Result<Media, ProbeError> {
        if self.tracks.is_empty() {
            return Err(self.damaged("no track is described in it"));
        }
        let streams = self
            .tracks
            .iter()
            .enumerate()
            .map(|(index, track)| track.stream(index))
            .collect();
        let whole = track::seconds(self.duration, self.timescale);
        Ok(Media::of_streams(self.container, streams, whole))
    }
}
