//! Removes managed environments that nobody uses.
//!
//! Who uses one holds a shared lock on its stamp, and who removes it an
//! exclusive one; the kernel lets go of both when their process ends, on
//! whichever server of this machine. It is first moved away, so that what is in
//! its place is always whole.

use super::environment::{STAMP, age};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

/// How the directory of one that is being built begins.
pub(super) const BUILDING: &str = ".building-";
/// How the directory of one that is being removed begins.
const REMOVING: &str = ".removing-";
/// No environment takes this long to build or to remove: what is older was left
/// behind by a server that was killed.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// Removes the environments that have none of these keys, were not used for this
/// long, and are not in use now. Answers with their keys.
pub(super) fn collect(
    managed: &Path,
    keep: &BTreeSet<String>,
    unused_for: Duration,
) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(managed) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut removed = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let Ok(key) = entry.file_name().into_string() else {
            continue;
        };
        if key.starts_with(BUILDING) || key.starts_with(REMOVING) {
            if is_unused(&path, ABANDONED_AFTER) {
                remove(&path);
            }
        } else if !keep.contains(&key) && take_away(&path, unused_for)? {
            removed.push(key);
        }
    }
    Ok(removed)
}

fn take_away(environment: &Path, unused_for: Duration) -> io::Result<bool> {
    let stamp = match File::open(environment.join(STAMP)) {
        Ok(stamp) => stamp,
        // What has no stamp is never used.
        Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(environment)?,
        Err(error) => return Err(error),
    };
    if stamp.try_lock().is_err() || age(&stamp).is_none_or(|age| age < unused_for) {
        return Ok(false);
    }
    let name = environment.file_name().unwrap_or_default();
    let mut aside = std::ffi::OsString::from(REMOVING);
    aside.push(name);
    let aside = environment.with_file_name(aside);
    fs::rename(environment, &aside)?;
    remove(&aside);
    Ok(true)
}

fn is_unused(directory: &Path, unused_for: Duration) -> bool {
    File::open(directory)
        .ok()
        .and_then(|directory| age(&directory))
        .is_some_and(|age| age >= unused_for)
}

fn remove(directory: &Path) {
    if let Err(error) = fs::remove_dir_all(directory)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %directory.display(), %error, "a managed environment could not be removed");
    }
}
