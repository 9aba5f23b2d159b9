//! OCI image layouts as folders. Servers speak archives of them.

use anyhow::Context as _;
use stagehook_core::oci_layout::{LayoutError, from_layout, read_tar};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// The largest component that is moved, in bytes: the most that a server takes.
const COMPONENT_MAX_BYTES: usize = 64 << 20;

/// Whether a path names an archive, not a folder.
pub(super) fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tar")
}

/// Unpacks an archive into a new folder; nothing lands outside of it.
pub(super) fn unpack(archive: &[u8], directory: &Path) -> anyhow::Result<()> {
    let files =
        read_tar(archive, COMPONENT_MAX_BYTES).context("the server's answer cannot be unpacked")?;
    for (name, bytes) in files {
        let path = directory.join(name);
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            File::create_new(&path)?.write_all(&bytes)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Packs what of a folder belongs to the plugin in it.
pub(super) fn pack(directory: &Path) -> anyhow::Result<Vec<u8>> {
    let mut files = BTreeMap::new();
    from_layout(COMPONENT_MAX_BYTES, |name, most_bytes| {
        let bytes = read(directory, name, most_bytes)?;
        if let Some(bytes) = &bytes {
            files.insert(name.to_owned(), bytes.clone());
        }
        Ok(bytes)
    })
    .with_context(|| format!("{} cannot be imported", directory.display()))?;
    let mut archive = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, bytes.as_slice())
            .context("the archive cannot be made")?;
    }
    archive.into_inner().context("the archive cannot be made")
}

fn read(directory: &Path, name: &str, most_bytes: usize) -> Result<Option<Vec<u8>>, LayoutError> {
    let unreadable = |error: std::io::Error| LayoutError::Document {
        path: name.to_owned(),
        detail: format!("cannot be read: {error}"),
    };
    let file = match File::open(directory.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let bytes = file.metadata().map_err(unreadable)?.len();
    if bytes > most_bytes as u64 {
        return Err(LayoutError::TooLarge {
            path: name.to_owned(),
            bytes,
            most: most_bytes as u64,
        });
    }
    let mut content = Vec::new();
    file.take(most_bytes as u64)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    Ok(Some(content))
}
