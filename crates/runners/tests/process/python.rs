//! Python hooks. REQ-SCR-3

use crate::studio::Studio;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;

#[tokio::test]
async fn the_default_interpreter_runs_a_script_with_what_lies_beside_it() {
    let studio = Studio::new();
    studio.script("qc/levels.py", "LIMIT = 16");
    studio.script(
        "qc/check.py",
        "import json, os, sys, levels\n\
         told = json.load(sys.stdin)\n\
         print(levels.LIMIT, told['hook']['name'], sys.argv[1:])\n\
         json.dump({'metadata': {'ok': True}}, open(os.environ['STAGEHOOK_RESULT_FILE'], 'w'))\n",
    );
    let execution = studio
        .run_python(json!({"script_path": "qc/check.py", "args": ["a b"]}))
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert_eq!(execution.stdout, "16 color_grade ['a b']\n");
    assert_eq!(execution.result.unwrap().metadata["ok"], true);
    assert!(!studio.scripts().join("qc/__pycache__").exists());
}

#[tokio::test]
async fn an_exception_is_a_failure_with_its_traceback() {
    let studio = Studio::new();
    studio.script("hook.py", "raise ValueError('too loud')");
    let execution = studio.run_python(json!({"script_path": "hook.py"})).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.exit_code, Some(1));
    assert!(execution.stderr.contains("ValueError: too loud"));
}
