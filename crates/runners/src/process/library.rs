//! What authors of scripts are helped with: a Python module and functions for
//! the shell, found by their names alone, `import stagehook` and
//! `. stagehook.sh`.
//!
//! They are written once, when the server starts, and never copied for a run: a
//! sandbox has them in the directory that its first process is in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The files, by their names.
const FILES: [(&str, &[u8]); 2] = [
    ("stagehook.py", include_bytes!("lib/stagehook.py")),
    ("stagehook.sh", include_bytes!("lib/stagehook.sh")),
];
/// What runs of warm Python are forked from, and the package that it is made of;
/// not for scripts to find.
const TEMPLATE: (&str, &[u8]) = ("warm.py", include_bytes!("lib/warm.py"));
const PACKAGE: &str = "stagehook_warm";
const OF_PACKAGE: [(&str, &[u8]); 6] = [
    (
        "__init__.py",
        include_bytes!("lib/stagehook_warm/__init__.py"),
    ),
    (
        "fitness.py",
        include_bytes!("lib/stagehook_warm/fitness.py"),
    ),
    (
        "imports.py",
        include_bytes!("lib/stagehook_warm/imports.py"),
    ),
    (
        "isolation.py",
        include_bytes!("lib/stagehook_warm/isolation.py"),
    ),
    ("script.py", include_bytes!("lib/stagehook_warm/script.py")),
    ("system.py", include_bytes!("lib/stagehook_warm/system.py")),
];
/// Where they are below what is given.
const LIBRARY: &str = "lib";

/// The directory of what the server gives to every script, below the work root.
pub(super) fn given(work_root: &Path) -> PathBuf {
    work_root.join("given")
}

/// Writes the library.
pub(super) fn install(work_root: &Path) -> io::Result<()> {
    let given = given(work_root);
    put_all(&given.join(LIBRARY), &FILES)?;
    put_all(&given.join(PACKAGE), &OF_PACKAGE)?;
    put_all(&given, &[TEMPLATE])
}

fn put_all(directory: &Path, files: &[(&str, &[u8])]) -> io::Result<()> {
    // Whoever a script runs as is to see it.
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)?;
    for (name, content) in files {
        put(&directory.join(name), content, 0o444)?;
    }
    Ok(())
}

/// Puts a file where it is seen whole or not at all.
pub(super) fn put(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let _ = fs::remove_file(&fresh);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(content)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    drop(file);
    fs::rename(fresh, path)
}

/// Has scripts find the library, after everything that they find elsewhere.
/// `given` is what the server gives them, as they see it.
pub(super) fn add_variables(variables: &mut BTreeMap<String, OsString>, given: &Path) {
    add_to(variables, "PATH", given);
    add_to_python_path(variables, given);
}

/// The same for what is imported alone.
pub(super) fn add_to_python_path(variables: &mut BTreeMap<String, OsString>, given: &Path) {
    add_to(variables, "PYTHONPATH", given);
}

fn add_to(variables: &mut BTreeMap<String, OsString>, name: &str, given: &Path) {
    let list = variables.entry(name.to_owned()).or_default();
    if !list.is_empty() {
        list.push(":");
    }
    list.push(given.join(LIBRARY));
}

#[cfg(test)]
mod tests {
    use super::add_variables;
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn what_a_hook_brings_itself_comes_before_the_library() {
        let mut variables = BTreeMap::from([
            ("PATH".to_owned(), "/usr/bin:/bin".into()),
            ("HOME".to_owned(), "/work".into()),
        ]);
        add_variables(&mut variables, Path::new("/.stagehook"));
        assert_eq!(variables["PATH"], "/usr/bin:/bin:/.stagehook/lib");
        assert_eq!(variables["PYTHONPATH"], "/.stagehook/lib");
        assert_eq!(variables["HOME"], "/work");
    }
}
