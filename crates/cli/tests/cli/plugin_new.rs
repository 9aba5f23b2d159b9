//! `stagehook plugin new`: projects that work, under the name that was asked
//! for.

use crate::binary::{Ran, run, stagehook};
use rstest::rstest;
use std::collections::BTreeMap;
use std::path::Path;

fn new(directory: &Path, arguments: &[&str]) -> Ran {
    let arguments: Vec<_> = ["plugin", "new"].iter().chain(arguments).collect();
    run(&mut stagehook(directory, &arguments))
}

/// Every file below a directory, by its path.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[rstest]
#[case("rust", &["Cargo.toml", "Cargo.lock", "src/lib.rs", "vendor/stagehook-plugin-sdk/Cargo.toml",
    "vendor/stagehook-plugin-sdk/wit/plugin.wit", "vendor/stagehook-plugin-sdk/LICENSE"])]
#[case("typescript", &["package.json", "package-lock.json", "src/plugin.ts", "test/plugin.test.ts",
    "wit/plugin.wit", "types/plugin.d.ts"])]
#[case("javascript", &["package.json", "src/plugin.ts"])]
#[case("python", &["pyproject.toml", "requirements.txt", "src/plugin.py", "tests/test_plugin.py",
    "wit/plugin.wit", "bindings/wit_world/__init__.py"])]
fn a_new_plugin_has_all_it_needs_under_its_own_name(
    #[case] language: &str,
    #[case] expected: &[&str],
) {
    let directory = tempfile::tempdir().unwrap();
    let said = new(directory.path(), &["frame-count", "--lang", language]).ok();
    assert!(said.contains("cd frame-count"), "{said}");
    assert!(said.contains("stagehook plugin build"), "{said}");
    let files = files(&directory.path().join("frame-count"));
    for name in [".gitignore", "README.md", "input.json", "settings.json"]
        .iter()
        .chain(expected)
    {
        assert!(files.contains_key(*name), "{name} of {:?}", files.keys());
    }
    for (name, text) in &files {
        assert!(!name.ends_with(".template"), "{name}");
        for left in ["my-plugin", "my_plugin"] {
            assert!(!text.contains(left), "{name} still has {left}");
        }
        // Lock files name versions and hashes, and no place to get them from.
        assert!(!text.contains("\"resolved\""), "{name}");
    }
    assert!(files["README.md"].starts_with("# frame-count\n"));
}

#[test]
fn a_directory_can_be_chosen_and_may_be_there_while_it_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let chosen = directory.path().join("a place");
    std::fs::create_dir(&chosen).unwrap();
    let said = new(
        directory.path(),
        &["frame-count", "--lang", "python", "--dir", "a place"],
    )
    .ok();
    assert!(said.contains("cd 'a place'"), "{said}");
    assert!(chosen.join("src/plugin.py").is_file());
    assert!(!directory.path().join("frame-count").exists());
}

#[test]
fn what_is_there_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("frame-count/notes.txt");
    std::fs::create_dir(kept.parent().unwrap()).unwrap();
    std::fs::write(&kept, "mine").unwrap();
    let error = new(directory.path(), &["frame-count", "--lang", "rust"]).failed();
    assert_eq!(
        error,
        "error: frame-count exists and is not empty; nothing was written. Choose another place \
         with --dir\n"
    );
    let files = files(directory.path());
    assert_eq!(
        files.into_iter().collect::<Vec<_>>(),
        [("frame-count/notes.txt".to_owned(), "mine".to_owned())]
    );
}

#[rstest]
#[case::capital(
    "Frame",
    "must be 1 to 64 lower-case letters, digits or '-', beginning with a letter"
)]
#[case::underscore("frame_count", "must be 1 to 64 lower-case letters")]
#[case::digit_first("4k", "beginning with a letter")]
#[case::path("../up", "must be 1 to 64 lower-case letters")]
#[case::empty("", "must be 1 to 64 lower-case letters")]
#[case::word_of_rust("match", "choose another name, such as 'match-check'")]
fn a_name_that_cannot_be_one_is_refused(#[case] name: &str, #[case] told: &str) {
    let directory = tempfile::tempdir().unwrap();
    let error = new(directory.path(), &[name, "--lang", "rust"]).failed();
    assert!(error.contains(told), "{error}");
    assert!(files(directory.path()).is_empty());
}

#[test]
fn a_language_that_is_not_known_is_told_those_that_are() {
    let directory = tempfile::tempdir().unwrap();
    let error = new(directory.path(), &["probe", "--lang", "go"]).failed();
    assert!(
        error.contains("[possible values: rust, typescript, python]"),
        "{error}"
    );
}
