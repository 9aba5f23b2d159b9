//! Which container a file is, by its first bytes.

use std::io::{Read, Seek, SeekFrom};

use crate::media::Media;
use crate::{matroska, mp4};

/// Why a file could not be described.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The first bytes are of no container that is known here.
    #[error("neither MP4 nor QuickTime nor Matroska nor WebM")]
    UnknownContainer,
    /// The container is known, and damaged or cut off.
    #[error("damaged or incomplete {container} file: {detail}")]
    Damaged {
        /// Which container it claims to be.
        container: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];

/// Describes a file, reading its metadata and skipping its media.
///
/// # Errors
///
/// [`ProbeError`], which tells a file that cannot be read from one that makes no
/// sense.
pub fn probe<F: Read + Seek>(file: &mut F) -> Result<Media, ProbeError> {
    let mut head = Vec::new();
    file.by_ref().take(64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    if head.starts_with(&EBML) {
        let is_webm = head.windows(4).any(|window| window == b"webm");
        return matroska::read(file, if is_webm { "webm" } else { "matroska" });
    }
    match head.get(4..8) {
        Some(b"ftyp") => {
            let is_quicktime = head.get(8..12) == Some(b"qt  ".as_slice());
            mp4::read(file, if is_quicktime { "mov" } else { "mp4" })
        }
        // QuickTime files from before `ftyp` was invented.
        Some(b"moov" | b"mdat" | b"wide" | b"free" | b"skip") => mp4::read(file, "mov"),
        _ => Err(ProbeError::UnknownContainer),
    }
}
