//! Compiled code on disk is believed only if it is what this server kept.
//! REQ-WASM-6

use crate::stage::{Stage, component};
use bytes::Bytes;
use serde_json::json;
use stagehook_core::digest::Digest;
use stagehook_core::execution::ExecutionStatus::Passed;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{
    CacheSettings, CompileError, Compiler, PluginCounts, PrepareError, WasmRunner, WasmSettings,
};
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const MIB: u64 = 1 << 20;
/// Before the code: magic and authentication code.
const HEADER: usize = 40;

fn cached(directory: &Path, max_bytes: u64) -> WasmSettings {
    WasmSettings {
        cache: Some(CacheSettings {
            directory: directory.to_owned(),
            max_bytes,
        }),
        // Small, so that many runners take little.
        max_concurrent: 2,
        ..WasmSettings::default()
    }
}

/// A server's runner on this cache, as if it had just started.
fn runner(directory: &Path) -> WasmRunner {
    WasmRunner::new(cached(directory, 64 * MIB), Secrets::default()).unwrap()
}

/// A small component that compiles at once; `mark` makes it another one. It is
/// no plugin, which is found when its code is there: see [`obtain`].
fn small(mark: &str) -> Bytes {
    let text =
        format!("(component (core module (func (export \"f\"))) (@custom \"mark\" \"{mark}\"))");
    wat::parse_str(text).unwrap().into()
}

/// Has the runner get the code of a small component, wherever from.
async fn obtain(runner: &WasmRunner, component: &Bytes) {
    match runner.prepare(component.clone()).await {
        Err(PrepareError::Link(_)) => {}
        other => panic!("{other:?}"),
    }
}

/// Whether the disk has code of a small component that can be believed.
async fn restores(runner: &WasmRunner, component: &Bytes) -> bool {
    match runner.restore(Digest::of(component)).await {
        Ok(None) => false,
        Err(PrepareError::Link(_)) => true,
        other => panic!("{other:?}"),
    }
}

/// What the runner did: compiled, loaded from the disk, rejected.
fn did(runner: &WasmRunner) -> [u64; 3] {
    let PluginCounts {
        compiled,
        loaded_from_cache,
        rejected_from_cache,
        ..
    } = runner.counts();
    [compiled, loaded_from_cache, rejected_from_cache]
}

fn folder(directory: &Path) -> PathBuf {
    let folders: Vec<_> = fs::read_dir(directory.join("plugins"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    folders[0].clone()
}

fn file(directory: &Path, component: &[u8]) -> PathBuf {
    let digest = Digest::of(component).to_string();
    folder(directory).join(digest.strip_prefix("sha256:").unwrap())
}

fn kept(directory: &Path) -> usize {
    fs::read_dir(folder(directory)).unwrap().count()
}

async fn runs(runner: WasmRunner, bytes: Bytes) {
    let plugin = runner.prepare(bytes).await.unwrap();
    let stage = Stage { runner, plugin };
    let execution = stage.act(json!({"do": "everything"})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
}

#[tokio::test]
async fn what_one_server_compiled_the_next_one_loads() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = component("test_guest");
    let first = runner(directory.path());
    let plugin = first.prepare(bytes.clone()).await.unwrap();
    assert_eq!(did(&first), [1, 0, 0]);
    assert_eq!(first.counts().missed_in_cache, 1);

    let second = runner(directory.path());
    let restored = second.restore(plugin.digest()).await.unwrap();
    assert!(restored.is_some(), "without the component");
    assert_eq!(did(&second), [0, 1, 0]);
    let execution = Stage {
        plugin: restored.unwrap(),
        runner: second,
    };
    let execution = execution.act(json!({"do": "everything"})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");

    let third = runner(directory.path());
    third.inspect(bytes.clone()).await.unwrap();
    third.prepare(bytes.clone()).await.unwrap();
    assert_eq!(did(&third), [0, 1, 0], "an upload as well, and once");

    let unknown = runner(directory.path());
    let digest = Digest::of(b"another");
    assert!(unknown.restore(digest).await.unwrap().is_none());
    assert_eq!(did(&unknown), [0, 0, 0]);

    let path = file(directory.path(), &bytes);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(kept(directory.path()), 1, "no partial file is left");
}

#[tokio::test]
async fn what_is_not_on_disk_pushes_no_plugin_out_of_memory() {
    let directory = tempfile::tempdir().unwrap();
    let settings = WasmSettings {
        max_prepared: 1,
        ..cached(directory.path(), 64 * MIB)
    };
    let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
    let plugin = runner.prepare(component("start_guest")).await.unwrap();
    assert!(!restores(&runner, &small("elsewhere")).await);
    assert!(runner.prepared(&plugin.digest()).is_some());
}

#[tokio::test]
async fn no_byte_of_a_file_may_be_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = small("victim");
    obtain(&runner(directory.path()), &bytes).await;
    let path = file(directory.path(), &bytes);
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 4_000, "{}", whole.len());

    let mut cases: Vec<(String, Vec<u8>)> = Vec::new();
    let code = HEADER..whole.len();
    // All of the header, and places all over the code.
    let places = (0..HEADER).chain((0..200).map(|i| code.start + i * (code.len() - 1) / 199));
    for (i, at) in places.enumerate() {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1 << (i % 8);
        cases.push((format!("byte {at}"), spoilt));
    }
    for length in [0, 1, 8, 39, 40, 41, whole.len() / 2, whole.len() - 1] {
        cases.push((format!("first {length} bytes"), whole[..length].to_vec()));
    }
    cases.push(("a byte more".to_owned(), [&whole[..], b"\0"].concat()));
    cases.push(("twice".to_owned(), [&whole[..], &whole[..]].concat()));
    cases.push(("code alone".to_owned(), whole[HEADER..].to_vec()));

    for (case, spoilt) in cases {
        fs::write(&path, &spoilt).unwrap();
        let runner = runner(directory.path());
        obtain(&runner, &bytes).await;
        // Never loaded; and compiled, as if there were no cache.
        assert_eq!(did(&runner), [1, 0, 1], "{case}");
        assert_eq!(fs::read(&path).unwrap(), whole, "{case}: kept anew");
    }
    let last = runner(directory.path());
    obtain(&last, &bytes).await;
    assert_eq!(did(&last), [0, 1, 0]);
}

#[tokio::test]
async fn a_plugin_whose_file_was_spoilt_runs() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = component("test_guest");
    runner(directory.path())
        .prepare(bytes.clone())
        .await
        .unwrap();
    let path = file(directory.path(), &bytes);
    let mut spoilt = fs::read(&path).unwrap();
    let middle = spoilt.len() / 2;
    spoilt[middle] ^= 0x80;
    fs::write(&path, &spoilt).unwrap();
    let runner = runner(directory.path());
    runner.prepare(bytes.clone()).await.unwrap();
    assert_eq!(did(&runner), [1, 0, 1]);
    runs(runner, bytes).await;
}

#[tokio::test]
async fn the_file_of_another_plugin_is_not_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (small("one"), small("two"));
    let first = runner(directory.path());
    obtain(&first, &one).await;
    obtain(&first, &two).await;
    let (of_one, of_two) = (file(directory.path(), &one), file(directory.path(), &two));
    fs::copy(&of_one, &of_two).unwrap();
    let second = runner(directory.path());
    assert!(!restores(&second, &two).await);
    assert!(restores(&second, &one).await);
    obtain(&second, &two).await;
    assert_eq!(did(&second), [1, 1, 1]);
}

#[tokio::test]
async fn with_another_key_nothing_is_believed() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key");
    let bytes = small("plugin");
    obtain(&runner(directory.path()), &bytes).await;
    // Stolen together with its key by somebody who can read nothing here.
    fs::write(&key, [7; 32]).unwrap();
    let other = runner(directory.path());
    obtain(&other, &bytes).await;
    assert_eq!(did(&other), [1, 0, 1]);
    // A key that others could read is no key any more.
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let wary = runner(directory.path());
    obtain(&wary, &bytes).await;
    assert_eq!(did(&wary), [1, 0, 1]);
    assert_ne!(fs::read(&key).unwrap(), [7; 32]);
    let last = runner(directory.path());
    obtain(&last, &bytes).await;
    assert_eq!(did(&last), [0, 1, 0]);
}

#[tokio::test]
async fn what_is_no_file_is_no_code() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = small("plugin");
    obtain(&runner(directory.path()), &bytes).await;
    let path = file(directory.path(), &bytes);
    let outside = directory.path().join("outside");
    fs::copy(&path, &outside).unwrap();
    let put: [(&str, &dyn Fn()); 3] = [
        ("a link", &|| symlink(&outside, &path).unwrap()),
        ("a directory", &|| fs::create_dir(&path).unwrap()),
        ("a pipe without a writer", &|| {
            let mode = rustix::fs::Mode::RWXU;
            rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
        }),
    ];
    for (what, put) in put {
        fs::remove_file(&path).unwrap();
        put();
        let runner = runner(directory.path());
        let patience = Duration::from_mins(1);
        let obtained = tokio::time::timeout(patience, obtain(&runner, &bytes)).await;
        obtained.expect(what);
        assert_eq!(did(&runner), [1, 0, 1], "{what}");
        assert!(fs::symlink_metadata(&path).unwrap().is_file(), "{what}");
    }
}

#[tokio::test]
async fn servers_share_a_folder() {
    let directory = tempfile::tempdir().unwrap();
    let runners: Vec<_> = (0..4).map(|_| runner(directory.path())).collect();
    let all: Vec<Bytes> = (0..6).map(|i| small(&format!("plugin {i}"))).collect();
    let obtained = runners
        .iter()
        .flat_map(|runner| all.iter().map(move |component| obtain(runner, component)));
    futures_util::future::join_all(obtained).await;
    for runner in &runners {
        let [compiled, loaded, rejected] = did(runner);
        assert_eq!(compiled + loaded, 6);
        assert_eq!(rejected, 0, "nobody sees half a file");
    }
    assert_eq!(kept(directory.path()), 6);
    let last = runner(directory.path());
    for component in &all {
        obtain(&last, component).await;
    }
    assert_eq!(did(&last), [0, 6, 0]);
}

/// When the file was used, long ago.
fn age(path: &Path, age: Duration) {
    let file = File::options().write(true).open(path).unwrap();
    let times = FileTimes::new().set_modified(SystemTime::now() - age);
    file.set_times(times).unwrap();
}

#[tokio::test]
async fn what_was_not_used_for_the_longest_time_goes_first() {
    let directory = tempfile::tempdir().unwrap();
    let all: Vec<Bytes> = ["a", "b", "c", "d"].map(small).into();
    let first = runner(directory.path());
    for component in &all[..3] {
        obtain(&first, component).await;
    }
    let paths: Vec<_> = all
        .iter()
        .map(|component| file(directory.path(), component))
        .collect();
    let size = fs::metadata(&paths[0]).unwrap().len();
    for (path, hours) in paths.iter().zip([9, 8, 7]) {
        age(path, Duration::from_hours(hours));
    }
    // Room for three, of which the oldest is used once more.
    let room_for_three = cached(directory.path(), 3 * size + size / 2);
    let small = |settings: &WasmSettings| {
        let settings = WasmSettings {
            max_prepared: 1,
            ..settings.clone()
        };
        WasmRunner::new(settings, Secrets::default()).unwrap()
    };
    let second = small(&room_for_three);
    obtain(&second, &all[0]).await;
    assert_eq!(did(&second), [0, 1, 0]);
    let used = fs::metadata(&paths[0]).unwrap().modified().unwrap();
    let ago = SystemTime::now().duration_since(used).unwrap();
    assert!(ago < Duration::from_mins(5), "{ago:?}");
    obtain(&second, &all[3]).await;
    let left: Vec<_> = paths.iter().map(|path| path.exists()).collect();
    assert_eq!(left, [true, false, true, true]);
    // One that is in memory is in use, although nobody reads its file.
    age(&paths[3], Duration::from_hours(20));
    let third = WasmRunner::new(room_for_three, Secrets::default()).unwrap();
    obtain(&third, &all[3]).await;
    age(&paths[3], Duration::from_hours(20));
    obtain(&third, &all[1]).await;
    let left: Vec<_> = paths.iter().map(|path| path.exists()).collect();
    assert_eq!(left, [true, true, false, true]);
    // What is larger than the cache runs, and is not kept.
    let tiny = small(&cached(directory.path(), size / 2));
    obtain(&tiny, &all[2]).await;
    assert_eq!(did(&tiny), [1, 0, 0]);
    assert_eq!(
        kept(directory.path()),
        0,
        "the others were too much as well"
    );
}

#[tokio::test]
async fn what_other_engines_and_dead_servers_left_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let first = runner(directory.path());
    obtain(&first, &small("a")).await;
    let own = folder(directory.path());
    let plugins = directory.path().join("plugins");
    let of_before = plugins.join("0123456789abcdef0123456789abcdef");
    fs::create_dir(&of_before).unwrap();
    fs::write(of_before.join("code"), "old").unwrap();
    let somebodys = plugins.join("README");
    fs::write(&somebodys, "mine").unwrap();
    let (dead, at_work) = (own.join("dead.partial"), own.join("at-work.partial"));
    for partial in [&dead, &at_work] {
        fs::write(partial, "half").unwrap();
    }
    age(&dead, Duration::from_hours(1));
    let second = runner(directory.path());
    obtain(&second, &small("b")).await;
    let left = [&of_before, &somebodys, &dead, &at_work].map(|path| path.exists());
    assert_eq!(left, [false, true, false, true]);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_done_without() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = small("plugin");
    // The directory cannot be made.
    let occupied = directory.path().join("occupied");
    fs::write(&occupied, "a file").unwrap();
    let without = runner(&occupied);
    obtain(&without, &bytes).await;
    assert_eq!(did(&without), [1, 0, 0]);
    // The folder of this engine cannot be made: a full disk, seen from here.
    let spoilt = directory.path().join("spoilt");
    let runner = runner(&spoilt);
    fs::remove_dir(spoilt.join("plugins")).unwrap();
    obtain(&runner, &bytes).await;
    assert_eq!(did(&runner), [1, 0, 0]);
    assert!(!spoilt.join("plugins").exists());
}

#[tokio::test]
async fn what_cannot_be_compiled_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let settings = WasmSettings {
        compiler: Compiler::Process {
            program: "/bin/false".into(),
            arguments: Vec::new(),
        },
        ..cached(directory.path(), 64 * MIB)
    };
    let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
    let error = runner.prepare(small("plugin")).await.unwrap_err();
    assert!(
        matches!(error, PrepareError::Compile(CompileError::Broken(_))),
        "{error}"
    );
    let plugins = directory.path().join("plugins");
    assert_eq!(fs::read_dir(plugins).unwrap().count(), 0);
}
