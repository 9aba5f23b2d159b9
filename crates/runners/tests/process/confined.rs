//! What a confined script sees and what it does not.

use crate::studio::Studio;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::{Confinement, ConfinementLevel};

fn studio() -> Studio {
    let studio = Studio::with(|settings| settings.confinement = Confinement::Bubblewrap);
    assert_eq!(studio.runner.confinement(), ConfinementLevel::Bubblewrap);
    studio
}

#[tokio::test]
async fn it_runs() {
    let studio = studio();
    let execution = studio
        .sh("cat $STAGEHOOK_INPUT_FILE; env; ls -la / /work /.stagehook /etc; echo '{\"status\":\"pass\",\"message\":\"hi\"}' > $STAGEHOOK_RESULT_FILE; ulimit -a; cat /proc/mounts; sleep 0.1; exit 0")
        .await;
    println!(
        "{}\n{}\n{:?}",
        execution.stdout, execution.stderr, execution
    );
    assert_eq!(execution.status, ExecutionStatus::Passed);
}

#[tokio::test]
async fn ends() {
    let studio = studio();
    for lines in [
        "kill -9 $$",
        "exit 7",
        "sleep 100 & exit 0",
        "x=$(head -c 3000000000 /dev/zero | tail)",
        ":(){ :|:& };:; sleep 10",
        "dd if=/dev/zero of=/work/x bs=1M count=9000",
        "trap '' TERM; sleep 100 & while :; do sleep 1; done",
        "#!/nowhere/x\n",
        "#!/root/x\n",
        "curl -sS http://1.1.1.1/",
        "echo x > /usr/x; cat /proc/1/environ; ls /proc; id",
    ] {
        let began = std::time::Instant::now();
        let e = studio.sh(lines).await;
        println!(
            "== {lines}: {:?} {:?} {:?} {:?} out {} err {} {:?}",
            e.status,
            e.exit_code,
            e.error,
            e.usage,
            e.stdout.chars().take(300).collect::<String>(),
            e.stderr.chars().take(300).collect::<String>(),
            began.elapsed()
        );
    }
}
