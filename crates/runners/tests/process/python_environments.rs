//! Environments that are built when a hook is saved. REQ-SCR-3

use crate::python_packages::{Installer, Packages, config, prepare, prepare_with, python};
use crate::studio::{Studio, written};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::{Confinement, EnvironmentError, ManagedEnvironment};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// A studio with an index of its own.
fn studio(packages: &Packages, installer: Installer) -> Studio {
    Studio::with(|settings| settings.python_installer = packages.installer(installer))
}

fn looks() -> Value {
    json!({"script_path": "hook.py", "requirements": ["looks"]})
}

fn environment(studio: &Studio, built: &ManagedEnvironment) -> PathBuf {
    studio.path("venvs/.managed").join(&built.key)
}

/// What lies among the managed environments.
fn managed(studio: &Studio) -> Vec<String> {
    fs::read_dir(studio.path("venvs/.managed"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn requirements_are_installed_when_the_hook_is_saved_not_when_it_runs(
    #[values(Installer::Pip, Installer::Uv)] installer: Installer,
) {
    let packages = Packages::new();
    let studio = studio(&packages, installer);
    studio.script(
        "hook.py",
        "import looks, tables; print(looks.LUT, tables.VERSION)",
    );

    let before = studio.run_python(looks()).await;
    assert_eq!(before.status, ExecutionStatus::HostError);
    assert!(before.error.unwrap().contains("save the hook again"));

    // Saved twice at once: one builds, the other waits for it.
    let hook = looks();
    let (one, other) = tokio::join!(prepare(&studio, &hook), prepare(&studio, &hook));
    let built = one.unwrap().unwrap();
    assert_eq!(Some(&built), other.unwrap().as_ref());
    assert_eq!(managed(&studio), [built.key.as_str()]);
    let locked: Vec<_> = built
        .lock
        .lines()
        .map(|line| line.split_once(" --hash=sha256:").unwrap().0)
        .collect();
    assert_eq!(locked, ["looks==1.0", "tables==2.1"]);

    packages.close();
    let after = studio.run_python(looks()).await;
    assert_eq!(after.stdout, "rec709 2.1\n", "{after:?}");
    // It is there already.
    assert_eq!(prepare(&studio, &hook).await.unwrap(), Some(built));
}

#[rstest]
#[tokio::test]
async fn a_confined_hook_has_its_environment_and_no_network(
    #[values(Installer::Pip, Installer::Uv)] installer: Installer,
) {
    let packages = Packages::new();
    let studio = Studio::with(|settings| {
        settings.python_installer = packages.installer(installer);
        settings.confinement = Confinement::Bubblewrap;
    });
    studio.script(
        "hook.py",
        "import looks, socket, sys\n\
         print(looks.LUT, sys.prefix != sys.base_prefix)\n\
         try: socket.create_connection(('192.0.2.1', 80), 5)\n\
         except OSError as error: print(error.strerror)\n\
         try: open(looks.__file__, 'a')\n\
         except OSError as error: print(error.strerror)\n",
    );
    prepare(&studio, &looks()).await.unwrap();
    packages.close();
    let execution = studio.run_python(looks()).await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert_eq!(
        execution.stdout,
        "rec709 True\nNetwork is unreachable\nRead-only file system\n"
    );
}

#[tokio::test]
async fn requirements_can_be_a_file_beside_the_script() {
    let packages = Packages::new();
    let studio = studio(&packages, Installer::Pip);
    studio.script("qc/hook.py", "import looks; print(looks.LUT)");
    let hook = json!({"script_path": "qc/hook.py", "requirements": "qc/requirements.txt"});

    let missing = prepare(&studio, &hook).await.unwrap_err().to_string();
    assert_eq!(
        missing,
        "the requirements file qc/requirements.txt does not exist below any scripts directory"
    );
    studio.script(
        "qc/requirements.txt",
        "looks\n--index-url http://example.com/\n",
    );
    let refused = prepare(&studio, &hook).await.unwrap_err().to_string();
    assert!(
        refused.starts_with("line 2 of the requirements file qc/requirements.txt must be one"),
        "{refused}"
    );
    fs::remove_file(studio.path("scripts/qc/requirements.txt")).unwrap();
    fs::write(studio.path("secrets"), "looks\n").unwrap();
    symlink("../../secrets", studio.path("scripts/qc/requirements.txt")).unwrap();
    let refused = prepare(&studio, &hook).await.unwrap_err().to_string();
    assert!(
        refused.contains("leads out of the scripts directory"),
        "{refused}"
    );

    fs::remove_file(studio.path("scripts/qc/requirements.txt")).unwrap();
    studio.script("qc/requirements.txt", "# the grade\n\nlooks  # any\n");
    let of_file = prepare(&studio, &hook).await.unwrap().unwrap();
    let execution = studio.run_python(hook.clone()).await;
    assert_eq!(execution.stdout, "rec709\n", "{execution:?}");
    // The same as a list is the same environment.
    let of_list = studio
        .runner
        .environment_key(&config(&looks()), None)
        .await
        .unwrap();
    assert_eq!(of_list, Some(of_file.key));

    // A file that changed is another environment.
    studio.script("qc/requirements.txt", "looks\ntables\n");
    let changed = studio.run_python(hook).await;
    assert_eq!(changed.status, ExecutionStatus::HostError);
    assert!(changed.error.unwrap().contains("save the hook again"));
}

#[tokio::test]
async fn a_script_can_say_itself_what_it_requires() {
    let packages = Packages::new();
    let studio = studio(&packages, Installer::Pip);
    studio.script(
        "hook.py",
        "# /// script\n# requires-python = '>=3.8'\n# dependencies = ['looks']\n# ///\n\
         import looks; print(looks.LUT)",
    );
    let hook = json!({"script_path": "hook.py"});
    let built = prepare(&studio, &hook).await.unwrap().unwrap();
    let execution = studio.run_python(hook.clone()).await;
    assert_eq!(execution.stdout, "rec709\n", "{execution:?}");
    let of_list = studio
        .runner
        .environment_key(&config(&looks()), None)
        .await
        .unwrap();
    assert_eq!(of_list, Some(built.key));

    studio.script(
        "hook.py",
        "# /// script\n# requires-python = '>=3.99'\n# ///\n",
    );
    let saved = prepare(&studio, &hook).await.unwrap_err().to_string();
    assert_eq!(
        saved,
        format!(
            "the script requires Python >=3.99, and the default interpreter of this server is \
             Python {}",
            python("import sys; print('%d.%d.%d' % sys.version_info[:3])")
        )
    );
    let execution = studio.run_python(hook.clone()).await;
    assert_eq!(execution.status, ExecutionStatus::HostError);
    assert_eq!(execution.error, Some(saved));

    // A script that is not there yet says nothing, and can be saved.
    fs::remove_file(studio.path("scripts/hook.py")).unwrap();
    assert_eq!(prepare(&studio, &hook).await.unwrap(), None);
}

#[rstest]
#[case(Installer::Pip, Installer::Pip)]
#[case(Installer::Uv, Installer::Uv)]
#[case(Installer::Pip, Installer::Uv)]
#[case(Installer::Uv, Installer::Pip)]
#[tokio::test]
async fn what_was_resolved_once_is_installed_again_elsewhere(
    #[case] here: Installer,
    #[case] elsewhere: Installer,
) {
    let packages = Packages::new();
    let hook = looks();
    let first = prepare(&studio(&packages, here), &hook)
        .await
        .unwrap()
        .unwrap();

    // Meanwhile there is something newer.
    packages.add("tables", "2.2", "VERSION = '2.2'", &[]);
    let other = studio(&packages, elsewhere);
    other.script("hook.py", "import looks, tables; print(tables.VERSION)");
    let again = prepare_with(&other, &hook, Some(&first)).await.unwrap();
    assert_eq!(again.as_ref(), Some(&first));
    assert_eq!(other.run_python(hook.clone()).await.stdout, "2.1\n");

    // The lock of another environment says nothing about this one.
    fs::remove_dir_all(environment(&other, &first)).unwrap();
    let of_another = ManagedEnvironment {
        key: "of another".to_owned(),
        ..first.clone()
    };
    let newer = prepare_with(&other, &hook, Some(&of_another))
        .await
        .unwrap();
    assert!(newer.unwrap().lock.contains("tables==2.2"));

    // A package that is not what it was is refused.
    fs::remove_dir_all(environment(&other, &first)).unwrap();
    packages.add("tables", "2.1", "VERSION = 'evil'", &[]);
    let error = prepare_with(&other, &hook, Some(&first)).await.unwrap_err();
    let EnvironmentError::Failed { step, output } = error else {
        panic!("{error}");
    };
    assert!(step.ends_with("pip install"), "{step}");
    assert!(output.to_lowercase().contains("hash"), "{output}");
    assert!(managed(&other).is_empty());
}

#[rstest]
#[tokio::test]
async fn what_is_not_required_on_this_platform_is_an_environment_without_it(
    #[values(Installer::Pip, Installer::Uv)] installer: Installer,
) {
    let packages = Packages::new();
    let studio = studio(&packages, installer);
    studio.script("hook.py", "import looks");
    let hook = json!({
        "script_path": "hook.py",
        "requirements": ["looks ; sys_platform == 'win32'"],
    });
    let built = prepare(&studio, &hook).await.unwrap().unwrap();
    assert_eq!(built.lock, "");
    let again = prepare_with(&studio, &hook, Some(&built)).await.unwrap();
    assert_eq!(again, Some(built));
    let execution = studio.run_python(hook).await;
    let missing = "No module named 'looks'";
    assert!(execution.stderr.contains(missing), "{execution:?}");
}

#[rstest]
#[case(Installer::Pip, "pip install --dry-run")]
#[case(Installer::Uv, "uv pip compile")]
#[tokio::test]
async fn what_cannot_be_installed_says_so_in_the_installers_words(
    #[case] installer: Installer,
    #[case] expected: &str,
) {
    let packages = Packages::new();
    let studio = studio(&packages, installer);
    let hook = json!({"script_path": "hook.py", "requirements": ["looks>=3"]});
    let error = prepare(&studio, &hook).await.unwrap_err();
    let EnvironmentError::Failed { step, output } = error else {
        panic!("{error}");
    };
    assert_eq!(step, expected);
    assert!(output.contains("looks>=3"), "{output}");
    for directory in [studio.path(""), packages.path().to_owned()] {
        assert!(!output.contains(directory.to_str().unwrap()), "{output}");
    }
    assert!(
        managed(&studio).is_empty(),
        "what was half built is removed"
    );
}

#[rstest]
#[tokio::test]
async fn what_the_installer_prints_is_heard_while_it_runs(
    #[values(Installer::Pip, Installer::Uv)] installer: Installer,
) {
    let packages = Packages::new();
    let studio = studio(&packages, installer);
    let heard = Mutex::new(Vec::new());
    let hear = |line: &str| heard.lock().unwrap().push(line.to_owned());
    studio
        .runner
        .prepare_environment(&config(&looks()), None, None, Duration::from_mins(2), &hear)
        .await
        .unwrap();
    let heard = heard.into_inner().unwrap();
    assert!(heard.iter().any(|line| line.contains("looks")), "{heard:?}");
    for line in &heard {
        assert!(!line.contains(packages.path().to_str().unwrap()), "{line}");
        assert!(!line.contains(studio.path("").to_str().unwrap()), "{line}");
    }
}

#[tokio::test]
async fn building_ends_by_its_deadline() {
    let packages = Packages::new();
    let studio = studio(&packages, Installer::Pip);
    let soon = Duration::from_millis(50);
    let error = studio
        .runner
        .prepare_environment(&config(&looks()), None, None, soon, &|_| ())
        .await
        .unwrap_err();
    assert!(
        matches!(error, EnvironmentError::TimedOut { .. }),
        "{error}"
    );
    assert!(managed(&studio).is_empty());
}

#[tokio::test]
async fn an_installer_that_takes_too_much_is_ended_and_that_is_told() {
    let packages = Packages::new();
    let studio = Studio::with(|settings| {
        settings.python_installer = packages.installer(Installer::Pip);
        settings.limits.maximum.memory_bytes = 32 << 20;
    });
    let error = prepare(&studio, &looks()).await.unwrap_err().to_string();
    assert!(error.starts_with("python -m venv failed:\n"), "{error}");
    let why = "it took more memory than this server lets any script have";
    assert!(error.ends_with(why), "{error}");
}

#[tokio::test]
async fn an_environment_whose_python_is_gone_is_built_again() {
    let packages = Packages::new();
    let studio = studio(&packages, Installer::Pip);
    studio.script("hook.py", "import looks; print(looks.LUT)");
    let built = prepare(&studio, &looks()).await.unwrap().unwrap();
    let python = environment(&studio, &built).join("bin/python");
    fs::remove_file(&python).unwrap();
    symlink("/usr/bin/python2.4", &python).unwrap();

    let broken = studio.run_python(looks()).await;
    assert!(broken.error.unwrap().contains("save the hook again"));
    let again = prepare_with(&studio, &looks(), Some(&built)).await.unwrap();
    assert_eq!(again, Some(built));
    assert_eq!(studio.run_python(looks()).await.stdout, "rec709\n");
    assert_eq!(managed(&studio).len(), 1);
}

#[tokio::test]
async fn a_lock_that_is_none_is_refused() {
    let packages = Packages::new();
    let studio = studio(&packages, Installer::Pip);
    let key = studio
        .runner
        .environment_key(&config(&looks()), None)
        .await
        .unwrap();
    let damaged = ManagedEnvironment {
        key: key.unwrap(),
        lock: "--index-url=http://example.com/\n".to_owned(),
    };
    let error = prepare_with(&studio, &looks(), Some(&damaged))
        .await
        .unwrap_err();
    assert!(matches!(error, EnvironmentError::InvalidLock), "{error}");
}

/// Removes what was not used for a day.
async fn collect(studio: &Studio, keep: &[&str]) -> Vec<String> {
    let keep: BTreeSet<_> = keep.iter().map(|&key| key.to_owned()).collect();
    let day = Duration::from_hours(24);
    let collected = studio.runner.collect_environments(&keep, day).await;
    collected.unwrap()
}

#[tokio::test]
async fn environments_that_nobody_uses_are_collected() {
    let packages = Packages::new();
    let studio = studio(&packages, Installer::Pip);
    assert!(collect(&studio, &[]).await.is_empty(), "there are none yet");

    let (running, gone) = (studio.path("running"), studio.path("gone"));
    studio.script(
        "hook.py",
        &format!(
            "import looks, os, time\n\
             print('there', file=open({running:?}, 'w'))\n\
             while not os.path.exists({gone:?}): time.sleep(0.005)\n\
             import tables; print(tables.VERSION)"
        ),
    );
    let built = prepare(&studio, &looks()).await.unwrap().unwrap();
    let key = built.key.as_str();
    fs::create_dir_all(studio.path("venvs/named/bin")).unwrap();
    let stamp = || File::open(environment(&studio, &built).join("used")).unwrap();
    let last_used_before = |hours| {
        let before = SystemTime::now() - Duration::from_hours(hours);
        stamp().set_modified(before).unwrap();
        before
    };
    let last_used = || stamp().metadata().unwrap().modified().unwrap();

    last_used_before(23);
    assert!(collect(&studio, &[]).await.is_empty(), "used lately");
    last_used_before(25);
    assert!(collect(&studio, &[key]).await.is_empty(), "a hook has it");

    // In use, also if that began long ago.
    let (execution, ()) = tokio::join!(studio.run_python(looks()), async {
        written(&running).await;
        assert!(last_used().elapsed().unwrap() < Duration::from_hours(1));
        last_used_before(25);
        assert!(collect(&studio, &[]).await.is_empty(), "in use");
        fs::write(&gone, "").unwrap();
    });
    assert_eq!(execution.stdout, "2.1\n", "{execution:?}");

    // Using it is noted, but not every time.
    let noted = last_used_before(2);
    studio.run_python(looks()).await;
    assert!(last_used() > noted);
    let noted = last_used();
    studio.run_python(looks()).await;
    assert_eq!(last_used(), noted);

    last_used_before(25);
    assert_eq!(collect(&studio, &[]).await, [key]);
    assert!(managed(&studio).is_empty());
    assert!(studio.path("venvs/named").is_dir());
    let after = studio.run_python(looks()).await;
    assert!(after.error.unwrap().contains("save the hook again"));
}

#[tokio::test]
async fn what_a_killed_server_left_half_built_is_collected() {
    let studio = Studio::new();
    for name in [".building-x", ".removing-y", ".building-z"] {
        fs::create_dir_all(studio.path("venvs/.managed").join(name)).unwrap();
    }
    for name in [".building-x", ".removing-y"] {
        let left = File::open(studio.path("venvs/.managed").join(name)).unwrap();
        left.set_modified(SystemTime::now() - Duration::from_hours(25))
            .unwrap();
    }
    assert!(collect(&studio, &[]).await.is_empty());
    assert_eq!(managed(&studio), [".building-z"]);
}
