//! Whose signatures of plugins count, as the operator says it.

use crate::binary::{Ran, run, stagehook};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The public key of the first test of RFC 8032, section 7.1.
const KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// Of the second.
const OTHER: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

fn config(at: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut arguments = vec!["config", "--json"];
    arguments.extend(flags);
    run(stagehook(at, &arguments).envs(variables.iter().copied()))
}

/// Value and source of the keys, and whether signatures are required.
fn shown(at: &TempDir, flags: &[&str], variables: &[(&str, &str)]) -> (String, String, String) {
    let settings: Value = serde_json::from_str(&config(at.path(), flags, variables).ok()).unwrap();
    let text = |name: &str, key: &str| settings[name][key].as_str().unwrap().to_owned();
    (
        text("trusted_keys", "value"),
        text("trusted_keys", "source"),
        text("require_signed_plugins", "value"),
    )
}

#[test]
fn keys_come_from_flags_a_variable_or_the_file() {
    let at = tempfile::tempdir().unwrap();
    let (studio, vendor) = (format!("studio={KEY}"), format!("vendor={OTHER}"));
    let both = format!("{studio},{vendor}");
    let is = |value: &str, source: &str, required: bool| {
        (value.to_owned(), source.to_owned(), required.to_string())
    };
    assert_eq!(shown(&at, &[], &[]), is("", "default", false));
    let flags = ["--trusted-key", &studio, "--trusted-key", &vendor];
    let by_flag = shown(&at, &flags, &[]);
    assert_eq!(by_flag, is(&both, "flag --trusted-key", false));
    let variables = [
        ("STAGEHOOK_TRUSTED_KEYS", both.as_str()),
        ("STAGEHOOK_REQUIRE_SIGNED_PLUGINS", "1"),
    ];
    let by_variable = shown(&at, &[], &variables);
    assert_eq!(
        by_variable,
        is(&both, "variable STAGEHOOK_TRUSTED_KEYS", true)
    );

    let file = at.path().canonicalize().unwrap().join("stagehook.toml");
    let text = format!("trusted_keys = ['{studio}']\nrequire_signed_plugins = true\n");
    fs::write(&file, text).unwrap();
    let by_file = shown(&at, &["--require-signed-plugins=false"], &[]);
    let source = format!("file {}", file.display());
    assert_eq!(by_file, is(&studio, &source, false));

    fs::write(&file, "trusted_keys = ['studio=AAAA']\n").unwrap();
    let error = config(at.path(), &[], &[]).failed();
    assert!(error.contains("is wrong at trusted_keys"), "{error}");
    assert!(error.contains("32 bytes in base64"), "{error}");
}

#[test]
fn what_could_only_be_a_mistake_is_an_error() {
    let at = tempfile::tempdir().unwrap();
    let error = config(at.path(), &["--require-signed-plugins"], &[]).failed();
    assert!(error.contains("no key is trusted"), "{error}");
    let twice = format!("a={KEY},a={OTHER}");
    for (value, says) in [
        ("AAAA", "must be NAME=KEY"),
        ("studio=AAAA", "32 bytes in base64"),
        (twice.as_str(), "named twice"),
    ] {
        let error = config(at.path(), &[], &[("STAGEHOOK_TRUSTED_KEYS", value)]).failed();
        assert!(error.contains(says), "{error}");
    }
    let error = config(at.path(), &["--trusted-key", "AAAA"], &[]).failed();
    assert!(error.contains("must be NAME=KEY"), "{error}");
}
