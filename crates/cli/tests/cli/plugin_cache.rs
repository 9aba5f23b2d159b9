//! Compiled plugins are kept in the user's cache directory.

use crate::binary::{Ran, component, document, run, stagehook};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn plugin(directory: &Path, arguments: &[&str], variable: &str, value: &Path) -> Ran {
    let component = component("test_guest");
    let (command, arguments) = arguments.split_first().unwrap();
    let mut all = vec!["plugin", command, component.to_str().unwrap(), "--json"];
    all.extend(arguments);
    run(stagehook(directory, &all).env(variable, value))
}

const RUN: [&str; 3] = ["run", "--settings", r#"{"do": "everything"}"#];

/// Runs with this cache, and tells whether the component was compiled for it.
fn compiles(directory: &Path, caches: &Path) -> bool {
    let ran = plugin(directory, &RUN, "XDG_CACHE_HOME", caches);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    document(&ran)["plugin"]["compiled"].as_bool().unwrap()
}

/// The compiled code below a cache.
fn code(cache: &Path) -> PathBuf {
    let only = |directory: &Path| {
        let mut entries = fs::read_dir(directory).unwrap();
        let entry = entries.next().unwrap().unwrap();
        assert!(entries.next().is_none(), "{}", directory.display());
        entry.path()
    };
    only(&only(&cache.join("plugins")))
}

#[test]
fn a_component_is_compiled_once() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let caches = here.join("caches");
    assert!(compiles(here, &caches));
    assert!(!compiles(here, &caches));

    let cache = caches.join("stagehook");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("key")), 0o600);

    // Others could look into it: not any more.
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(!compiles(here, &caches));
    assert_eq!(mode(&cache), 0o700);
}

#[test]
fn what_was_inspected_is_not_compiled_to_be_run_or_measured() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let home = |arguments: &[&str]| {
        let ran = plugin(here, arguments, "HOME", here);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        document(&ran)
    };
    home(&["inspect"]);
    assert!(here.join(".cache/stagehook/key").exists());
    assert_eq!(home(&RUN)["plugin"]["compiled"], false);
    let measured = home(&["bench", RUN[1], RUN[2], "--seconds", "1"]);
    assert!(measured["compile_ms"].is_null(), "{measured}");
}

#[test]
fn code_that_is_not_what_was_kept_is_compiled_anew() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    assert!(compiles(here, here));
    let code = code(&here.join("stagehook"));
    let mut bytes = fs::read(&code).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&code, bytes).unwrap();

    let ran = plugin(here, &RUN, "XDG_CACHE_HOME", here);
    assert_eq!(document(&ran)["plugin"]["compiled"], true);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("compiled again"), "{}", ran.stderr);
    assert!(!compiles(here, here), "it was kept again");
}

#[test]
fn a_cache_that_cannot_be_used_is_one_warning() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    fs::write(here.join("caches"), "a file").unwrap();
    for _ in 0..2 {
        let ran = plugin(here, &RUN, "XDG_CACHE_HOME", &here.join("caches"));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(document(&ran)["plugin"]["compiled"], true);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let told = "compiled plugins are not kept: the directory ";
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    // Without a home, and with a path that counts as none, there is none.
    for relative in ["", "caches"] {
        let ran = plugin(here, &RUN, "XDG_CACHE_HOME", Path::new(relative));
        assert_eq!(document(&ran)["plugin"]["compiled"], true);
        assert_eq!(ran.stderr, "");
    }
}
