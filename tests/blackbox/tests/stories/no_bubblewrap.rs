//! A machine without bubblewrap: nothing runs that was to be confined, and what
//! is told is enough to set it right. REQ-SCR-6

use serde_json::json;
use stagehook_tests::{Database, Setup, Studio, on_both_databases};

on_both_databases!(a_hook_is_refused_until_bubblewrap_is_installed);

async fn a_hook_is_refused_until_bubblewrap_is_installed(on: Database) {
    let setup = Setup::default().confined();
    let mut studio = Studio::with(on, setup.clone().without_bubblewrap()).await;
    let what_to_do = "bubblewrap is not installed: install the package `bubblewrap` (the program \
                      `bwrap`) and start the server again";
    let health = studio.get("//healthz").await.ok();
    assert_eq!(health["confinement"], "unavailable", "{health}");
    assert_eq!(health["confinement_error"], what_to_do, "{health}");

    let world = studio.world().await;
    let hook = studio.shell("naming", "echo named").blocks();
    hook.create(&studio).await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "halt", "{answer:#}");
    let execution = &answer["executions"][0];
    assert_eq!(execution["status"], "refused", "{answer:#}");
    assert_eq!(execution["stdout"], "");
    let error = execution["error"].as_str().unwrap();
    assert!(error.contains(what_to_do), "{error}");
    // It is on record like any other run.
    let log = studio.logs_of_job(world.job).await.remove(0);
    assert_eq!(log["status"], "refused");
    assert_eq!(log["error"], error);

    // It is installed, and the server started again: the same hook runs.
    studio.restart_with(setup).await;
    let health = studio.get("//healthz").await.ok();
    assert_eq!(health["confinement"], "bubblewrap", "{health}");
    let review = json!({"decision": "resume", "note": "bubblewrap is there now"});
    let path = format!("/jobs/{}/review", world.job);
    studio.post(&path, &review).await.ok();
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "proceed", "{answer:#}");
    let execution = &answer["executions"][0];
    assert_eq!(execution["status"], "passed", "{answer:#}");
    assert_eq!(execution["stdout"], "named\n");
    let log = studio.logs_of_job(world.job).await.remove(1);
    assert_eq!(log["script"]["sandbox"], "bubblewrap");
}
