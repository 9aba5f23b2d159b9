//! Scripts in their sandbox: what they see, what they may use, what is on
//! record of it. REQ-SCR-6

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stagehook_tests::server::TOKEN;
use stagehook_tests::{Database, Gate, HookDraft, Setup, Studio, on_both_databases, until};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Where there are control groups.
mod counted_by_the_kernel {
    use super::*;

    on_both_databases!(a_fork_bomb_and_hidden_memory_are_ended,);
}

on_both_databases!(
    a_confined_script_reads_nothing_of_the_server,
    the_log_says_which_script_ran_and_how_it_was_kept_from_the_host,
    a_confined_script_reaches_what_it_is_granted,
    each_limit_has_its_status,
    only_an_administrator_lets_a_script_run_without_a_sandbox,
    grants_and_limits_that_can_never_be_given_are_refused,
    what_a_script_prints_is_heard_while_it_runs,
    a_sandbox_ends_with_its_server,
    a_full_disk_is_told_and_left_as_it_was,
);

const CANARY: &str = "canary-of-the-server";

async fn studio(on: Database) -> Studio {
    let setup = Setup::default()
        .confined()
        .variable("STAGEHOOK_SECRET_CANARY", CANARY)
        .variable("CANARY", CANARY);
    let studio = Studio::with(on, setup).await;
    let health = studio.get("//healthz").await.ok();
    assert_eq!(health["confinement"], "bubblewrap", "{health}");
    studio
}

async fn logged(studio: &Studio, draft: HookDraft) -> Value {
    let hook = draft.create(studio).await;
    studio.test(&hook, json!({})).await
}

async fn a_confined_script_reads_nothing_of_the_server(on: Database) {
    let studio = studio(on).await;
    fs::write(studio.layout().data().join("canary"), CANARY).unwrap();
    fs::write(studio.layout().media().join("canary"), CANARY).unwrap();
    studio.script(&format!("# {CANARY}"));
    let places = [
        studio.layout().data(),
        studio.layout().media(),
        studio.layout().scripts(),
    ]
    .map(|path| path.display().to_string());
    let shell = studio.shell(
        "shell",
        &format!(
            "cat /proc/*/environ /etc/shadow {places}/* 2>/dev/null; grep -rs canary {places} /root /home /tmp /var /run; env; exit 0",
            places = places.join(" ")
        ),
    );
    let python = studio.python(
        "python",
        &format!(
            "import glob, os\n\
             found = [dict(os.environ)]\n\
             for place in {places:?} + ['/root', '/home', '/var', '/run', '/proc/1', '/proc/2']:\n    \
                 for name in [place] + glob.glob(place + '/*'):\n        \
                     try: found.append(open(name, errors='replace').read())\n        \
                     except OSError: pass\n\
             print(found)"
        ),
    );
    for draft in [shell, python] {
        let log = logged(&studio, draft).await;
        assert_eq!(log["status"], "passed", "{log:#}");
        assert!(!log["stdout"].as_str().unwrap().contains(CANARY), "{log:#}");
    }
}

async fn the_log_says_which_script_ran_and_how_it_was_kept_from_the_host(on: Database) {
    let studio = studio(on).await;
    let confined = studio.shell("confined", "echo hello; id -u");
    let script = confined.body()["config"]["script_path"].as_str().unwrap();
    let content = fs::read(studio.layout().scripts().join(script)).unwrap();
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(content) {
        write!(digest, "{byte:02x}").unwrap();
    }
    let trusted = confined
        .clone()
        .with("name", "trusted")
        .config("sandbox", "trusted");
    let log = logged(&studio, confined).await;
    assert_eq!(
        log["script"],
        json!({"digest": digest, "sandbox": "bubblewrap"})
    );
    assert_eq!(log["stdout"], "hello\n65534\n");
    let log = logged(&studio, trusted).await;
    assert_eq!(
        log["script"],
        json!({"digest": digest, "sandbox": "trusted"})
    );
}

async fn a_confined_script_reaches_what_it_is_granted(on: Database) {
    let studio = studio(on).await;
    let media = studio.layout().media();
    fs::create_dir(media.join("job")).unwrap();
    fs::write(media.join("job/shot.mov"), "frames").unwrap();
    fs::create_dir(media.join("luts")).unwrap();
    fs::write(media.join("luts/rec709"), "a lut").unwrap();
    let directories = json!([{"host": media.join("luts"), "guest": "/luts", "access": "read"}]);
    let draft = studio
        .shell(
            "grade",
            "cat $STAGEHOOK_SEGMENT_PATH /luts/rec709; echo graded > ${STAGEHOOK_SEGMENT_PATH%.mov}.out\n\
             grep -o '\"segment_path\":\"[^\"]*\"' $STAGEHOOK_INPUT_FILE\n\
             echo no > /luts/rec709; exit 0",
        )
        .config("grants", json!({"segment": "write", "directories": directories}));
    let hook = draft.create(&studio).await;
    let input = json!({"segment_path": media.join("job/shot.mov")});
    let log = studio.test(&hook, input).await;
    assert_eq!(
        log["stdout"],
        "framesa lut\"segment_path\":\"/segment/shot.mov\"\n"
    );
    assert!(
        log["stderr"]
            .as_str()
            .unwrap()
            .contains("Read-only file system"),
        "{log:#}"
    );
    assert_eq!(
        fs::read_to_string(media.join("job/shot.out")).unwrap(),
        "graded\n"
    );
    assert_eq!(
        fs::read_to_string(media.join("luts/rec709")).unwrap(),
        "a lut"
    );
}

async fn each_limit_has_its_status(on: Database) {
    let studio = studio(on).await;
    let cases = [
        (
            "memory",
            "/usr/bin/python3 -c 'import time; hog = b\"x\" * (512 << 20); time.sleep(60)'",
            json!({"memory_mib": 64}),
            "out_of_memory",
            "where 64 MiB are allowed (limits.memory_mib)",
        ),
        (
            "cpu",
            "while :; do :; done",
            json!({"cpu_seconds": 1}),
            "limit_exceeded",
            "where 1 s are allowed (limits.cpu_seconds)",
        ),
        (
            "file",
            "head -c 3000000 /dev/zero > big",
            json!({"file_size_mib": 1}),
            "limit_exceeded",
            "(limits.file_size_mib)",
        ),
        (
            "processes",
            "for n in 1 2 3 4 5 6 7 8 9; do sleep 60 & done; wait",
            json!({"processes": 5}),
            "limit_exceeded",
            "where 5 are allowed (limits.processes)",
        ),
    ];
    for (name, lines, limits, status, error) in cases {
        for sandbox in ["confined", "trusted"] {
            let draft = studio
                .shell(
                    &format!("{name}-{sandbox}"),
                    &format!("echo begun\n{lines}"),
                )
                .config("limits", limits.clone())
                .config("sandbox", json!(sandbox));
            let log = logged(&studio, draft).await;
            assert_eq!(log["status"], status, "{log:#}");
            assert!(log["error"].as_str().unwrap().contains(error), "{log:#}");
            assert_eq!(log["stdout"], "begun\n", "{log:#}");
        }
    }
}

async fn a_fork_bomb_and_hidden_memory_are_ended(on: Database) {
    let studio = studio(on).await;
    // `scripts/test` says where this does not run.
    let health = studio.get("//healthz").await.ok();
    assert_eq!(health["memory_limit"], "control groups", "{health}");
    let hide = "import os\nkept = os.memfd_create('kept')\n\
                for _ in range(2048):\n    os.write(kept, bytes(1 << 20))\n";
    let cases = [
        (
            "bomb",
            "exec /bin/bash -c ':(){ :|:& };:\nsleep 60'".to_owned(),
            json!({"processes": 50}),
            "limit_exceeded",
            "where 50 are allowed (limits.processes)",
        ),
        (
            "hidden",
            format!("exec /usr/bin/python3 -c \"{hide}\""),
            json!({"memory_mib": 64}),
            "out_of_memory",
            "where 64 MiB are allowed (limits.memory_mib)",
        ),
    ];
    for (name, lines, limits, status, error) in cases {
        for sandbox in ["confined", "trusted"] {
            let draft = studio
                .shell(&format!("{name}-{sandbox}"), &lines)
                .config("limits", limits.clone())
                .config("sandbox", json!(sandbox));
            let log = logged(&studio, draft).await;
            assert_eq!(log["status"], status, "{log:#}");
            assert!(log["error"].as_str().unwrap().contains(error), "{log:#}");
        }
    }
    let log = logged(&studio, studio.shell("after", "echo alive")).await;
    assert_eq!(log["stdout"], "alive\n", "{log:#}");
}

async fn only_an_administrator_lets_a_script_run_without_a_sandbox(on: Database) {
    let studio = studio(on).await;
    let token = studio.token("ed", "editor").await;
    let editor = studio.with_token(Some(&token));

    let confined = studio.shell("confined", "true");
    let trusted = confined
        .clone()
        .with("name", "trusted")
        .config("sandbox", "trusted");
    let hook = editor.post("/hooks", confined.body()).await.expect(201);
    let refused = editor.post("/hooks", trusted.body()).await;
    refused.problem(403, "forbidden").at(["/config/sandbox"]);
    let mut change = hook.clone();
    change["config"]["sandbox"] = json!("trusted");
    let change = request_of(&change);
    let path = format!("/hooks/{}", hook["id"]);
    editor.put(&path, &change).await.problem(403, "forbidden");

    // An administrator may, and then everybody may switch it off and on.
    let hook = studio.put(&path, &change).await.ok();
    let mut off = request_of(&hook);
    off["enabled"] = json!(false);
    let hook = editor.put(&path, &off).await.ok();
    let mut other = request_of(&hook);
    other["config"]["args"] = json!(["another"]);
    editor.put(&path, &other).await.problem(403, "forbidden");
    // Who did it is on record.
    let audit = studio.all("/audit").await;
    let id = hook["id"].to_string();
    let changes = audit
        .iter()
        .filter(|entry| entry["subject_id"] == id)
        .filter(|entry| entry["after"]["config"]["sandbox"] == "trusted");
    let actors: Vec<_> = changes
        .map(|entry| entry["actor"].as_str().unwrap())
        .collect();
    assert_eq!(actors, ["ed", "admin"]);
}

/// What a hook's document would be as a request.
fn request_of(hook: &Value) -> Value {
    let mut request = hook.clone();
    let fields = request.as_object_mut().unwrap();
    for shown in [
        "id",
        "created_at",
        "updated_at",
        "created_by",
        "newer_plugin_version",
    ] {
        fields.remove(shown);
    }
    request
}

async fn grants_and_limits_that_can_never_be_given_are_refused(on: Database) {
    let studio = studio(on).await;
    let media = studio.layout().media().display().to_string();
    let grant = |host: &str, guest: &str| json!({"directories": [{"host": host, "guest": guest, "access": "read"}]});
    let cases = [
        (
            "grants",
            grant("/etc", "/luts"),
            "invalid-request",
            "/config/grants/directories/0/host",
        ),
        (
            "grants",
            grant(&media, "/usr/share"),
            "invalid-hook",
            "/config/grants/directories/0/guest",
        ),
        (
            "grants",
            grant(&media, "/work"),
            "invalid-hook",
            "/config/grants/directories/0/guest",
        ),
        (
            "limits",
            json!({"memory_mib": 100_000_000}),
            "invalid-request",
            "/config/limits/memory_mib",
        ),
        (
            "limits",
            json!({"processes": 0}),
            "invalid-hook",
            "/config/limits/processes",
        ),
        (
            "env",
            json!({"BASH_ENV": "/work/x"}),
            "invalid-hook",
            "/config/env/BASH_ENV",
        ),
    ];
    for (key, value, kind, pointer) in cases {
        let draft = studio.shell("hook", "true").config(key, value);
        let answer = studio.post("/hooks", draft.body()).await;
        answer.problem(422, kind).at([pointer]);
    }
}

async fn what_a_script_prints_is_heard_while_it_runs(on: Database) {
    let studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "gate");
    let hook = studio
        .shell(
            "talker",
            &format!("echo one\necho two >&2\n{}echo three", gate.wait()),
        )
        .create(&studio)
        .await;
    let events = studio
        .request(
            Method::GET,
            &format!("/events/stream?event=hook_output&hook_id={}", hook.id),
        )
        .bearer_auth(TOKEN)
        .send()
        .await
        .unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let mut events = events.bytes_stream();
    let test = studio.test(&hook, json!({}));
    let hear = async {
        let mut heard = String::new();
        // The script waits for what it printed before to be heard.
        while !(heard.contains(r#""line":"one""#) && heard.contains(r#""line":"two""#)) {
            let bytes = events.next().await.unwrap().unwrap();
            heard.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        gate.open();
        while !heard.contains(r#""line":"three""#) {
            let bytes = events.next().await.unwrap().unwrap();
            heard.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        heard
    };
    let (log, heard) = tokio::join!(test, hear);
    assert_eq!(log["stdout"], "one\nthree\n");
    assert!(heard.contains("event: hook_output"), "{heard}");
    let execution = log["execution_id"].as_str().unwrap();
    assert_eq!(heard.matches(execution).count(), 3, "{heard}");
    assert!(heard.contains(r#""stream":"stderr""#), "{heard}");
}

async fn a_sandbox_ends_with_its_server(on: Database) {
    // REQ-SCR-5: nothing survives, also where nobody is left to end it.
    let mut studio = studio(on).await;
    // Told apart from whatever else sleeps on this machine.
    let nap = format!("300.{}", std::process::id());
    let lines = format!("trap '' TERM; setsid sleep {nap} & exec sleep {nap}");
    let hook = studio.shell("sleeper", &lines).create(&studio).await;
    let client = studio.client();
    let test = tokio::spawn(async move {
        let path = format!("/hooks/{}/test", hook.id);
        let request = client.request(Method::POST, &path).json(&json!({}));
        // It will not be answered.
        let _ = client.try_send(request).await;
    });
    let sleepers = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
            .filter(|line| line == format!("sleep\0{nap}\0").as_bytes())
            .count()
    };
    until("both sleep", || sleepers() == 2).await;
    studio.server().kill();
    until("nobody sleeps any more", || sleepers() == 0).await;
    test.await.unwrap();
}

async fn a_full_disk_is_told_and_left_as_it_was(on: Database) {
    let setup = Setup::default().confined().with_a_small_disk_for_runs();
    let mut studio = Studio::with(on, setup).await;
    let work = studio.layout().data().join("work");
    // As the server sees it: nobody else has that disk.
    let seen_by = Path::new("/proc").join(studio.server().pid().to_string());
    let disk = seen_by.join("root").join(work.strip_prefix("/").unwrap());
    let there = || {
        let names = fs::read_dir(&disk).unwrap();
        names
            .map(|entry| entry.unwrap().file_name())
            .collect::<BTreeSet<_>>()
    };
    let clean = there();
    let is_full = |log: &Value| {
        assert_eq!(log["status"], "host_error", "{log:#}");
        let error = "cannot make the directory of a run: the server's disk is full, and whoever \
                     runs the server has to make room";
        assert_eq!(log["error"], error, "{log:#}");
    };

    // What a script writes itself is its own affair.
    let greedy = studio.shell("greedy", "head -c 5M /dev/zero > big || exit 7");
    let log = logged(&studio, greedy).await;
    assert_eq!(
        (&log["status"], &log["exit_code"]),
        (&json!("failed"), &json!(7))
    );
    let stderr = log["stderr"].as_str().unwrap();
    assert!(stderr.contains("No space left on device"), "{log:#}");
    assert_eq!(there(), clean);

    // What it is told does not fit.
    let plain = studio.shell("plain", "echo fine").create(&studio).await;
    let big = json!({"metadata": {"big": "x".repeat(4 << 20)}});
    is_full(&studio.test(&plain, big).await);
    assert_eq!(there(), clean);

    // Somebody else has filled the disk; a script that was pushed has no room, either.
    let ballast = disk.join("ballast");
    assert!(fs::write(&ballast, vec![1; 4 << 20]).is_err());
    let filled = there();
    let push = studio
        .request(Method::PUT, "/scripts/pushed.sh")
        .body("echo pushed");
    studio.send(push).await.expect(201);
    let pushed = HookDraft::new("pushed", "shell", json!({"script_path": "pushed.sh"}));
    let pushed = pushed.create(&studio).await;
    for hook in [&plain, &pushed] {
        is_full(&studio.test(hook, json!({})).await);
        assert_eq!(there(), filled);
    }

    fs::remove_file(&ballast).unwrap();
    for (hook, printed) in [(&plain, "fine\n"), (&pushed, "pushed\n")] {
        let log = studio.test(hook, json!({})).await;
        assert_eq!(log["stdout"], printed, "{log:#}");
    }
    assert_eq!(there(), clean);
}
