//! What is imported ahead of the runs, and what is left to them.

use super::kept::{gone, templates};
use super::{is_root, is_warm, run_warm, studio, until_warm, warm, warm_sharing};
use crate::python_packages::{PYTHON, python};
use crate::studio::{Studio, written};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::HookType;
use stagehook_runners::process::BroughtScript;
use std::fs;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn what_lies_beside_it_is_read_by_each_run() {
    let studio = studio();
    studio.script("qc/hook.py", "import rules\nprint(rules.FPS)\n");
    studio.script("qc/rules.py", "FPS = 24\n");
    assert_eq!(run_warm(&studio, &warm("qc/hook.py")).await.stdout, "24\n");
    studio.script("qc/rules.py", "FPS = 25\n");
    let next = studio.run_python(warm("qc/hook.py")).await;
    assert!(is_warm(&next));
    assert_eq!(next.stdout, "25\n");
    // A module beside it comes before one that has its name elsewhere.
    studio.script("qc/hook.py", "import json\nprint(json.__file__)\n");
    let system = run_warm(&studio, &warm("qc/hook.py")).await.stdout;
    studio.script("qc/json.py", "");
    let beside = run_warm(&studio, &warm("qc/hook.py")).await.stdout;
    assert_ne!(beside, system);
    assert_eq!(beside, "/.stagehook/scripts/json.py\n");
}

#[tokio::test]
async fn a_brought_script_is_warm_with_what_is_brought_with_it() {
    let studio = studio();
    let script = |fps: &str| BroughtScript {
        content: "import rules\nprint(rules.FPS)\n".into(),
        beside: vec![("rules.py".to_owned(), format!("FPS = {fps}\n").into())],
    };
    for fps in ["24", "25"] {
        let script = script(fps);
        let execution = until_warm(async || {
            studio
                .run_brought(HookType::Python, warm("qc/hook.py"), &script)
                .await
        });
        assert_eq!(execution.await.stdout, format!("{fps}\n"));
    }
}

/// A module in an environment that an administrator made, which tells when it was
/// imported; installed anew.
pub(super) fn install_clock(studio: &Studio, content: &str) {
    let environment = studio.path("venvs/clocks");
    let version = python("import sys; print('%d.%d' % sys.version_info[:2])");
    let packages = environment.join(format!("lib/python{version}/site-packages"));
    if !environment.exists() {
        fs::create_dir_all(environment.join("bin")).unwrap();
        symlink(PYTHON, environment.join("bin/python")).unwrap();
        fs::write(environment.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
        fs::create_dir_all(&packages).unwrap();
    }
    fs::write(packages.join("clock.new"), content).unwrap();
    fs::rename(packages.join("clock.new"), packages.join("clock.py")).unwrap();
}

/// What it says, and when it was imported.
fn clock(says: &str) -> String {
    format!("import time\nSAYS = {says:?}\nAT = time.monotonic()\n")
}

/// A hook that imports it.
pub(super) fn clocked(studio: &Studio) -> Value {
    studio.script("hook.py", "import clock\nprint(clock.SAYS, clock.AT)\n");
    let mut config = warm_sharing(studio, "hook.py");
    config["venv"] = "clocks".into();
    config
}

#[tokio::test]
async fn what_it_begins_with_is_imported_once_until_another_is_installed() {
    let studio = studio();
    install_clock(&studio, &clock("one"));
    let config = clocked(&studio);
    let first = run_warm(&studio, &config).await;
    let second = run_warm(&studio, &config).await;
    assert!(first.stdout.starts_with("one "), "{first:?}");
    assert_eq!(first.stdout, second.stdout);
    install_clock(&studio, &clock("another"));
    let changed = studio.run_python(config.clone()).await;
    assert!(!is_warm(&changed));
    assert!(changed.stdout.starts_with("another "), "{changed:?}");
    let next = run_warm(&studio, &config).await;
    assert!(next.stdout.starts_with("another "), "{next:?}");
}

#[tokio::test]
async fn a_module_of_a_granted_directory_is_the_one_of_today() {
    let studio = studio();
    studio.script("hook.py", "import clock\nprint(clock.SAYS, clock.AT)\n");
    let mut config = warm_sharing(&studio, "hook.py");
    config["env"] = json!({"PYTHONPATH": "/shared"});
    fs::write(studio.shared("clock.py"), clock("one")).unwrap();
    if is_root() {
        for _ in 0..3 {
            assert!(!is_warm(&studio.run_python(config.clone()).await));
            assert_eq!(templates(&studio), Vec::<String>::new());
        }
        return;
    }
    let first = run_warm(&studio, &config).await;
    assert_eq!(run_warm(&studio, &config).await.stdout, first.stdout);
    // In place.
    fs::write(studio.shared("clock.py"), clock("another")).unwrap();
    let changed = studio.run_python(config.clone()).await;
    assert!(!is_warm(&changed));
    assert!(changed.stdout.starts_with("another "), "{changed:?}");
}

/// What is imported ahead of the runs has powers, and they do not reach what the
/// hook was not granted.
#[tokio::test]
async fn what_it_imports_cannot_undo_the_sandbox() {
    if is_root() {
        // It may, and is an administrator's own.
        return;
    }
    let studio = studio();
    studio.script("hook.py", "import tries\nprint(tries.FOUND)\n");
    let mut config = warm_sharing(&studio, "hook.py");
    fs::write(
        studio.shared("tries.py"),
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         FOUND = [place for place in (b'/shared', b'/usr', b'/', b'/.stagehook')\n\
         \x20   if libc.mount(None, place, None, 4096 | 32, None) == 0]\n\
         FOUND += [place for place in (b'/etc/passwd', b'/usr', b'/shared', b'/dev')\n\
         \x20   if libc.umount2(place, 2) == 0]\n\
         try:\n    open('/shared/written', 'w').close()\n    FOUND.append('written')\n\
         except OSError as error:\n    FOUND.append(error.errno)\n",
    )
    .unwrap();
    config["grants"]["directories"][0]["access"] = "read".into();
    config["env"] = json!({"PYTHONPATH": "/shared"});
    let execution = run_warm(&studio, &config).await;
    assert_eq!(execution.stdout, "[30]\n", "{execution:?}");
}

#[tokio::test]
async fn imports_after_something_else_was_done_are_left_to_the_run() {
    let studio = studio();
    install_clock(&studio, &clock("one"));
    let config = clocked(&studio);
    studio.script(
        "hook.py",
        "import os\nos.environ['X'] = '1'\nimport clock\nprint(clock.AT)\n",
    );
    let first = run_warm(&studio, &config).await;
    let second = run_warm(&studio, &config).await;
    assert_eq!(first.error, None, "{first:?}");
    assert_ne!(first.stdout, second.stdout);
}

#[tokio::test]
async fn a_granted_directory_is_the_one_of_today() {
    let studio = studio();
    studio.script("hook.py", "print(open('/shared/name').read())\n");
    fs::write(studio.shared("name"), "old").unwrap();
    let config = warm_sharing(&studio, "hook.py");
    assert_eq!(run_warm(&studio, &config).await.stdout, "old\n");
    let directory = studio.shared("");
    fs::rename(&directory, studio.path("media/before")).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::write(studio.shared("name"), "new").unwrap();
    let next = studio.run_python(config.clone()).await;
    assert_eq!(next.stdout, "new\n");
    assert!(!is_warm(&next));
    assert_eq!(run_warm(&studio, &config).await.stdout, "new\n");
}

/// Tells that it is imported ahead of a run.
const TRIES: &str = "import os
if 'STAGEHOOK_EXECUTION_ID' not in os.environ:
    with open('/shared/tried', 'w') as tried:
        tried.write('tried\\n')
";

#[rstest]
#[case::thread(
    "import threading, time\nthreading.Thread(target=time.sleep, args=(300,), daemon=True).start()\n"
)]
#[case::unknown_thread("import _thread, time\n_thread.start_new_thread(time.sleep, (300,))\n")]
#[case::file_at_a_fork(
    "import os\nos.register_at_fork(before=lambda: globals().setdefault('kept', open('/etc/passwd')))\n"
)]
#[case::file("kept = open('/etc/passwd')\n")]
#[case::process("import subprocess\nsubprocess.Popen(['sleep', '300'])\n")]
#[case::left_file("open('/work/left', 'w').close()\n")]
#[case::shared_memory("import mmap\nshared = mmap.mmap(-1, 4096)\n")]
#[case::endless("while __import__('os').environ.get('STAGEHOOK_EXECUTION_ID') is None: pass\n")]
#[case::ends("import os\nif 'STAGEHOOK_EXECUTION_ID' not in os.environ: os._exit(0)\n")]
#[tokio::test]
async fn what_cannot_be_forked_from_is_run_cold(#[case] module: &str) {
    let studio = studio();
    install_clock(&studio, &format!("{TRIES}{module}SAYS = 'here'\nAT = 0\n"));
    let mut config = clocked(&studio);
    config["limits"] = json!({"cpu_seconds": 1});
    let run = async || {
        let execution = studio.run_python(config.clone()).await;
        assert!(!is_warm(&execution), "{execution:?}");
        assert_eq!(execution.stdout, "here 0\n", "{execution:?}");
    };
    run().await;
    // What is made meanwhile is given up, and no other one is made.
    written(&studio.shared("tried")).await;
    gone(&studio, "clock").await;
    run().await;
    assert_eq!(templates(&studio), Vec::<String>::new());
}
