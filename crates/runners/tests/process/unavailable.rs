//! Where no sandbox can be made, a confined hook does not run. REQ-SCR-6

use crate::studio::Studio;
use rstest::rstest;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::{Confinement, ConfinementLevel};
use std::env;
use std::process::Command;

/// Set where the test runs within a sandbox of its own making.
const INSIDE: &str = "INSIDE";

/// The test starts itself again, in a place like this machine where bubblewrap
/// is not, or may not do its work.
#[rstest]
#[case::not_installed(
    &["--ro-bind", "/dev/null", "/usr/bin/bwrap"],
    "bubblewrap is not installed"
)]
#[case::without_user_namespaces(
    &["--unshare-user", "--disable-userns"],
    "bubblewrap cannot make a sandbox on this machine: "
)]
#[tokio::test]
async fn a_confined_hook_is_refused(#[case] place: &[&str], #[case] why: &str) {
    if env::var_os(INSIDE).is_some() {
        return refused(why).await;
    }
    let test = std::thread::current().name().unwrap().to_owned();
    let output = Command::new("bwrap")
        .args(["--dev-bind", "/", "/", "--setenv", INSIDE, "1"])
        .args(place)
        .arg("--")
        .arg(env::current_exe().unwrap())
        .args(["--exact", &test])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 passed"), "{said}{errors}");
}

async fn refused(why: &str) {
    let studio = Studio::with(|settings| settings.confinement = Confinement::Bubblewrap);
    let ConfinementLevel::Unavailable(told) = studio.runner.confinement() else {
        panic!("there is a sandbox: {:?}", studio.runner.confinement());
    };
    assert!(told.starts_with(why), "{told}");
    studio.script("hook.sh", "echo ran");
    studio.script("hook.py", "print('ran')");
    let refused = [
        studio.run(json!({"script_path": "hook.sh"})).await,
        studio.run_python(json!({"script_path": "hook.py"})).await,
    ];
    for execution in refused {
        assert_eq!(execution.status, ExecutionStatus::Refused);
        let error = execution.error.unwrap();
        for said in [why, "--sandbox off", "trusted"] {
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(execution.stdout, "");
    }
    let trusted = studio
        .run(json!({"script_path": "hook.sh", "sandbox": "trusted"}))
        .await;
    assert_eq!(trusted.stdout, "ran\n");
}
