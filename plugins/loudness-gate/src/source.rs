//! Samples, from a WAV file or without any header.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use hound::WavReader;

use crate::settings::{Pcm, SampleFormat};

const BUFFER_BYTES: usize = 256 << 10;
/// What the loudness of more channels would be is not defined.
const CHANNELS_MAX: u16 = 8;

/// Why a file is no sound that can be measured.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file system said no.
    #[error(transparent)]
    Unreadable(io::Error),
    /// It is nothing that is known here.
    #[error(
        "neither a WAV file nor described as PCM: extract its sound to WAV and name that with the \
         setting `file`, or describe it with the setting `pcm`"
    )]
    Unknown,
    /// It is a WAV file, and damaged, cut off, or of a kind that is not read.
    #[error("{0}")]
    Damaged(String),
}

enum Samples {
    Wav(WavReader<BufReader<File>>),
    Raw(BufReader<File>, SampleFormat),
}

/// An open file, and what its samples are.
pub struct Source {
    samples: Samples,
    /// Samples a second of each channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
    /// Samples of all channels together, as far as the file says.
    pub expected_samples: u64,
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`SourceError`], which tells what cannot be read from what makes no sense.
    pub fn open(path: &Path, pcm: Option<Pcm>) -> Result<Self, SourceError> {
        let mut file = File::open(path).map_err(SourceError::Unreadable)?;
        let bytes = file.metadata().map_err(SourceError::Unreadable)?.len();
        if let Some(pcm) = pcm {
            return Ok(Self {
                samples: Samples::Raw(BufReader::with_capacity(BUFFER_BYTES, file), pcm.format),
                sample_rate: pcm.sample_rate,
                channels: pcm.channels,
                expected_samples: bytes / u64::from(pcm.format.bytes()),
            });
        }
        let mut magic = Vec::new();
        file.by_ref()
            .take(4)
            .read_to_end(&mut magic)
            .map_err(SourceError::Unreadable)?;
        match magic.as_slice() {
            b"RIFF" => {}
            b"RF64" | b"BW64" => {
                return Err(SourceError::Damaged(
                    "a WAV file of more than 4 GiB (RF64): deliver it in parts".to_owned(),
                ));
            }
            _ => return Err(SourceError::Unknown),
        }
        io::Seek::rewind(&mut file).map_err(SourceError::Unreadable)?;
        let reader = WavReader::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(wav)?;
        let spec = reader.spec();
        if spec.channels > CHANNELS_MAX {
            return Err(SourceError::Damaged(format!(
                "{} channels: at most {CHANNELS_MAX} are measured",
                spec.channels
            )));
        }
        Ok(Self {
            sample_rate: spec.sample_rate,
            channels: spec.channels,
            expected_samples: u64::from(reader.len()),
            samples: Samples::Wav(reader),
        })
    }

    /// Fills a block with interleaved samples from -1 to 1, and says how many
    /// there were. Fewer than fit: that was the end.
    ///
    /// # Errors
    ///
    /// [`SourceError`], also where the file ends within what its header promises.
    pub fn fill(&mut self, block: &mut [f32]) -> Result<usize, SourceError> {
        match &mut self.samples {
            Samples::Wav(reader) => fill_wav(reader, block),
            Samples::Raw(reader, format) => fill_raw(reader, *format, block),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "24 bits are exact in an f32, and more cannot be heard"
)]
fn fill_wav(
    reader: &mut WavReader<BufReader<File>>,
    block: &mut [f32],
) -> Result<usize, SourceError> {
    let spec = reader.spec();
    let mut filled = 0;
    match spec.sample_format {
        hound::SampleFormat::Float => {
            for (place, sample) in block.iter_mut().zip(reader.samples::<f32>()) {
                *place = sample.map_err(wav)?;
                filled += 1;
            }
        }
        hound::SampleFormat::Int => {
            let full_scale = (1_u64 << (spec.bits_per_sample - 1)) as f32;
            for (place, sample) in block.iter_mut().zip(reader.samples::<i32>()) {
                *place = sample.map_err(wav)? as f32 / full_scale;
                filled += 1;
            }
        }
    }
    Ok(filled)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "24 bits are exact in an f32, and more cannot be heard"
)]
fn fill_raw(
    reader: &mut BufReader<File>,
    format: SampleFormat,
    block: &mut [f32],
) -> Result<usize, SourceError> {
    let width = usize::from(format.bytes());
    for (filled, place) in block.iter_mut().enumerate() {
        let mut bytes = [0; 4];
        match reader.read_exact(&mut bytes[4 - width..]) {
            Ok(()) => {}
            // A sample that is cut off is none.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(filled),
            Err(error) => return Err(SourceError::Unreadable(error)),
        }
        // In the upper bytes, so that one full scale holds for all.
        *place = match format {
            SampleFormat::F32le => f32::from_le_bytes(bytes),
            _ => i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0,
        };
    }
    Ok(block.len())
}

impl SampleFormat {
    /// Size of one sample.
    pub fn bytes(self) -> u8 {
        match self {
            Self::S16le => 2,
            Self::S24le => 3,
            Self::S32le | Self::F32le => 4,
        }
    }
}

fn wav(error: hound::Error) -> SourceError {
    match error {
        // How hound says that data ends within what the header promises.
        hound::Error::IoError(error)
            if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::Other) =>
        {
            SourceError::Damaged("a WAV file that is cut off".to_owned())
        }
        hound::Error::IoError(error) => SourceError::Unreadable(error),
        error => SourceError::Damaged(format!("a WAV file that cannot be read: {error}")),
    }
}
