//! What is not granted does not exist. REQ-WASM-1

use crate::stage::{Stage, found, input};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::fs;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

/// A media root with a job in it, and something else beside it.
struct Host {
    root: TempDir,
    outside: TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self {
            root: tempfile::tempdir().unwrap(),
            outside: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(host.root.path().join("job/sub")).unwrap();
        fs::write(host.path("job/seg.mp4"), "the segment").unwrap();
        fs::write(host.path("job/other.txt"), "the other").unwrap();
        fs::write(host.path("secret.txt"), "above the grant").unwrap();
        fs::write(host.outside.path().join("secret.txt"), "outside").unwrap();
        symlink(host.outside.path(), host.path("job/way-out")).unwrap();
        symlink(
            host.outside.path().join("secret.txt"),
            host.path("job/file-out"),
        )
        .unwrap();
        symlink("../secret.txt", host.path("job/up")).unwrap();
        symlink(host.outside.path(), host.path("linked-out")).unwrap();
        host
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.root.path().join(below)
    }

    async fn stage(&self) -> Stage {
        Stage::below(self.root.path()).await
    }

    fn directory(&self, below: &str, access: &str) -> Value {
        json!({"directories": [
            {"host": self.path(below).to_str().unwrap(), "guest": "/media", "access": access}
        ]})
    }
}

async fn act(stage: &Stage, settings: &Value, grants: &Value) -> Execution {
    stage
        .run(json!({"settings": settings, "grants": grants}))
        .await
}

#[track_caller]
fn assert_denied(execution: &Execution, what: &Value) {
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert!(
        found(execution).contains_key("error"),
        "{what}: {execution:?}"
    );
}

#[tokio::test]
async fn by_default_there_is_nothing() {
    let host = Host::new();
    let stage = host.stage().await;
    let mut input = input();
    input.segment_path = Some(host.path("job/seg.mp4").to_str().unwrap().to_owned());
    let ask = |settings: Value| {
        let (stage, input) = (&stage, &input);
        async move { stage.run_on(json!({"settings": settings}), input).await }
    };

    let environment = ask(json!({"do": "env"})).await;
    assert_eq!(
        found(&environment)["ok"],
        json!({"environment": {}, "arguments": [], "stdin": ""})
    );
    let preopens = ask(json!({"do": "list"})).await;
    assert_eq!(found(&preopens)["ok"], json!([]));
    // It is not even told the path of what it may not read.
    let told = ask(json!({"do": "echo"})).await;
    assert_eq!(found(&told)["echo"]["segment_path"], Value::Null);

    for settings in [
        json!({"do": "read", "path": "/etc/passwd"}),
        json!({"do": "read", "path": "/proc/self/environ"}),
        json!({"do": "read", "path": input.segment_path}),
        json!({"do": "write", "path": "/tmp/x", "text": "x"}),
        json!({"do": "read_directory", "path": "/"}),
        json!({"do": "connect", "address": "127.0.0.1:22"}),
        json!({"do": "connect", "address": "[::1]:22"}),
    ] {
        assert_denied(&ask(settings.clone()).await, &settings);
    }
}

#[tokio::test]
async fn an_environment_value_is_granted_by_name() {
    let stage = Stage::new().await;
    let execution = act(
        &stage,
        &json!({"do": "env"}),
        &json!({"env": {"SHOW": "bunny"}}),
    )
    .await;
    assert_eq!(
        found(&execution)["ok"]["environment"],
        json!({"SHOW": "bunny"})
    );
}

#[tokio::test]
async fn the_segment_is_read_below_its_own_directory() {
    let host = Host::new();
    let stage = host.stage().await;
    let mut input = input();
    input.segment_path = Some(host.path("job/seg.mp4").to_str().unwrap().to_owned());
    let run = |settings: Value| {
        let (stage, input) = (&stage, &input);
        let config = json!({"settings": settings, "grants": {"segment": "read"}});
        async move { stage.run_on(config, input).await }
    };

    let told = run(json!({"do": "echo"})).await;
    assert_eq!(found(&told)["echo"]["segment_path"], "/segment/seg.mp4");
    let read = run(json!({"do": "read", "path": "/segment/seg.mp4"})).await;
    assert_eq!(found(&read)["ok"], "the segment");
    let preopens = run(json!({"do": "list"})).await;
    assert_eq!(found(&preopens)["ok"], json!(["/segment"]));
    for path in [
        "/segment/../secret.txt",
        "/segment/up",
        "/segment/file-out",
        "/segment/way-out/secret.txt",
        "/segment/sub/../../secret.txt",
        "/secret.txt",
    ] {
        let settings = json!({"do": "read", "path": path});
        assert_denied(&run(settings.clone()).await, &settings);
    }
}

#[rstest]
#[case::above("..")]
#[case::elsewhere("/etc")]
#[case::linked_out("linked-out")]
#[case::missing("missing")]
#[case::a_file("secret.txt")]
#[tokio::test]
async fn what_is_not_below_a_media_root_is_refused(#[case] below: &str) {
    let host = Host::new();
    let stage = host.stage().await;
    let mut input = input();
    let path = host.path(below).join("seg.mp4");
    input.segment_path = Some(path.to_str().unwrap().to_owned());
    let config = json!({"settings": {"do": "skip"}, "grants": {"segment": "read"}});
    let execution = stage.run_on(config, &input).await;
    assert_eq!(execution.status, ExecutionStatus::Refused, "{execution:?}");
    let error = execution.error.unwrap();
    assert!(error.contains("media root"), "{error}");
    let outside = host.outside.path().to_str().unwrap();
    assert!(!error.contains(outside), "{error}");
}

#[tokio::test]
async fn read_only_is_read_only() {
    let host = Host::new();
    let stage = host.stage().await;
    let grants = host.directory("job", "read");
    let read = act(
        &stage,
        &json!({"do": "read", "path": "/media/other.txt"}),
        &grants,
    )
    .await;
    assert_eq!(found(&read)["ok"], "the other");
    for settings in [
        json!({"do": "write", "path": "/media/new.txt", "text": "new"}),
        json!({"do": "write", "path": "/media/other.txt", "text": "new"}),
        json!({"do": "append", "path": "/media/other.txt"}),
        json!({"do": "truncate", "path": "/media/other.txt"}),
        json!({"do": "truncate", "path": "/media/other.txt/"}),
        json!({"do": "shorten", "path": "/media/other.txt"}),
        json!({"do": "touch", "path": "/media/other.txt"}),
        json!({"do": "remove", "path": "/media/other.txt/"}),
        json!({"do": "write", "path": "/media/new.txt/", "text": "new"}),
        json!({"do": "rename", "from": "/media/sub", "to": "/media/new"}),
        json!({"do": "rename", "from": "/media/sub/", "to": "/media/new/"}),
        json!({"do": "hard_link", "from": "/media/sub/../other.txt", "to": "/media/sub/new.txt"}),
        json!({"do": "rename", "from": "/media/other.txt", "to": "/media/new.txt"}),
        json!({"do": "rename", "from": "/media/other.txt/", "to": "/media/new.txt/"}),
        json!({"do": "hard_link", "from": "/media/other.txt", "to": "/media/new.txt"}),
        json!({"do": "symlink", "target": "other.txt", "link": "/media/new.txt"}),
        json!({"do": "remove", "path": "/media/other.txt"}),
        json!({"do": "make_directory", "path": "/media/new"}),
        json!({"do": "make_directory", "path": "/media/new/"}),
    ] {
        assert_denied(&act(&stage, &settings, &grants).await, &settings);
        assert_eq!(fs::read(host.path("job/other.txt")).unwrap(), b"the other");
        let mut names: Vec<_> = fs::read_dir(host.path("job"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(
            names,
            ["file-out", "other.txt", "seg.mp4", "sub", "up", "way-out"],
            "{settings}"
        );
    }
}

#[tokio::test]
async fn what_is_granted_for_writing_is_written_and_nothing_else() {
    let host = Host::new();
    let stage = host.stage().await;
    let grants = host.directory("job", "write");
    let written = act(
        &stage,
        &json!({"do": "write", "path": "/media/new.txt", "text": "new"}),
        &grants,
    )
    .await;
    assert!(found(&written).contains_key("ok"), "{written:?}");
    assert_eq!(fs::read(host.path("job/new.txt")).unwrap(), b"new");

    let out = host.outside.path().to_str().unwrap();
    for settings in [
        json!({"do": "write", "path": "/media/../secret.txt", "text": "new"}),
        json!({"do": "write", "path": "/media/up", "text": "new"}),
        json!({"do": "write", "path": "/media/file-out", "text": "new"}),
        json!({"do": "write", "path": "/media/way-out/secret.txt", "text": "new"}),
        json!({"do": "rename", "from": "/media/other.txt", "to": "/media/way-out/other.txt"}),
        json!({"do": "symlink", "target": out, "link": "/media/absolute"}),
    ] {
        assert_denied(&act(&stage, &settings, &grants).await, &settings);
    }
    assert_eq!(
        fs::read(host.path("secret.txt")).unwrap(),
        b"above the grant"
    );
    assert_eq!(
        fs::read(host.outside.path().join("secret.txt")).unwrap(),
        b"outside"
    );
    assert_eq!(fs::read_dir(host.outside.path()).unwrap().count(), 1);
}

/// What may be read cannot be had by way of what may be written.
#[tokio::test]
async fn a_directory_for_writing_is_no_way_into_one_for_reading() {
    let host = Host::new();
    let stage = host.stage().await;
    fs::create_dir(host.path("out")).unwrap();
    fs::write(host.path("out/mine.txt"), "mine").unwrap();
    let grants = json!({"directories": [
        {"host": host.path("job").to_str().unwrap(), "guest": "/media", "access": "read"},
        {"host": host.path("out").to_str().unwrap(), "guest": "/out", "access": "write"},
    ]});
    for settings in [
        json!({"do": "rename", "from": "/media/other.txt", "to": "/out/other.txt"}),
        json!({"do": "rename", "from": "/out/mine.txt", "to": "/media/mine.txt"}),
        json!({"do": "rename", "from": "/out/mine.txt", "to": "/media/other.txt"}),
        json!({"do": "hard_link", "from": "/media/other.txt", "to": "/out/other.txt"}),
        json!({"do": "hard_link", "from": "/out/mine.txt", "to": "/media/mine.txt"}),
        json!({"do": "write", "path": "/out/../media/other.txt", "text": "new"}),
        json!({"do": "write", "path": "/out/../job/other.txt", "text": "new"}),
    ] {
        assert_denied(&act(&stage, &settings, &grants).await, &settings);
    }
    // A link may be made; it leads out, so nothing is written through it.
    let link = json!({"do": "symlink", "target": "../job/other.txt", "link": "/out/link"});
    act(&stage, &link, &grants).await;
    let through = json!({"do": "write", "path": "/out/link", "text": "new"});
    assert_denied(&act(&stage, &through, &grants).await, &through);

    assert_eq!(fs::read(host.path("job/other.txt")).unwrap(), b"the other");
    assert_eq!(fs::read(host.path("out/mine.txt")).unwrap(), b"mine");
    assert!(!host.path("job/mine.txt").exists());
    assert!(!host.path("out/other.txt").exists());
}

#[tokio::test]
async fn what_is_read_and_written_is_counted() {
    // REQ-WASM-3
    let host = Host::new();
    let stage = host.stage().await;
    let grants = host.directory("job", "write");
    for (settings, read, written) in [
        (json!({"do": "skip"}), 0, 0),
        (json!({"do": "read", "path": "/media/other.txt"}), 9, 0),
        (
            json!({"do": "write", "path": "/media/new.txt", "text": "new"}),
            0,
            3,
        ),
        (json!({"do": "append", "path": "/media/new.txt"}), 0, 8),
        (json!({"do": "read", "path": "/media/missing"}), 0, 0),
        (
            json!({"do": "write", "path": "/media/up", "text": "new"}),
            0,
            0,
        ),
    ] {
        let usage = act(&stage, &settings, &grants).await.usage;
        assert_eq!(usage.bytes_read, Some(read), "{settings}");
        assert_eq!(usage.bytes_written, Some(written), "{settings}");
    }
    assert_eq!(fs::read(host.path("job/new.txt")).unwrap(), b"newappended");
}
