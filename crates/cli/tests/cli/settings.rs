//! Where the server's settings come from.

use crate::binary::{Ran, run, stagehook};
use rstest::rstest;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn config(directory: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut arguments = vec!["config", "--json"];
    arguments.extend(flags);
    run(stagehook(directory, &arguments).envs(variables.iter().copied()))
}

fn shown(directory: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Value {
    serde_json::from_str(&config(directory, flags, variables).ok()).unwrap()
}

fn pair(settings: &Value, name: &str) -> (String, String) {
    let text = |key: &str| settings[name][key].as_str().unwrap().to_owned();
    (text("value"), text("source"))
}

fn expect(settings: &Value, name: &str, value: &str, source: &str) {
    assert_eq!(
        pair(settings, name),
        (value.to_owned(), source.to_owned()),
        "{name}"
    );
}

#[test]
fn without_anything_the_defaults_hold() {
    let at = directory();
    let here = at.path().canonicalize().unwrap();
    let data = here.join("stagehook-data");
    let settings = shown(&here, &[], &[]);
    let data = data.to_str().unwrap();
    expect(&settings, "listen", "127.0.0.1:7878", "default");
    expect(&settings, "data_dir", data, "default");
    expect(
        &settings,
        "database_url",
        &format!("sqlite://{data}/stagehook.db"),
        "default",
    );
    expect(
        &settings,
        "scripts_dirs",
        &format!("{data}/scripts"),
        "default",
    );
    expect(&settings, "media_roots", "", "default");
    expect(&settings, "sandbox", "bubblewrap", "default");
    expect(&settings, "allow_private_network", "false", "default");
    expect(&settings, "plugin_cache_mib", "2048", "default");
    for keep in ["keep_events", "keep_deliveries", "keep_logs"] {
        expect(&settings, keep, "forever", "default");
    }
    expect(&settings, "log_format", "text", "default");
    assert!(!Path::new(data).exists(), "looking changes nothing");
}

#[test]
fn how_long_things_are_kept_is_said_in_units() {
    let at = directory();
    let here = at.path().canonicalize().unwrap();
    fs::write(here.join("stagehook.toml"), "keep_events = '2w'\n").unwrap();
    let file = format!("file {}", here.join("stagehook.toml").display());
    let variables = [("STAGEHOOK_KEEP_DELIVERIES", "36h")];
    let settings = shown(&here, &["--keep-logs", "90m"], &variables);
    expect(&settings, "keep_events", "14d", &file);
    let variable = "variable STAGEHOOK_KEEP_DELIVERIES";
    expect(&settings, "keep_deliveries", "36h", variable);
    expect(&settings, "keep_logs", "90m", "flag --keep-logs");
    let settings = shown(&here, &["--keep-events", "forever"], &[]);
    expect(&settings, "keep_events", "forever", "flag --keep-events");
    for wrong in [
        "30",
        "d",
        "0d",
        "-1d",
        "+1d",
        "1.5d",
        "30 d",
        "30D",
        "36501d",
        "99999999999999999999d",
        "never",
    ] {
        let refused = config(&here, &[&format!("--keep-logs={wrong}")], &[]);
        assert!(refused.stdout.is_empty(), "{wrong} was taken");
        let said = refused.stderr;
        assert!(said.contains("a number with a unit"), "{wrong}: {said}");
    }
}

#[test]
fn flags_beat_variables_which_beat_the_file() {
    let at = directory();
    let here = at.path().canonicalize().unwrap();
    let file = here.join("stagehook.toml");
    fs::write(
        &file,
        "listen = '127.0.0.1:1'\nsandbox = 'off'\nmedia_roots = ['media', '/abs']\nlog_format = 'json'\n",
    )
    .unwrap();
    let from_file = format!("file {}", file.display());

    let settings = shown(&here, &[], &[]);
    expect(&settings, "listen", "127.0.0.1:1", &from_file);
    expect(&settings, "sandbox", "off", &from_file);
    expect(
        &settings,
        "media_roots",
        &format!("{}/media:/abs", here.display()),
        &from_file,
    );

    let variables = [
        ("STAGEHOOK_LISTEN", "127.0.0.1:2"),
        ("STAGEHOOK_SANDBOX", "bubblewrap"),
        ("STAGEHOOK_MEDIA_ROOTS", "/a:/b"),
        ("STAGEHOOK_PLUGIN_CACHE_MIB", "0"),
    ];
    let settings = shown(&here, &[], &variables);
    expect(
        &settings,
        "listen",
        "127.0.0.1:2",
        "variable STAGEHOOK_LISTEN",
    );
    expect(
        &settings,
        "sandbox",
        "bubblewrap",
        "variable STAGEHOOK_SANDBOX",
    );
    expect(
        &settings,
        "media_roots",
        "/a:/b",
        "variable STAGEHOOK_MEDIA_ROOTS",
    );
    expect(
        &settings,
        "plugin_cache_mib",
        "0",
        "variable STAGEHOOK_PLUGIN_CACHE_MIB",
    );
    expect(&settings, "log_format", "json", &from_file);

    let flags = [
        "--listen",
        "127.0.0.1:3",
        "--media-root",
        "/c",
        "--media-root",
        "/d:e",
    ];
    let settings = shown(&here, &flags, &variables);
    expect(&settings, "listen", "127.0.0.1:3", "flag --listen");
    expect(&settings, "media_roots", "/c:/d:e", "flag --media-root");
    expect(
        &settings,
        "sandbox",
        "bubblewrap",
        "variable STAGEHOOK_SANDBOX",
    );
}

#[test]
fn the_database_follows_the_data_directory() {
    let at = directory();
    let settings = shown(at.path(), &["--data-dir", "/srv/stagehook"], &[]);
    expect(
        &settings,
        "database_url",
        "sqlite:///srv/stagehook/stagehook.db",
        "default",
    );
    expect(
        &settings,
        "scripts_dirs",
        "/srv/stagehook/scripts",
        "default",
    );
    let settings = shown(at.path(), &[], &[("DATABASE_URL", "sqlite:///x.db")]);
    expect(
        &settings,
        "database_url",
        "sqlite:///x.db",
        "variable DATABASE_URL",
    );
}

#[test]
fn a_named_file_is_read_from_anywhere_and_its_paths_are_meant_from_there() {
    let (at, elsewhere) = (directory(), directory());
    let there = elsewhere.path().canonicalize().unwrap();
    fs::write(
        there.join("site.toml"),
        "data_dir = 'data'\nscripts_dirs = ['scripts']\n",
    )
    .unwrap();
    let file = there.join("site.toml");
    let named = file.to_str().unwrap();
    for settings in [
        shown(at.path(), &["--config", named], &[]),
        shown(at.path(), &[], &[("STAGEHOOK_CONFIG", named)]),
    ] {
        expect(
            &settings,
            "data_dir",
            there.join("data").to_str().unwrap(),
            &format!("file {named}"),
        );
        expect(
            &settings,
            "scripts_dirs",
            there.join("scripts").to_str().unwrap(),
            &format!("file {named}"),
        );
    }
}

#[test]
fn a_flag_can_take_back_what_the_file_allows() {
    let at = directory();
    fs::write(
        at.path().join("stagehook.toml"),
        "allow_private_network = true\n",
    )
    .unwrap();
    let shown = |flags: &[&str], variables: &[(&str, &str)]| {
        pair(&shown(at.path(), flags, variables), "allow_private_network").0
    };
    assert_eq!(shown(&[], &[]), "true");
    assert_eq!(shown(&["--allow-private-network=false"], &[]), "false");
    assert_eq!(
        shown(&[], &[("STAGEHOOK_ALLOW_PRIVATE_NETWORK", "0")]),
        "false"
    );
    assert_eq!(
        shown(
            &["--allow-private-network"],
            &[("STAGEHOOK_ALLOW_PRIVATE_NETWORK", "0")]
        ),
        "true"
    );
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let at = directory();
    let variables = [
        ("STAGEHOOK_LISTEN", ""),
        ("DATABASE_URL", ""),
        ("STAGEHOOK_ADMIN_TOKEN", ""),
    ];
    let settings = shown(at.path(), &[], &variables);
    expect(&settings, "listen", "127.0.0.1:7878", "default");
    assert_eq!(pair(&settings, "database_url").1, "default");
    assert_eq!(pair(&settings, "admin_token").1, "default");
}

#[rstest]
#[case("listn = 'x'", "listn", "unknown field")]
#[case("[server]\nlisten = 'x'", "server", "unknown field")]
#[case("admin_token = 'x'", "admin_token", "unknown field")]
#[case("listen = 3", "listen", "invalid type")]
#[case("media_roots = '/media'", "media_roots", "invalid type")]
#[case("media_roots = ['/a', 3]", "media_roots[1]", "invalid type")]
#[case("sandbox = 'docker'", "sandbox", "unknown variant")]
#[case("listen = 'a'\nlisten = 'b'", "line 2", "duplicate key")]
#[case("listen = ", "line 1", "")]
fn a_wrong_file_is_an_error_that_names_file_and_key(
    #[case] text: &str,
    #[case] key: &str,
    #[case] detail: &str,
) {
    let at = directory();
    let file = at.path().canonicalize().unwrap().join("stagehook.toml");
    fs::write(&file, text).unwrap();
    for command in ["config", "serve", "migrate"] {
        let error = run(&mut stagehook(at.path(), &[command])).failed();
        let expected = format!(
            "the configuration file {} is wrong at {key}: ",
            file.display()
        );
        assert!(error.contains(&expected), "{error}");
        assert!(error.contains(detail), "{error}");
    }
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let at = directory();
    let error = config(at.path(), &["--config", "none.toml"], &[]).failed();
    assert!(
        error.contains("cannot read the configuration file") && error.contains("none.toml"),
        "{error}"
    );
}

#[rstest]
#[case(
    "STAGEHOOK_SANDBOX",
    "docker",
    "must be one of bubblewrap, off, not 'docker'"
)]
#[case("STAGEHOOK_LOG_FORMAT", "xml", "must be one of text, json, not 'xml'")]
#[case(
    "STAGEHOOK_ALLOW_PRIVATE_NETWORK",
    "maybe",
    "must be true or false, not 'maybe'"
)]
#[case(
    "STAGEHOOK_ADMIN_TOKEN",
    "two words",
    "must be at most 256 visible ASCII characters"
)]
fn a_wrong_variable_is_an_error_that_names_it(
    #[case] name: &str,
    #[case] value: &str,
    #[case] detail: &str,
) {
    let at = directory();
    let error = config(at.path(), &[], &[(name, value)]).failed();
    assert!(
        error.contains(&format!("the environment variable {name} {detail}")),
        "{error}"
    );
}

#[test]
fn the_key_of_secrets_is_named_and_never_shown() {
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let at = directory();
    let here = at.path().canonicalize().unwrap();
    let data = here.join("stagehook-data/secrets.key");
    let by_default = shown(&here, &[], &[]);
    expect(
        &by_default,
        "secrets_key",
        data.to_str().unwrap(),
        "default",
    );
    let file = [("STAGEHOOK_SECRETS_KEY_FILE", "keys/now")];
    expect(
        &shown(&here, &[], &file),
        "secrets_key",
        here.join("keys/now").to_str().unwrap(),
        "variable STAGEHOOK_SECRETS_KEY_FILE",
    );
    let given = [
        ("STAGEHOOK_SECRETS_KEY", KEY),
        ("STAGEHOOK_SECRETS_OLD_KEY", KEY),
    ];
    let text = config(&here, &[], &given).ok();
    assert!(!text.contains(KEY), "{text}");
    expect(
        &serde_json::from_str(&text).unwrap(),
        "secrets_key",
        "(set, b92353eed59eaffb)",
        "variable STAGEHOOK_SECRETS_KEY",
    );
}

#[rstest]
#[case(
    "postgres://stage:hunter2@db.lan:5432/hooks",
    "postgres://stage:***@db.lan:5432/hooks"
)]
#[case(
    "postgres://db.lan/hooks?user=a&password=hunter2",
    "postgres://db.lan/hooks?user=a&password=***"
)]
#[case("postgres://db.lan/hooks", "postgres://db.lan/hooks")]
#[case("no url hunter2", "(not a URL)")]
fn no_password_is_shown(#[case] url: &str, #[case] redacted: &str) {
    let at = directory();
    let variables = [
        ("DATABASE_URL", url),
        ("STAGEHOOK_ADMIN_TOKEN", "sthk_hunter2_canary"),
    ];
    let text = config(at.path(), &[], &variables).ok();
    assert!(!text.contains("hunter2"), "{text}");
    let settings: Value = serde_json::from_str(&text).unwrap();
    expect(&settings, "database_url", redacted, "variable DATABASE_URL");
    expect(
        &settings,
        "admin_token",
        "(set)",
        "variable STAGEHOOK_ADMIN_TOKEN",
    );
    let table = run(stagehook(at.path(), &["config"]).envs(variables)).ok();
    assert!(
        !table.contains("hunter2") && table.contains("variable DATABASE_URL"),
        "{table}"
    );
}
