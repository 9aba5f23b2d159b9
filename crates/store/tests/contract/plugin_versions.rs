//! Versions of plugins: in pages, one for each component, and out of hooks once
//! they were yanked.

use crate::contract;
use crate::fixture::Fixture;
use crate::plugins::{catalogue, name, plugin, publish, reference, version};
use crate::samples::spec;
use serde_json::{Value, json};
use stagehook_core::config::PluginRef;
use stagehook_core::hook::HookSpec;
use stagehook_core::page::PageRequest;
use stagehook_core::plugin::PluginVersion;
use stagehook_store::StoreError;

contract![
    versions_come_in_pages_the_highest_first,
    one_component_is_one_version_of_one_plugin,
    components_that_were_published_twice_before_stay,
    a_yanked_version_gets_into_no_hook_that_did_not_run_it,
    a_hook_waits_for_a_yank_that_is_under_way,
];

async fn versions_come_in_pages_the_highest_first(f: &Fixture) {
    for version in ["1.2.0", "1.10.0", "2.0.0-rc.1", "1.9.0", "0.1.0"] {
        publish(f, "probe", version).await;
        publish(f, "other", version).await;
    }
    let mut page = PageRequest {
        limit: 2,
        cursor: None,
    };
    let mut pages: Vec<Vec<String>> = Vec::new();
    loop {
        let found = f.store.plugin_versions(&name("probe"), page).await.unwrap();
        let versions = found.items.iter();
        pages.push(
            versions
                .map(|version| version.reference().to_string())
                .collect(),
        );
        // What comes meanwhile stands in its place, and moves nothing else.
        if pages.len() == 1 {
            publish(f, "probe", "1.10.1").await;
            publish(f, "probe", "1.9.9").await;
        }
        match found.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    let expected = [
        vec!["probe@2.0.0-rc.1", "probe@1.10.0"],
        vec!["probe@1.9.9", "probe@1.9.0"],
        vec!["probe@1.2.0", "probe@0.1.0"],
    ];
    assert_eq!(pages, expected);
}

async fn one_component_is_one_version_of_one_plugin(f: &Fixture) {
    let first = plugin("probe", "1.0.0", "", b"one");
    f.store.publish_plugin("boris", first).await.unwrap();
    for (name, version) in [("probe", "1.1.0"), ("twin", "1.0.0")] {
        let again = plugin(name, version, "", b"one");
        let error = f.store.publish_plugin("anna", again).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::PluginDigestTaken { existing, .. }
                if existing == "probe@1.0.0"),
            "{error:?}"
        );
    }
    // Nothing is left of the plugin that got no version.
    assert_eq!(catalogue(f).await, [("probe@1.0.0".to_owned(), 1)]);
    assert_eq!(f.count("SELECT count(*) FROM plugins").await, 1);

    let mut uploads = tokio::task::JoinSet::new();
    for i in 0..6 {
        let store = f.store.clone();
        uploads.spawn(async move {
            let new = plugin(&format!("plugin-{i}"), "1.0.0", "", b"two");
            store.publish_plugin("boris", new).await.is_ok()
        });
    }
    let published = uploads.join_all().await.into_iter().filter(|is| *is);
    assert_eq!(published.count(), 1);
    let copy = "INSERT INTO plugin_versions
        (plugin_id, version, digest, description, manifest, imports, size_bytes, uploaded_by,
         created_at, bytes)
        SELECT plugin_id, '9.9.9', digest, description, manifest, imports, size_bytes,
               uploaded_by, created_at, bytes FROM plugin_versions WHERE version = '1.0.0'";
    f.raw(copy).await.expect_err("the database holds it, too");
}

/// From the time before the database held that digests are unique.
async fn components_that_were_published_twice_before_stay(f: &Fixture) {
    let first = publish(f, "probe", "1.0.0").await;
    let copy = "INSERT INTO plugin_versions
        (plugin_id, version, digest, description, manifest, imports, size_bytes, uploaded_by,
         created_at, bytes, twin_of)
        SELECT plugin_id, '1.1.0', digest, description, manifest, imports, size_bytes,
               uploaded_by, created_at, bytes, id FROM plugin_versions";
    assert_eq!(f.raw(copy).await.unwrap(), 1);
    let by_digest = f.store.find_plugin(&PluginRef::Digest(first.digest)).await;
    assert_eq!(by_digest.unwrap(), Some(first.clone()));
    let twin = f.store.find_plugin(&reference("probe@1.1.0")).await;
    assert_eq!(twin.unwrap().unwrap().digest, first.digest);
    let bytes = f.store.plugin_bytes(&first.digest).await.unwrap();
    assert_eq!(bytes, b"probe@1.0.0");
}

async fn a_yanked_version_gets_into_no_hook_that_did_not_run_it(f: &Fixture) {
    let one = publish(f, "probe", "1.0.0").await;
    let two = publish(f, "probe", "1.1.0").await;
    let wasm = |config: Value| spec("guest", json!({"hook_type": "wasm", "config": config}));
    let pinned = |requirement: &str, to: &PluginVersion| {
        let version = &to.manifest.version;
        let pinned = json!({"version": version, "digest": to.digest});
        wasm(json!({"plugin": format!("probe@{requirement}"), "pinned": pinned}))
    };
    let runs_one = f.hook(&pinned("^1", &one)).await;
    // Found out by whoever saves the hook, before the yank.
    let specs = [
        wasm(json!({"plugin": "probe@1.0.0"})),
        wasm(json!({"plugin": one.digest})),
        pinned("~1.0", &one),
    ];
    f.store
        .yank_plugin("anna", &name("probe"), &version("1.0.0"), "leaks")
        .await
        .unwrap();
    for spec in &specs {
        let error = f.store.create_hook("boris", spec).await.unwrap_err();
        let says = error.to_string();
        assert!(
            matches!(error, StoreError::PluginYanked { .. }),
            "{error:?}"
        );
        assert!(says.contains("yanked by anna (leaks)"), "{says}");
    }
    let update = async |id, version, spec: &HookSpec| {
        let updated = f.store.update_hook("boris", id, version, spec).await;
        updated.map(|hook| hook.version)
    };
    // What it runs may be named in other words.
    for (version, spec) in (1..).zip(&specs) {
        let updated = update(runs_one.id, version, spec).await;
        assert_eq!(updated.unwrap(), version + 1);
    }
    let away = update(runs_one.id, 4, &wasm(json!({"plugin": two.digest}))).await;
    assert_eq!(away.unwrap(), 5);
    let error = update(runs_one.id, 5, &specs[0]).await.unwrap_err();
    assert!(
        matches!(error, StoreError::PluginYanked { .. }),
        "{error:?}"
    );
    assert_eq!(f.store.get_hook(runs_one.id).await.unwrap().version, 5);
}

async fn a_hook_waits_for_a_yank_that_is_under_way(f: &Fixture) {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    publish(f, "probe", "1.0.0").await;
    let mut yank = f.beside().await.unwrap();
    let begin = if f.is_sqlite() {
        "BEGIN IMMEDIATE"
    } else {
        "BEGIN"
    };
    yank.execute(begin).await.unwrap();
    let yanked = "UPDATE plugin_versions
        SET yanked_at = created_at, yanked_by = 'anna', yank_reason = ''";
    assert_eq!(yank.execute(yanked).await.unwrap(), 1);

    let store = f.store.clone();
    let config = json!({"plugin": "probe@1.0.0"});
    let spec = spec("guest", json!({"hook_type": "wasm", "config": config}));
    let saving = tokio::spawn(async move { store.create_hook("boris", &spec).await });
    // SQLite has one writer at a time; PostgreSQL says who waits for whom.
    while !f.is_sqlite() && !saving.is_finished() && f.count(WAITING).await == 0 {}
    yank.execute("COMMIT").await.unwrap();
    yank.close().await.unwrap();
    let error = saving.await.unwrap().unwrap_err();
    assert!(
        matches!(error, StoreError::PluginYanked { .. }),
        "{error:?}"
    );
}
