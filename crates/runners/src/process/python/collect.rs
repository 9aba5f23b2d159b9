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
        let path = entry?.path();
        let Some(key) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if key.starts_with(BUILDING) || key.starts_with(REMOVING) {
            if is_abandoned(&path) {
                remove(&path);
            }
            continue;
        }
        if keep.contains(key) {
            continue;
        }
        match take_away(&path, key, unused_for) {
            Ok(true) => removed.push(key.to_owned()),
            Ok(false) => {}
            // Another server may be collecting, too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => not_removed(&path, &error),
        }
    }
    Ok(removed)
}

fn take_away(environment: &Path, key: &str, unused_for: Duration) -> io::Result<bool> {
    let stamp = match File::open(environment.join(STAMP)) {
        // What has no stamp is used by nobody.
        Err(error) if error.kind() == io::ErrorKind::NotFound => File::open(environment),
        stamp => stamp,
    }?;
    // First the lock: who uses it now may touch it now.
    if stamp.try_lock().is_err() || age(&stamp).is_none_or(|age| age < unused_for) {
        return Ok(false);
    }
    let aside = environment.with_file_name(format!("{REMOVING}{key}"));
    fs::rename(environment, &aside)?;
    remove(&aside);
    Ok(true)
}

fn is_abandoned(directory: &Path) -> bool {
    let age = File::open(directory).ok().and_then(|it| age(&it));
    age.is_some_and(|age| age >= ABANDONED_AFTER)
}

fn remove(directory: &Path) {
    if let Err(error) = fs::remove_dir_all(directory)
        && error.kind() != io::ErrorKind::NotFound
    {
        not_removed(directory, &error);
    }
}

fn not_removed(environment: &Path, error: &io::Error) {
    tracing::warn!(path = %environment.display(), %error, "a managed environment could not be removed");
}

#[cfg(test)]
mod tests {
    use super::super::environment::{Environment, STAMP};
    use super::collect;
    use std::collections::BTreeSet;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    /// Whoever begins to use one while it is looked at waits, and then has it
    /// or does not; it never has half of it.
    #[test]
    fn what_is_used_and_collected_at_once_is_either() {
        let managed = tempfile::tempdir().unwrap();
        let place = managed.path().join("key");
        for _ in 0..200 {
            fs::create_dir_all(place.join("bin")).unwrap();
            symlink("/bin/sh", place.join("bin/python")).unwrap();
            File::create(place.join(STAMP)).unwrap();
            std::thread::scope(|scope| {
                let used = scope.spawn(|| {
                    let environment = Environment::managed(managed.path(), "key").unwrap();
                    let python = place.join("bin/python");
                    let whole = || (0..100).all(|_| python.exists());
                    assert!(environment.is_none() || whole(), "collected in use");
                    environment.is_some()
                });
                let collected = collect(managed.path(), &BTreeSet::new(), Duration::ZERO).unwrap();
                let used = used.join().unwrap();
                assert!(used || collected == ["key"], "neither");
            });
            let _ = fs::remove_dir_all(&place);
        }
    }
}
