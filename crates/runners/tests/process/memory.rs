//! What counts as a script's memory, and what becomes of one that takes too much.
//! REQ-SCR-2, REQ-SCR-6

use crate::studio::Studio;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::process::Confinement;
use tempfile::TempDir;

/// Takes so many MiB, as a Python program of its own.
fn taker(mib: u32) -> String {
    format!("/usr/bin/python3 -c 'kept = b\"x\" * ({mib} << 20)'")
}

/// Runs a shell script that may have so much memory.
async fn within(studio: &Studio, mib: u32, lines: &str) -> Execution {
    studio.script("hook.sh", lines);
    let config: Value = json!({"script_path": "hook.sh", "limits": {"memory_mib": mib}});
    studio.run(config).await
}

fn is_out_of_memory(execution: &Execution, mib: u32) {
    assert_eq!(
        execution.status,
        ExecutionStatus::OutOfMemory,
        "{execution:?}"
    );
    let error = execution.error.as_deref().unwrap();
    let used: u64 = error
        .strip_prefix("memory: used ")
        .and_then(|error| error.split(' ').next()?.parse().ok())
        .unwrap();
    assert!(used > mib.into(), "{error}");
    let allowed = format!("where {mib} MiB are allowed (limits.memory_mib)");
    assert!(error.ends_with(&allowed), "{error}");
    assert!(execution.usage.peak_memory_bytes > Some(u64::from(mib) << 20));
    assert_eq!(execution.exit_code, None);
}

#[rstest]
#[tokio::test]
async fn what_it_printed_before_is_kept(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let lines = format!("echo before\necho so far >&2\nexec {}", taker(1000));
    let execution = within(&studio, 64, &lines).await;
    is_out_of_memory(&execution, 64);
    assert_eq!(execution.stdout, "before\n");
    assert_eq!(execution.stderr, "so far\n");
}

#[rstest]
#[tokio::test]
async fn one_that_kills_itself_is_not_out_of_memory(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let execution = within(&studio, 64, &format!("{}; kill -KILL $$", taker(16))).await;
    assert_eq!(execution.status, ExecutionStatus::Killed, "{execution:?}");
}

/// The group of one run is that of another later.
#[rstest]
#[tokio::test]
async fn each_has_its_own_limit_whatever_became_of_others(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    for _ in 0..2 {
        is_out_of_memory(&within(&studio, 48, &taker(1000)).await, 48);
        let execution = within(&studio, 400, &taker(80)).await;
        assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
        is_out_of_memory(&within(&studio, 64, &taker(1000)).await, 64);
        let execution = within(&studio, 64, "exit 0").await;
        assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    }
}

/// The kernel keeps what it reads and writes in memory, and gives that back.
#[rstest]
#[tokio::test]
async fn files_on_a_disk_are_not_its_memory(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    // What is for passing files may well be in memory.
    let disk = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let studio = Studio::with(|settings| {
        settings.confinement = confinement;
        settings.work_root = disk.path().join("work");
    });
    let lines = "head -c 300M /dev/zero > big && cat big big | wc -c";
    let execution = within(&studio, 48, lines).await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert_eq!(execution.stdout, "629145600\n");
    assert!(
        execution.usage.peak_memory_bytes < Some(48 << 20),
        "{execution:?}"
    );
}

/// What an unconfined script leaves in memory is not for the next one to bear.
#[tokio::test]
async fn a_file_in_memory_that_outlives_a_run_is_not_counted_in_another() {
    let studio = Studio::confined(Confinement::Off);
    let left = format!("/dev/shm/{}", studio.nap);
    let leave = format!("head -c 40M /dev/zero > {left} && echo there");
    let execution = within(&studio, 64, &leave).await;
    assert_eq!(execution.stdout, "there\n", "{execution:?}");
    let execution = within(&studio, 64, &taker(40)).await;
    std::fs::remove_file(left).unwrap();
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
}

/// Where there are control groups; `scripts/test` says where these do not run.
mod counted_by_the_kernel {
    use super::*;
    use stagehook_runners::process::MemoryLimit;

    fn studio(confinement: Confinement) -> Studio {
        let studio = Studio::confined(confinement);
        assert_eq!(
            studio.runner.memory_limit(),
            MemoryLimit::ControlGroups,
            "no control group can be made for a script on this machine"
        );
        studio
    }

    /// The kernel ends the one that takes most; what is left of the script is no
    /// success.
    #[rstest]
    #[tokio::test]
    async fn one_whose_child_took_too_much_has_not_passed(
        #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
    ) {
        let studio = studio(confinement);
        let execution = within(&studio, 64, &format!("{} || exit 0", taker(1000))).await;
        is_out_of_memory(&execution, 64);
    }

    /// They are in memory, and nowhere else.
    #[rstest]
    #[tokio::test]
    async fn files_in_its_tmp_are_its_memory(
        #[values(Confinement::Bubblewrap)] confinement: Confinement,
    ) {
        let studio = studio(confinement);
        let fill =
            "head -c 60M /dev/zero > /tmp/a && head -c 60M /dev/zero > /dev/shm/b && echo both";
        let execution = within(&studio, 64, &format!("{fill}\nsleep 300")).await;
        is_out_of_memory(&execution, 64);
        let execution = within(&studio, 256, fill).await;
        assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
        assert_eq!(execution.stdout, "both\n");
    }
}
