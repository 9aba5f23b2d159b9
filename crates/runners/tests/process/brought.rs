//! Scripts that are brought to the runner, with and without a sandbox.

use crate::studio::Studio;
use rstest::rstest;
use serde_json::json;
use stagehook_core::config::{HookConfig, HookType, PythonConfig};
use stagehook_core::digest::Digest;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::{BroughtScript, Confinement};

fn script(content: &'static str, beside: &[(&str, &'static str)]) -> BroughtScript {
    BroughtScript {
        content: content.into(),
        beside: beside
            .iter()
            .map(|(name, content)| ((*name).to_owned(), (*content).into()))
            .collect(),
    }
}

fn studio(confinement: Confinement) -> Studio {
    Studio::with(|settings| settings.confinement = confinement)
}

#[rstest]
#[tokio::test]
async fn a_brought_script_runs_and_not_the_one_on_the_disk(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = studio(confinement);
    studio.script("qc/check.sh", "echo disk; . \"$(dirname \"$0\")/lib.sh\"");
    let brought = script(
        "#!/bin/sh\nbasename \"$0\"; . \"$(dirname \"$0\")/lib.sh\"\n",
        &[("lib.sh", "echo sourced")],
    );
    let config = json!({"script_path": "qc/check.sh"});
    let execution = studio
        .run_brought(HookType::Shell, config.clone(), &brought)
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert_eq!(execution.stdout, "check.sh\nsourced\n");
    let digest = execution.script.unwrap().digest;
    assert_eq!(digest, Digest::of(&brought.content));

    // Without anything on the disk, and with line ends that no shell reads.
    let brought = script("#!/bin/sh\r\nexit 3\r\n", &[]);
    let config = json!({"script_path": "nowhere/check.sh"});
    let execution = studio.run_brought(HookType::Shell, config, &brought).await;
    assert_eq!(execution.exit_code, Some(3), "{execution:?}");
    let digest = execution.script.unwrap().digest;
    assert_eq!(digest, Digest::of(&brought.content), "as it was brought");
}

#[rstest]
#[tokio::test]
async fn python_imports_what_is_brought_with_it_and_not_what_is_on_the_disk(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = studio(confinement);
    studio.script("qc/check.py", "print('disk')");
    studio.script("qc/looks.py", "NAME = 'disk'");
    studio.script("qc/only_on_disk.py", "");
    let brought = script(
        "import looks, subprocess, sys\n\
         print(looks.NAME)\n\
         print(subprocess.check_output([sys.executable, '-c', 'import looks; print(looks.NAME)'], text=True))\n\
         import only_on_disk\n",
        &[("looks.py", "NAME = 'rec709'"), ("stagehook.py", "OWN = 1")],
    );
    let config = json!({"script_path": "qc/check.py"});
    let execution = studio.run_brought(HookType::Python, config, &brought).await;
    assert_eq!(execution.stdout, "rec709\nrec709\n\n", "{execution:?}");
    let missing = "No module named 'only_on_disk'";
    assert!(execution.stderr.contains(missing), "{execution:?}");

    // What is brought beside it comes before the library.
    let own = BroughtScript {
        content: "import stagehook; print(stagehook.OWN)".into(),
        ..brought
    };
    let config = json!({"script_path": "check.py"});
    let execution = studio.run_brought(HookType::Python, config, &own).await;
    assert_eq!(execution.stdout, "1\n", "{execution:?}");
}

#[tokio::test]
async fn what_a_brought_script_requires_is_read_where_it_is_brought_from() {
    let studio = studio(Confinement::Off);
    studio.script(
        "qc/check.py",
        "# /// script\n# requires-python = '<3'\n# ///\n",
    );
    let config = |requirements: serde_json::Value| {
        let config = json!({"script_path": "qc/check.py", "requirements": requirements});
        match HookConfig::parse(HookType::Python, config).unwrap() {
            HookConfig::Python(config) => config,
            _ => panic!("no Python"),
        }
    };
    let key = async |config: &PythonConfig, script: Option<&BroughtScript>| {
        studio.runner.environment_key(config, script).await
    };
    let plain = config(json!([]));
    key(&plain, None).await.unwrap_err();
    assert_eq!(key(&plain, Some(&script("", &[]))).await.unwrap(), None);
    let inline = "# /// script\n# dependencies = ['rich']\n# ///\n";
    let rich = key(&config(json!(["rich"])), None).await.unwrap();
    assert!(rich.is_some());
    let brought = script(inline, &[("requirements.txt", "rich\n")]);
    assert_eq!(key(&plain, Some(&brought)).await.unwrap(), rich);
    let of_file = config(json!("qc/requirements.txt"));
    assert_eq!(key(&of_file, Some(&brought)).await.unwrap(), rich);
    key(&of_file, None).await.unwrap_err();
    let elsewhere = config(json!("requirements.txt"));
    key(&elsewhere, Some(&brought)).await.unwrap_err();
}
