//! The script store: a studio without a shell on the server. REQ-SCR-7

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{
    Answer, Client, Database, Hook, HookDraft, Setup, Studio, on_both_databases,
};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

on_both_databases!(
    what_is_pushed_runs_and_the_log_says_what_it_was,
    a_script_finds_what_was_pushed_beside_it,
    what_is_on_the_disk_runs_again_once_a_script_is_deleted,
    two_who_change_a_script_do_not_overwrite_each_other,
    requests_that_are_wrong_say_how,
    a_template_is_pushed_as_it_is_and_answers,
    a_tree_of_scripts_is_pushed_from_the_command_line,
    only_an_administrator_changes_what_runs_unconfined,
);

async fn push(client: &Client, path: &str, content: impl Into<Vec<u8>>) -> Answer {
    let request = client.request(Method::PUT, &format!("/scripts/{path}"));
    client.send(request.body(content.into())).await
}

fn digest(content: impl AsRef<[u8]>) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(content.as_ref()) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn shell_hook(path: &str) -> HookDraft {
    HookDraft::new("hook", "shell", json!({"script_path": path}))
}

/// Tests the hook; its log.
async fn ran(studio: &Studio, hook: &Hook) -> Value {
    studio.test(hook, json!({})).await
}

async fn what_is_pushed_runs_and_the_log_says_what_it_was(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    // The hook may be there before its script is.
    let hook = shell_hook("qc/check.sh").create(&studio).await;
    let missing = ran(&studio, &hook).await;
    assert_eq!(missing["status"], "host_error", "{missing:#}");

    let first = "#!/bin/sh\necho first\nexit 0\n";
    let pushed = push(&studio, "qc/check.sh", first).await;
    assert_eq!(
        pushed.header("etag"),
        Some(&*format!("\"{}\"", digest(first)))
    );
    assert_eq!(pushed.header("x-stagehook-script-version"), Some("1"));
    let pushed = pushed.expect(201);
    assert_eq!(pushed["path"], "qc/check.sh");
    assert_eq!(pushed["version"], 1);
    assert_eq!(pushed["digest"], digest(first));
    assert_eq!(pushed["size_bytes"], first.len());
    assert_eq!(pushed["created_by"], "admin");
    // Once more says nothing new, also with its '/' spelt out.
    let again = push(&studio, "qc%2Fcheck.sh", first).await.expect(200);
    assert_eq!(again, pushed);

    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"][0]["stdout"], "first\n", "{answer:#}");
    let second = "#!/bin/sh\necho second\nexit 0\n";
    let second_pushed = push(&studio, "qc/check.sh", second).await.expect(201);
    assert_eq!(second_pushed["version"], 2);
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"][0]["stdout"], "second\n", "{answer:#}");

    // Each log says what ran then.
    let logs = studio.logs_of_job(world.job).await;
    let told: Vec<&Value> = logs.iter().map(|log| &log["script"]["digest"]).collect();
    assert_eq!(told, [&json!(digest(first)), &json!(digest(second))]);

    // What was pushed can be read back, each version of it.
    let shown = studio.get("/scripts/qc/check.sh").await;
    assert_eq!(shown.text, second);
    assert_eq!(
        shown.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(
        shown.header("etag"),
        Some(&*format!("\"{}\"", digest(second)))
    );
    let shown = studio.get("/scripts/qc/check.sh?version=1").await;
    assert_eq!(shown.text, first);
    assert_eq!(shown.header("x-stagehook-script-version"), Some("1"));
    let history = studio.all("/script-versions/qc/check.sh").await;
    assert_eq!(history, [second_pushed.clone(), pushed]);
    assert_eq!(studio.all("/scripts?prefix=qc/").await, [second_pushed]);
    assert_eq!(studio.all("/scripts?prefix=QC/").await, [Value::Null; 0]);
    let diff = studio.get("/script-diff/qc/check.sh").await;
    let changed = "--- qc/check.sh 1\n+++ qc/check.sh 2\n@@ -1,3 +1,3 @@\n #!/bin/sh\n\
                   -echo first\n+echo second\n exit 0\n";
    assert_eq!(diff.text, changed);
    assert_eq!(
        diff.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let same = studio.get("/script-diff/qc/check.sh?from=2&to=2").await;
    assert_eq!((same.status, same.text.as_str()), (200, ""));
    push(&studio, "qc/check.sh", [0, 0xff]).await.expect(201);
    let diff = studio.get("/script-diff/qc/check.sh?from=1").await.text;
    assert_eq!(
        diff,
        "Binary files qc/check.sh 1 and qc/check.sh 3 differ\n"
    );

    let trail = studio.all("/audit?subject_type=script").await;
    let told: Vec<_> = trail
        .iter()
        .map(|entry| {
            (
                &entry["action"],
                &entry["subject_id"],
                &entry["after"]["version"],
            )
        })
        .collect();
    let (put, path) = (json!("script.put"), json!("qc/check.sh"));
    let versions = [3, 2, 1].map(|version| json!(version));
    assert_eq!(
        told,
        versions.each_ref().map(|version| (&put, &path, version))
    );
}

async fn a_script_finds_what_was_pushed_beside_it(on: Database) {
    let studio = Studio::open(on).await;
    let check =
        "import grade, os\nprint(grade.NAME, sorted(os.listdir(os.path.dirname(__file__))))\n";
    push(&studio, "qc/check.py", check).await.expect(201);
    push(&studio, "qc/grade.py", "NAME = 'rec709'\n")
        .await
        .expect(201);
    push(&studio, "qc/lib/more.py", "").await.expect(201);
    push(&studio, "other.py", "").await.expect(201);
    let config = json!({"script_path": "qc/check.py"});
    let hook = HookDraft::new("python", "python", config)
        .create(&studio)
        .await;
    let log = ran(&studio, &hook).await;
    assert_eq!(
        log["stdout"], "rec709 ['check.py', 'grade.py']\n",
        "{log:#}"
    );
    assert_eq!(log["script"]["digest"], digest(check));

    // A change of what is imported is there with the next run.
    push(&studio, "qc/grade.py", "NAME = 'p3'\n")
        .await
        .expect(201);
    let log = ran(&studio, &hook).await;
    assert_eq!(log["stdout"], "p3 ['check.py', 'grade.py']\n", "{log:#}");

    let check = "#!/bin/sh\n. \"$(dirname \"$0\")/lib.sh\"\nsay\n";
    push(&studio, "sh/check.sh", check).await.expect(201);
    push(&studio, "sh/lib.sh", "say() { echo said; }")
        .await
        .expect(201);
    let hook = shell_hook("sh/check.sh").create(&studio).await;
    let log = ran(&studio, &hook).await;
    assert_eq!(log["stdout"], "said\n", "{log:#}");
}

async fn what_is_on_the_disk_runs_again_once_a_script_is_deleted(on: Database) {
    let studio = Studio::open(on).await;
    let hook = studio.shell("grade", "echo disk").create(&studio).await;
    let path = hook.document["config"]["script_path"].as_str().unwrap();
    let on_disk = fs::read(studio.layout().scripts().join(path)).unwrap();
    let log = ran(&studio, &hook).await;
    assert_eq!(log["stdout"], "disk\n");
    assert_eq!(log["script"]["digest"], digest(&on_disk));

    let pushed = "#!/bin/sh\necho pushed\n";
    push(&studio, path, pushed).await.expect(201);
    let log = ran(&studio, &hook).await;
    assert_eq!(log["stdout"], "pushed\n");
    assert_eq!(log["script"]["digest"], digest(pushed));

    let of_script = format!("/scripts/{path}");
    studio.delete(&of_script).await.expect(204);
    studio.delete(&of_script).await.problem(404, "not-found");
    studio.get(&of_script).await.problem(404, "not-found");
    assert_eq!(studio.all("/scripts").await, [Value::Null; 0]);
    assert_eq!(ran(&studio, &hook).await["stdout"], "disk\n");
    // What it said stays, and it goes on from there.
    let kept = studio.get(&format!("{of_script}?version=1")).await;
    assert_eq!(kept.text, pushed);
    let again = push(&studio, path, pushed).await.expect(201);
    assert_eq!(again["version"], 2);
    assert_eq!(ran(&studio, &hook).await["stdout"], "pushed\n");
}

async fn two_who_change_a_script_do_not_overwrite_each_other(on: Database) {
    let studio = Studio::open(on).await;
    let bound = async |method: Method, content: &'static str, to: &str| {
        let request = studio
            .request(method, "/scripts/check.sh")
            .header("if-match", to)
            .body(content);
        studio.send(request).await
    };
    let tag = |content: &str| format!("\"{}\"", digest(content));
    let refused = bound(Method::PUT, "two", &tag("one")).await;
    refused.problem(412, "script-changed");
    push(&studio, "check.sh", "one").await.expect(201);
    bound(Method::PUT, "two", &tag("one")).await.expect(201);
    let refused = bound(Method::PUT, "mine", &tag("one")).await;
    let problem = refused.problem(412, "script-changed");
    assert!(
        problem.detail.contains(&digest("two")),
        "{}",
        problem.detail
    );
    let refused = bound(Method::DELETE, "", &tag("one")).await;
    refused.problem(412, "script-changed");
    assert_eq!(studio.get("/scripts/check.sh").await.text, "two");
    for nonsense in ["one", "*", "\"one\"", "W/\"sha256:00\""] {
        let refused = bound(Method::PUT, "x", nonsense).await;
        refused.problem(422, "invalid-request");
    }
    bound(Method::DELETE, "", &tag("two")).await.expect(204);
}

async fn requests_that_are_wrong_say_how(on: Database) {
    let studio = Studio::open(on).await;
    for path in [
        "a%2F..%2Fb",
        "a//b",
        "%2Fetc%2Fpasswd",
        "a%00b",
        "a%5Cb",
        "a/",
        &"x".repeat(256),
    ] {
        let refused = push(&studio, path, "x").await;
        let problem = refused.problem(422, "invalid-request");
        assert!(
            problem.detail.contains("relative path"),
            "{path}: {}",
            problem.detail
        );
        for base in ["scripts", "script-versions", "script-diff"] {
            let refused = studio.get(&format!("/{base}/{path}")).await;
            refused.problem(404, "not-found");
        }
        let refused = studio.delete(&format!("/scripts/{path}")).await;
        refused.problem(404, "not-found");
    }
    let most = vec![b'x'; 1 << 20];
    push(&studio, "large.sh", most.clone()).await.expect(201);
    let refused = push(&studio, "larger.sh", [most, vec![b'x']].concat()).await;
    refused.problem(413, "body-too-large");
    for path in [
        "/scripts/large.sh?version=2",
        "/scripts/large.sh?version=0",
        "/script-diff/large.sh?from=9",
    ] {
        studio.get(path).await.problem(404, "not-found");
    }
    for path in [
        "/scripts/large.sh?version=one",
        "/scripts?limit=0",
        "/script-diff/large.sh?form=1",
    ] {
        assert_eq!(studio.get(path).await.status, 422, "{path}");
    }
    assert_eq!(studio.all("/scripts").await.len(), 1);
    // A full folder says so, and what to do.
    for number in 0..100 {
        push(&studio, &format!("many/{number}"), "")
            .await
            .expect(201);
    }
    let refused = push(&studio, "many/more", "").await;
    refused.problem(409, "folder-full");
}

fn prepared(studio: &Studio, arguments: &[&str]) -> Command {
    let mut command = command(studio.layout(), arguments);
    command
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", TOKEN);
    command
}

/// What the command prints; it must end with this code.
async fn printed(studio: &Studio, arguments: &[&str], code: i32) -> String {
    let mut command = tokio::process::Command::from(prepared(studio, arguments));
    let output = command.kill_on_drop(true).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

async fn a_template_is_pushed_as_it_is_and_answers(on: Database) {
    let studio = Studio::with(on, Setup::default().confined()).await;
    let segment = studio.layout().media().join("seg.mp4");
    fs::write(&segment, "frames").unwrap();
    for (language, file) in [("shell", "size.sh"), ("python", "size.py")] {
        let said = printed(
            &studio,
            &["script", "new", "--language", language, "size"],
            0,
        )
        .await;
        assert!(
            said.contains(&format!("stagehook script push {file}")),
            "{said}"
        );
        let said = printed(&studio, &["script", "new", "--language", language, file], 1).await;
        assert!(said.contains("exists; nothing was written"), "{said}");
        printed(&studio, &["script", "push", file, "--dir", "qc"], 0).await;
        let path = format!("qc/{file}");
        let config = json!({"script_path": path, "grants": {"segment": "read"}});
        let hook = HookDraft::new(language, language, config)
            .create(&studio)
            .await;

        let log = studio.test(&hook, json!({"segment_path": segment})).await;
        assert_eq!(log["status"], "passed", "{log:#}");
        let result = json!({
            "status": "pass", "message": "6 bytes", "metadata": {"checked_by": file},
            "metrics": {"bytes": 6.0},
        });
        assert_eq!(log["result"], result);
        let log = ran(&studio, &hook).await;
        assert_eq!(log["status"], "skipped", "{log:#}");
        let nowhere = studio.layout().media().join("nowhere.mp4");
        let log = studio.test(&hook, json!({"segment_path": nowhere})).await;
        assert_eq!(log["status"], "failed", "{log:#}");
        assert_eq!(log["result"]["annotations"][0]["code"], "empty");
    }
}

async fn a_tree_of_scripts_is_pushed_from_the_command_line(on: Database) {
    let studio = Studio::open(on).await;
    let tree = studio.layout().root().join("tree");
    for (path, content) in [
        ("check.sh", "echo 1\n"),
        ("qc/größe.py", "print(1)\n"),
        ("qc/__pycache__/x.pyc", ""),
        (".git/config", ""),
        (".hidden", ""),
    ] {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    std::os::unix::fs::symlink("..", tree.join("qc/loop")).unwrap();
    let json = async |arguments: &[&str]| -> Value {
        let arguments = [&["script"], arguments, &["--json"]].concat();
        serde_json::from_str(&printed(&studio, &arguments, 0).await).unwrap()
    };
    let states = |pushed: &Value| -> Vec<(String, bool)> {
        let items = pushed["items"].as_array().unwrap().iter();
        let state = |item: &Value| {
            let path = item["path"].as_str().unwrap().to_owned();
            (path, item["is_new"].as_bool().unwrap())
        };
        items.map(state).collect()
    };
    let both = |is_new: bool| {
        [("check.sh", is_new), ("qc/größe.py", is_new)]
            .map(|(path, is_new)| (path.to_owned(), is_new))
    };
    assert_eq!(states(&json(&["push", "tree"]).await), both(true));
    assert_eq!(states(&json(&["push", "tree/"]).await), both(false));
    printed(&studio, &["script", "push", "tree", "--dir", "below"], 0).await;
    let listed = json(&["list"]).await;
    let paths: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["path"].as_str().unwrap())
        .collect();
    let all = [
        "below/check.sh",
        "below/qc/größe.py",
        "check.sh",
        "qc/größe.py",
    ];
    assert_eq!(paths, all);

    fs::write(tree.join("check.sh"), "echo 2\n").unwrap();
    let table = printed(&studio, &["script", "push", "tree"], 0).await;
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert!(
        rows[0].ends_with("new") && rows[1].ends_with("as it was"),
        "{table}"
    );
    let content = printed(&studio, &["script", "get", "check.sh"], 0).await;
    assert_eq!(content, "echo 2\n");
    let old = [
        "script",
        "get",
        "check.sh",
        "--version",
        "1",
        "-o",
        "old.sh",
    ];
    assert_eq!(printed(&studio, &old, 0).await, "");
    let old = fs::read_to_string(studio.layout().root().join("old.sh")).unwrap();
    assert_eq!(old, "echo 1\n");
    let diff = printed(&studio, &["script", "diff", "check.sh"], 0).await;
    assert!(diff.ends_with("@@ -1 +1 @@\n-echo 1\n+echo 2\n"), "{diff}");
    let history = json(&["history", "qc/größe.py"]).await;
    assert_eq!(history["items"].as_array().unwrap().len(), 1);
    let one = ["script", "push", "tree/check.sh", "--as", "a b/c%2f.sh"];
    let table = printed(&studio, &one, 0).await;
    assert!(table.contains("a b/c%2f.sh"), "{table}");
    let said = printed(&studio, &["script", "rm", "a b/c%2f.sh"], 0).await;
    assert!(said.contains("its versions are kept"), "{said}");

    // What is wrong with one file is found before any is pushed.
    fs::write(tree.join("zzz"), vec![b'x'; (1 << 20) + 1]).unwrap();
    fs::write(tree.join("check.sh"), "echo 3\n").unwrap();
    let said = printed(&studio, &["script", "push", "tree"], 1).await;
    assert!(said.contains("zzz is larger than the 1 MiB"), "{said}");
    assert_eq!(studio.get("/scripts/check.sh").await.text, "echo 2\n");
    for wrong in [
        &["script", "push", "nowhere"][..],
        &["script", "push", "tree", "--as", "one.sh"],
        &["script", "push", "old.sh", "--as", "../up.sh"],
        &["script", "get", "nowhere"],
        &["script", "rm", "nowhere"],
    ] {
        printed(&studio, wrong, 1).await;
    }
}

async fn only_an_administrator_changes_what_runs_unconfined(on: Database) {
    let mut studio = Studio::open(on).await;
    let editor = studio.token("ed", "editor").await;
    let client = studio.with_token(Some(&editor));
    // Everything runs unconfined here.
    let refused = push(&client, "free.sh", "echo free").await;
    let problem = refused.problem(403, "forbidden");
    assert!(
        problem.detail.contains("--sandbox off"),
        "{}",
        problem.detail
    );
    push(&studio, "free.sh", "echo free").await.expect(201);
    client
        .delete("/scripts/free.sh")
        .await
        .problem(403, "forbidden");
    // Nor does anyone else say which of them run, or how: `env` could name
    // another program. What an administrator saved can be switched off and on.
    let draft = studio.shell("free", "echo free");
    let refused = client.post("/hooks", draft.body()).await;
    let problem = refused.problem(403, "forbidden");
    assert!(
        problem.detail.contains("--sandbox off"),
        "{}",
        problem.detail
    );
    let hook = studio.post("/hooks", draft.body()).await.expect(201);
    let path = format!("/hooks/{}", hook["id"]);
    let seen = draft.with("version", hook["version"].clone());
    let other = seen.clone().config("env", json!({"A": "b"}));
    client
        .put(&path, other.body())
        .await
        .problem(403, "forbidden");
    client.put(&path, seen.disabled().body()).await.ok();

    studio.restart_with(Setup::default().confined()).await;
    let client = studio.with_token(Some(&editor));
    push(&client, "free.sh", "echo freer").await.expect(201);
    push(&client, "ops/mount.sh", "echo before")
        .await
        .expect(201);
    let config = json!({"script_path": "ops/mount.sh", "sandbox": "trusted"});
    let hook = HookDraft::new("mount", "shell", config)
        .create(&studio)
        .await;
    for path in ["ops/mount.sh", "ops/imported.sh"] {
        let refused = push(&client, path, "rm").await;
        let problem = refused.problem(403, "forbidden");
        assert!(problem.detail.contains("'mount'"), "{}", problem.detail);
    }
    client
        .delete("/scripts/ops/mount.sh")
        .await
        .problem(403, "forbidden");
    assert_eq!(ran(&studio, &hook).await["stdout"], "before\n");
    push(&studio, "ops/mount.sh", "echo after")
        .await
        .expect(201);
    let log = ran(&studio, &hook).await;
    assert_eq!(log["stdout"], "after\n");
    assert_eq!(log["script"]["sandbox"], "trusted");
    assert_eq!(log["script"]["digest"], digest("echo after"));
}
