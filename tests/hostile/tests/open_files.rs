//! A guest that opens files without end takes none from its host: neither what
//! the host itself opens, nor the connections that it is asked over.
//!
//! Alone in its program, since the limit of open files is the process's.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus::LimitExceeded;
use stagehook_hostile::{Act, Arena, Attacker, Case, Expected, Guest, Outcome, open_files};
use stagehook_runners::wasm::WasmSettings;
use std::fs::File;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// What the process may hold open: more than it does, less than an attack wants.
const OPEN_FILES: u64 = 256;
/// As many at once as together take all that plugins may have.
const ATTACKS: usize = 8;

fn lower_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = Some(OPEN_FILES);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

fn opening(directory: &Path, keeps_streams: bool) -> Case {
    let settings: Value = json!({
        "do": "open_files",
        "directory": "/media",
        "name": "segment.mp4",
        "count": 4_096,
        "streams": keeps_streams,
    });
    let granted = json!({"host": directory, "guest": "/media", "access": "read"});
    Case {
        name: "opens 4,096 files",
        guest: Guest::Built("test_guest"),
        act: Act::Run(json!({"settings": settings, "grants": {"directories": [granted]}})),
        expected: Expected::Ends(LimitExceeded),
        told: "files open at the same time: 33, where 32 are allowed",
        within: Duration::from_secs(20),
        host_bytes: 192 << 20,
    }
}

/// That the host can open files of its own.
fn serves() {
    let opened: Result<Vec<File>, _> = (0..64).map(|_| File::open("/dev/null")).collect();
    opened.unwrap();
}

async fn attack(arena: &Arena, case: &Case, attacker: &Attacker) -> Outcome {
    let outcome = arena.attack(case, attacker).await.unwrap();
    serves();
    arena.neighbour().await.unwrap();
    outcome
}

#[tokio::test]
async fn whoever_opens_files_without_end_leaves_the_host_enough() {
    lower_limit();
    let media = TempDir::new().unwrap();
    std::fs::write(media.path().join("segment.mp4"), "frames").unwrap();
    let settings = WasmSettings {
        media_roots: vec![media.path().to_owned()],
        ..WasmSettings::default()
    };
    let arena = Arena::new(settings).await.unwrap();
    for keeps_streams in [false, true] {
        let case = opening(media.path(), keeps_streams);
        let attacker = arena.ready(&case).await.unwrap();
        let outcome = attack(&arena, &case, &attacker).await;
        outcome.judge(&case).unwrap();
        let execution = outcome.execution.unwrap();
        assert!(
            execution.stderr.starts_with("[files] not opened: "),
            "{}",
            execution.stderr
        );

        let before = open_files().unwrap();
        let at_once = (0..ATTACKS).map(|_| attack(&arena, &case, &attacker));
        for outcome in futures_util::future::join_all(at_once).await {
            let ended = outcome.execution.unwrap();
            // Its own limit, or what all together may have.
            let is_told = ended.stderr.contains("this server's limit of open files");
            assert!(ended.status == LimitExceeded || is_told, "{ended:?}");
        }
        assert_eq!(open_files().unwrap(), before, "all are closed again");
    }
}
