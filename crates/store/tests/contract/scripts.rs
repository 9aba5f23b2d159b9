//! Scripts.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, spec};
use serde_json::json;
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use stagehook_core::page::PageRequest;
use stagehook_core::script::{FOLDER_MAX_SCRIPTS, SCRIPT_MAX_BYTES, ScriptVersion};
use stagehook_store::{AuditFilter, NewScript, Pushed, ScriptGuard, StoreError};

contract![
    a_script_is_kept_with_every_version,
    what_is_said_already_is_no_new_version,
    a_deleted_script_keeps_its_history_and_comes_back,
    a_change_can_be_bound_to_what_it_was_made_from,
    versions_and_what_they_say_cannot_be_changed_or_deleted,
    every_change_is_on_the_trail,
    a_listing_is_searched_by_the_beginning_of_the_path,
    a_folder_has_bounds,
    what_a_trusted_hook_runs_is_changed_with_trust_alone,
    whoever_pushes_waits_for_a_hook_that_is_becoming_trusted,
    many_pushes_at_once_are_counted_one_by_one,
];

const TRUSTED: ScriptGuard = ScriptGuard {
    only_if: None,
    trusted: true,
};

fn path(text: &str) -> ScriptPath {
    text.parse().expect("a path")
}

fn script(at: &str, content: &[u8]) -> NewScript {
    NewScript {
        path: path(at),
        digest: Digest::of(content),
        content: content.to_vec().into(),
        guard: ScriptGuard::default(),
    }
}

async fn push(f: &Fixture, at: &str, content: &[u8]) -> Pushed {
    f.store
        .push_script("boris", script(at, content))
        .await
        .unwrap()
}

async fn delete(f: &Fixture, at: &str) -> Result<(), StoreError> {
    let guard = ScriptGuard::default();
    f.store.delete_script("dmitri", &path(at), guard).await
}

async fn history(f: &Fixture, at: &str) -> Vec<i64> {
    let versions = f.store.script_versions(&path(at), everything()).await;
    let versions = versions.unwrap().items;
    versions.iter().map(|version| version.version).collect()
}

async fn listed(f: &Fixture, prefix: Option<&str>) -> Vec<String> {
    let page = f.store.list_scripts(prefix, everything()).await.unwrap();
    let paths = page.items.iter().map(|script| script.path.to_string());
    paths.collect()
}

async fn a_script_is_kept_with_every_version(f: &Fixture) {
    let contents: [&[u8]; 3] = [b"exit 0\n", b"\0\xff exit 1", b""];
    for (number, content) in (1..).zip(contents) {
        let pushed = push(f, "qc/check.sh", content).await;
        let expected = ScriptVersion {
            path: path("qc/check.sh"),
            version: number,
            digest: Digest::of(content),
            size_bytes: i64::try_from(content.len()).unwrap(),
            created_by: "boris".to_owned(),
            created_at: start(),
        };
        assert_eq!((&pushed.version, pushed.is_new), (&expected, true));
        let newest = f.store.get_script(&path("qc/check.sh")).await.unwrap();
        assert_eq!(newest, expected);
    }
    for (number, content) in (1..).zip(contents) {
        let version = f
            .store
            .get_script_version(&path("qc/check.sh"), number)
            .await
            .unwrap();
        let kept = f.store.script_content(&version.digest).await.unwrap();
        assert_eq!(kept, content);
    }
    assert_eq!(history(f, "qc/check.sh").await, [3, 2, 1]);
    let first = PageRequest {
        limit: 2,
        cursor: None,
    };
    let page = f.store.script_versions(&path("qc/check.sh"), first).await;
    let page = page.unwrap();
    assert_eq!(page.items.len(), 2);
    let rest = PageRequest {
        limit: 2,
        cursor: page.next_cursor,
    };
    let page = f.store.script_versions(&path("qc/check.sh"), rest).await;
    assert_eq!(page.unwrap().items[0].version, 1);

    let largest = vec![b'x'; SCRIPT_MAX_BYTES];
    let pushed = push(f, "large.sh", &largest).await;
    let kept = f.store.script_content(&pushed.version.digest).await;
    assert_eq!(kept.unwrap(), largest);

    for error in [
        f.store
            .get_script_version(&path("qc/check.sh"), 4)
            .await
            .map(drop),
        f.store.get_script(&path("check.sh")).await.map(drop),
        f.store.script_content(&Digest::of(b"?")).await.map(drop),
        f.store
            .script_versions(&path("check.sh"), everything())
            .await
            .map(drop),
        delete(f, "check.sh").await,
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
    }
}

async fn what_is_said_already_is_no_new_version(f: &Fixture) {
    let first = push(f, "check.sh", b"one").await;
    let again = push(f, "check.sh", b"one").await;
    assert_eq!((again.version, again.is_new), (first.version, false));
    let two = push(f, "check.sh", b"two").await;
    assert_eq!(two.version.version, 2);
    // What was said once and is not said any more is news again.
    let back = push(f, "check.sh", b"one").await;
    assert_eq!((back.version.version, back.is_new), (3, true));
    // The same text elsewhere is kept once.
    push(f, "copy.sh", b"one").await;
    let contents = f.count("SELECT count(*) FROM script_contents").await;
    assert_eq!(contents, 2);
}

async fn a_deleted_script_keeps_its_history_and_comes_back(f: &Fixture) {
    push(f, "qc/check.sh", b"one").await;
    push(f, "qc/lib.sh", b"lib").await;
    delete(f, "qc/check.sh").await.unwrap();
    let error = f.store.get_script(&path("qc/check.sh")).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
    delete(f, "qc/check.sh").await.unwrap_err();
    assert_eq!(listed(f, None).await, ["qc/lib.sh"]);
    let beside = f.store.scripts_of_folder("qc").await.unwrap();
    assert_eq!(beside.len(), 1);
    assert_eq!(history(f, "qc/check.sh").await, [1]);
    let version = f
        .store
        .get_script_version(&path("qc/check.sh"), 1)
        .await
        .unwrap();
    assert_eq!(
        f.store.script_content(&version.digest).await.unwrap(),
        b"one"
    );

    let back = push(f, "qc/check.sh", b"one").await;
    assert_eq!((back.version.version, back.is_new), (2, true));
    assert_eq!(listed(f, None).await, ["qc/check.sh", "qc/lib.sh"]);
    assert_eq!(f.store.scripts_of_folder("qc").await.unwrap().len(), 2);
    assert_eq!(f.store.scripts_of_folder("").await.unwrap(), []);
}

async fn a_change_can_be_bound_to_what_it_was_made_from(f: &Fixture) {
    let bound = |content: &[u8], to: &[u8]| NewScript {
        guard: ScriptGuard {
            only_if: Some(Digest::of(to)),
            trusted: false,
        },
        ..script("check.sh", content)
    };
    let changed = |error: StoreError, current: Option<&[u8]>| {
        let says = error.to_string();
        let StoreError::ScriptChanged { current: now, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(now, current.map(Digest::of), "{says}");
    };
    // There is none yet, and none comes of it.
    let error = f.store.push_script("eve", bound(b"two", b"one")).await;
    changed(error.unwrap_err(), None);
    assert_eq!(f.count("SELECT count(*) FROM scripts").await, 0);

    push(f, "check.sh", b"one").await;
    let two = f.store.push_script("anna", bound(b"two", b"one")).await;
    assert_eq!(two.unwrap().version.version, 2);
    let error = f.store.push_script("eve", bound(b"three", b"one")).await;
    changed(error.unwrap_err(), Some(b"two"));
    let guard = bound(b"", b"one").guard;
    let error = f.store.delete_script("eve", &path("check.sh"), guard).await;
    changed(error.unwrap_err(), Some(b"two"));
    assert_eq!(listed(f, None).await, ["check.sh"]);
    let guard = bound(b"", b"two").guard;
    f.store
        .delete_script("anna", &path("check.sh"), guard)
        .await
        .unwrap();
    let error = f.store.push_script("eve", bound(b"three", b"two")).await;
    changed(error.unwrap_err(), None);
}

async fn versions_and_what_they_say_cannot_be_changed_or_deleted(f: &Fixture) {
    push(f, "check.sh", b"one").await;
    for sql in [
        "UPDATE script_versions SET created_by = 'eve'",
        "UPDATE script_contents SET content = digest",
        "DELETE FROM script_versions",
        "DELETE FROM script_contents",
        "DELETE FROM scripts",
    ] {
        f.raw(sql).await.expect_err(sql);
    }
    let newest = f.store.get_script(&path("check.sh")).await.unwrap();
    assert_eq!(
        f.store.script_content(&newest.digest).await.unwrap(),
        b"one"
    );
}

async fn every_change_is_on_the_trail(f: &Fixture) {
    let one = push(f, "qc/check.sh", b"one").await.version;
    push(f, "qc/check.sh", b"one").await;
    let two = push(f, "qc/check.sh", b"two").await.version;
    delete(f, "qc/check.sh").await.unwrap();
    let filter = AuditFilter {
        subject_type: Some("script".to_owned()),
        subject_id: Some("qc/check.sh".to_owned()),
        actor: None,
    };
    let trail = f.store.list_audit(&filter, everything()).await.unwrap();
    let told: Vec<_> = trail
        .items
        .into_iter()
        .map(|entry| (entry.actor, entry.action, entry.before, entry.after))
        .collect();
    let document = |version: &ScriptVersion| Some(serde_json::to_value(version).unwrap());
    let entry = |actor: &str, action: &str, before, after| {
        (actor.to_owned(), action.to_owned(), before, after)
    };
    assert_eq!(
        told,
        [
            entry("dmitri", "script.delete", document(&two), None),
            entry("boris", "script.put", document(&one), document(&two)),
            entry("boris", "script.put", None, document(&one)),
        ]
    );
}

async fn a_listing_is_searched_by_the_beginning_of_the_path(f: &Fixture) {
    for path in ["qc/a.sh", "qc/b.sh", "QC/a.sh", "q%/a.sh", "größe.sh"] {
        push(f, path, path.as_bytes()).await;
    }
    assert_eq!(listed(f, Some("qc/")).await, ["qc/a.sh", "qc/b.sh"]);
    assert_eq!(listed(f, Some("q%")).await, ["q%/a.sh"]);
    assert_eq!(listed(f, Some("größe")).await, ["größe.sh"]);
    assert_eq!(listed(f, Some("")).await.len(), 5);
    assert_eq!(listed(f, Some("a.sh")).await, [""; 0]);
    let first = PageRequest {
        limit: 1,
        cursor: None,
    };
    let page = f.store.list_scripts(Some("qc/"), first).await.unwrap();
    let rest = PageRequest {
        limit: 1,
        cursor: page.next_cursor,
    };
    let page = f.store.list_scripts(Some("qc/"), rest).await.unwrap();
    assert_eq!(page.items[0].path, path("qc/b.sh"));
    assert_eq!(page.next_cursor, None);
}

async fn a_folder_has_bounds(f: &Fixture) {
    let full = async |at: &str, content: &[u8]| {
        let pushed = f.store.push_script("boris", script(at, content)).await;
        let error = pushed.unwrap_err();
        assert!(matches!(error, StoreError::FolderFull { .. }), "{error:?}");
    };
    for number in 0..FOLDER_MAX_SCRIPTS {
        push(f, &format!("many/{number}.sh"), b"").await;
    }
    full("many/more.sh", b"").await;
    // What is there can be changed, and what is deleted makes room.
    push(f, "many/7.sh", b"changed").await;
    delete(f, "many/8.sh").await.unwrap();
    push(f, "many/more.sh", b"").await;
    full("many/8.sh", b"").await;
    push(f, "many/below/more.sh", b"").await;

    let large = vec![b'x'; SCRIPT_MAX_BYTES];
    for number in 0..4 {
        push(f, &format!("{number}.sh"), &large).await;
    }
    full("more.sh", b"x").await;
    push(f, "3.sh", b"small").await;
    push(f, "more.sh", b"x").await;
}

async fn what_a_trusted_hook_runs_is_changed_with_trust_alone(f: &Fixture) {
    let trusted = |name: &str, path: &str| {
        let config = json!({"script_path": path, "sandbox": "trusted"});
        spec(name, json!({"config": config}))
    };
    let confined = json!({"script_path": "free/check.sh", "args": ["trusted"]});
    f.hook(&spec("confined", json!({"config": confined}))).await;
    let hook = f.hook(&trusted("mount", "ops/mount.sh")).await;
    push(f, "free/check.sh", b"one").await;
    push(f, "ops/below/mount.sh", b"one").await;
    for at in ["ops/mount.sh", "ops/imported.sh"] {
        let pushed = f.store.push_script("eve", script(at, b"rm")).await;
        let error = pushed.unwrap_err();
        let says = error.to_string();
        assert!(
            matches!(error, StoreError::ScriptTrusted { .. }),
            "{error:?}"
        );
        assert!(says.contains("'mount'"), "{says}");
        let by_anna = NewScript {
            guard: TRUSTED,
            ..script(at, b"mount")
        };
        f.store.push_script(ANNA, by_anna).await.unwrap();
        let error = delete(f, at).await.unwrap_err();
        assert!(
            matches!(error, StoreError::ScriptTrusted { .. }),
            "{error:?}"
        );
    }
    // Nothing runs it any more.
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    push(f, "ops/mount.sh", b"anything").await;
    delete(f, "ops/imported.sh").await.unwrap();
}

async fn whoever_pushes_waits_for_a_hook_that_is_becoming_trusted(f: &Fixture) {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let hook = json!({"script_path": "ops/mount.sh"});
    f.hook(&spec("mount", json!({"config": hook}))).await;
    let mut saving = f.beside().await.unwrap();
    let begin = if f.is_sqlite() {
        "BEGIN IMMEDIATE"
    } else {
        "BEGIN"
    };
    saving.execute(begin).await.unwrap();
    for sql in [
        "UPDATE hook_generation SET generation = generation + 1",
        r#"UPDATE hooks SET config = '{"script_path": "ops/mount.sh", "sandbox": "trusted"}'"#,
    ] {
        assert_eq!(saving.execute(sql).await.unwrap(), 1);
    }
    let store = f.store.clone();
    let pushing = tokio::spawn(async move {
        store
            .push_script("eve", script("ops/mount.sh", b"rm"))
            .await
    });
    // SQLite has one writer at a time; PostgreSQL says who waits for whom.
    while !f.is_sqlite() && !pushing.is_finished() && f.count(WAITING).await == 0 {}
    saving.execute("COMMIT").await.unwrap();
    saving.close().await.unwrap();
    let error = pushing.await.unwrap().unwrap_err();
    assert!(
        matches!(error, StoreError::ScriptTrusted { .. }),
        "{error:?}"
    );
}

async fn many_pushes_at_once_are_counted_one_by_one(f: &Fixture) {
    let mut at_once = tokio::task::JoinSet::new();
    for number in 0..8 {
        let store = f.store.clone();
        at_once.spawn(async move {
            let content = format!("exit {}", number % 4);
            let new = script("check.sh", content.as_bytes());
            store.push_script("boris", new).await.unwrap()
        });
    }
    let pushed = at_once.join_all().await;
    let news = pushed.iter().filter(|pushed| pushed.is_new).count();
    let versions = history(f, "check.sh").await;
    let expected: Vec<i64> = (1..=i64::try_from(news).unwrap()).rev().collect();
    assert_eq!(versions, expected);
}
