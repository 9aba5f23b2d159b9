//! A layout as a tar archive, read and written in memory.

use super::document::DOCUMENT_BYTES_MAX;
use super::{Exported, Imported, LayoutError, from_layout, to_layout};
use std::collections::BTreeMap;
use std::io::Read as _;
use tar::{Archive, Builder, EntryType, Header};

/// Most entries of an archive.
const ENTRIES_MAX: usize = 1_024;
/// Longest path of an entry, in bytes.
const PATH_MAX: usize = 256;

/// The files of an archive, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The layout as an archive. The same plugin always makes the same bytes.
///
/// # Errors
/// Whatever writing into memory may fail with.
pub fn to_tar(plugin: &Exported<'_>) -> std::io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::with_capacity(plugin.component.len() + (16 << 10)));
    for (path, bytes) in to_layout(plugin) {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(plugin.created_at.timestamp()).unwrap_or(0));
        archive.append_data(&mut header, path, &*bytes)?;
    }
    archive.into_inner()
}

/// Reads the plugin out of an archive. `most_bytes` is the largest component.
///
/// # Errors
/// [`LayoutError`].
pub fn from_tar(archive: &[u8], most_bytes: usize) -> Result<Imported, LayoutError> {
    let mut files = read_tar(archive, most_bytes)?;
    from_layout(most_bytes, |path, most| match files.remove(path) {
        Some(bytes) if bytes.len() > most => Err(LayoutError::TooLarge {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            most: most as u64,
        }),
        found => Ok(found),
    })
}

/// The files of an archive. Directories are passed over; a link, a device, a
/// name with `..`, a name twice are errors.
///
/// # Errors
/// [`LayoutError`].
pub fn read_tar(archive: &[u8], most_bytes: usize) -> Result<Files, LayoutError> {
    let broken = |error: std::io::Error| LayoutError::NoArchive(error.to_string());
    let mut files = Files::new();
    let mut reader = Archive::new(archive);
    // Raw: extensions (long names, sparse files) are entries of their own,
    // which no layout needs and which are refused like any other.
    for (count, entry) in reader.entries().map_err(broken)?.raw(true).enumerate() {
        if count >= ENTRIES_MAX {
            return Err(LayoutError::NoArchive(format!(
                "it has more than {ENTRIES_MAX} entries"
            )));
        }
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        let shown = String::from_utf8_lossy(&entry.path_bytes())
            .chars()
            .take(PATH_MAX)
            .collect::<String>();
        let refuse = |detail: &str| LayoutError::Entry {
            path: shown.clone(),
            detail: detail.to_owned(),
        };
        // What a common tar writes for all entries together; nothing in it is
        // needed.
        if kind == EntryType::XGlobalHeader || kind == EntryType::XHeader {
            if entry.size() > DOCUMENT_BYTES_MAX as u64 {
                return Err(refuse("has a header that is too large"));
            }
            continue;
        }
        if !matches!(
            kind,
            EntryType::Regular | EntryType::Continuous | EntryType::Directory
        ) {
            return Err(refuse(
                "is neither a file nor a directory: a layout has no links and nothing special",
            ));
        }
        let path = plain(&entry.path_bytes())
            .ok_or_else(|| refuse("has a name that leads elsewhere, or is too long"))?;
        if kind == EntryType::Directory {
            continue;
        }
        let most = most_bytes.max(DOCUMENT_BYTES_MAX) as u64;
        if entry.size() > most {
            return Err(LayoutError::TooLarge {
                path: shown,
                bytes: entry.size(),
                most,
            });
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 != entry.size() {
            return Err(refuse("ends before its size"));
        }
        if files.insert(path, bytes).is_some() {
            return Err(refuse("is there twice"));
        }
    }
    if files.is_empty() {
        return Err(LayoutError::NoArchive("it has no files".to_owned()));
    }
    Ok(files)
}

/// The path without a leading `./`; `None` when it is not one below the
/// archive's top.
fn plain(path: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(path).ok()?;
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let below = path.len() <= PATH_MAX
        && !path.starts_with('/')
        && !path.contains(['\0', '\\'])
        && (path.is_empty()
            || path == "."
            || path
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != ".."));
    below.then(|| path.to_owned())
}
