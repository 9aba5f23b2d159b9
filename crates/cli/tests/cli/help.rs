//! Help, and what a mistyped command is told.

use crate::binary::{run, stagehook};
use rstest::rstest;

fn said(arguments: &[&str]) -> crate::binary::Ran {
    let directory = tempfile::tempdir().unwrap();
    run(&mut stagehook(directory.path(), arguments))
}

#[test]
fn help_names_every_command_and_every_exit_code() {
    let help = said(&["--help"]).ok();
    for command in [
        "serve",
        "config",
        "migrate",
        "hook",
        "event",
        "delivery",
        "stage",
        "logs",
        "job",
        "project",
        "scene-type",
        "script",
        "secret",
        "plugin",
    ] {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(command)),
            "{command} is missing:\n{help}"
        );
    }
    for code in ["0  done", "1  an error", "2  `stage run`: halt"] {
        assert!(help.contains(code), "{code} is missing:\n{help}");
    }
    assert!(
        !help.contains("compile-component"),
        "it is the server's own"
    );
}

#[rstest]
#[case(&["serve", "--help"], &["--listen", "--data-dir", "--database-url", "--scripts-dir", "--media-root",
    "--sandbox", "--allow-private-network", "--log-format", "--config", "STAGEHOOK_LISTEN", "DATABASE_URL",
    "127.0.0.1:7878"])]
#[case(&["stage", "run", "--help"], &["--job", "--hook-point", "--segment-path", "--metadata",
    "--scene-context", "--idempotency-key", "--cancel-on-disconnect", "--server", "--token", "--json", "Exit codes"])]
#[case(&["hook", "--help"], &["list", "get", "create", "test", "export", "import", "enable", "disable",
    "pause", "resume", "delete", "effective"])]
#[case(&["event", "--help"], &["emit", "list", "show", "types", "import", "tail", "replay"])]
#[case(&["event", "emit", "--help"], &["<NAME>", "--data", "--job", "--project", "--scene-type", "--idempotency-key"])]
#[case(&["event", "replay", "--help"], &["--since", "--until", "--hook", "--event", "--succeeded"])]
#[case(&["delivery", "list", "--help"], &["--state", "--hook", "--event", "--event-id", "--status", "--since",
    "--until", "--contains", "--limit"])]
#[case(&["delivery", "--help"], &["list", "show", "retry"])]
#[case(&["logs", "--help"], &["[ID]", "--hook", "--job", "--success", "--status", "--limit"])]
#[case(&["job", "--help"], &["create", "list", "get", "review", "complete"])]
fn help_of_a_command_names_its_arguments(#[case] arguments: &[&str], #[case] expected: &[&str]) {
    let help = said(arguments).ok();
    for name in expected {
        assert!(help.contains(name), "{name} is missing:\n{help}");
    }
}

#[test]
fn help_never_shows_the_token_of_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let help = run(stagehook(directory.path(), &["hook", "list", "--help"])
        .env("STAGEHOOK_TOKEN", "sthk_canary"))
    .ok();
    assert!(!help.contains("sthk_canary"));
}

#[rstest]
#[case::unknown_command(&["hoook"])]
#[case::no_command(&[])]
#[case::unknown_flag(&["serve", "--lisen", "x"])]
#[case::missing_argument(&["stage", "run"])]
#[case::neither_hook_nor_job(&["logs"])]
#[case::both_hook_and_job(&["logs", "--hook", "1", "--job", "1"])]
#[case::a_log_of_a_job(&["logs", "1", "--job", "1"])]
#[case::so_many_of_one_log(&["logs", "1", "--limit", "2"])]
#[case::no_number(&["hook", "get", "x"])]
#[case::limit_of_nothing(&["logs", "--hook", "1", "--limit", "0"])]
#[case::emit_for_two(&["event", "emit", "x", "--job", "1", "--project", "2"])]
#[case::replay_of_everything(&["event", "replay"])]
#[case::unknown_decision(&["job", "review", "1", "maybe"])]
#[case::sandbox(&["serve", "--sandbox", "docker"])]
fn a_mistyped_command_is_an_error_and_never_a_halt(#[case] arguments: &[&str]) {
    // A pipeline takes 2 for the verdict `halt`.
    let said = said(arguments);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("Usage:") || said.stderr.contains("For more information"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_version_is_told() {
    assert_eq!(
        said(&["--version"]).ok(),
        format!("stagehook {}\n", env!("CARGO_PKG_VERSION"))
    );
}
