//! Plugins.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::everything;
use serde_json::json;
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_store::{Entity, EventFilter, NewPlugin, StoreError};

contract![
    a_plugin_is_kept_with_its_bytes,
    a_version_never_changes_its_bytes,
    the_same_upload_many_times_is_one_version,
    the_catalogue_shows_each_plugin_once_and_can_be_searched,
];

fn plugin(name: &str, version: &str, description: &str, bytes: &[u8]) -> NewPlugin {
    NewPlugin {
        manifest: serde_json::from_value(json!({
            "name": name, "version": version, "description": description,
            "hook_points": ["post_segment"], "capabilities": ["segment"],
            "settings_schema": {"type": "object", "z": 1, "a": 2},
        }))
        .expect("a manifest"),
        digest: Digest::of(bytes),
        imports: vec!["wasi:filesystem/types@0.2.6".to_owned()],
        bytes: bytes.to_vec(),
    }
}

fn reference(text: &str) -> PluginRef {
    PluginRef::try_from(text.to_owned()).expect("a reference")
}

async fn a_plugin_is_kept_with_its_bytes(f: &Fixture) {
    let bytes = [0, 0x61, 0x73, 0x6d, 0xff, 0];
    let new = plugin("media-probe", "1.0.0", "Reads containers", &bytes);
    let kept = f.store.publish_plugin("boris", new.clone()).await.unwrap();
    assert_eq!(
        (&kept.manifest, &kept.imports),
        (&new.manifest, &new.imports)
    );
    assert_eq!((kept.digest, kept.size_bytes), (new.digest, 6));
    assert_eq!(
        (kept.uploaded_by.as_str(), kept.created_at),
        ("boris", start())
    );

    let by_name = f
        .store
        .find_plugin(&reference("media-probe@1.0.0"))
        .await
        .unwrap();
    assert_eq!(by_name.as_ref(), Some(&kept));
    let by_digest = f
        .store
        .find_plugin(&PluginRef::Digest(new.digest))
        .await
        .unwrap();
    assert_eq!(by_digest.as_ref(), Some(&kept));
    assert_eq!(
        f.store
            .find_plugin(&reference("media-probe@1.0.1"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(f.store.plugin_bytes(&new.digest).await.unwrap(), bytes);
    let error = f.store.plugin_bytes(&Digest::of(b"")).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::Plugin,
                ..
            }
        ),
        "{error:?}"
    );
}

async fn a_version_never_changes_its_bytes(f: &Fixture) {
    let first = plugin("media-probe", "1.0.0", "", b"one");
    let kept = f
        .store
        .publish_plugin("boris", first.clone())
        .await
        .unwrap();
    let again = f.store.publish_plugin("anna", first.clone()).await.unwrap();
    assert_eq!(again, kept);
    let other = plugin("media-probe", "1.0.0", "", b"two");
    let error = f.store.publish_plugin("anna", other).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::PluginVersionTaken { existing, .. } if *existing == first.digest),
        "{error:?}"
    );
    let filter = EventFilter {
        event_name: Some("plugin_published".to_owned()),
        job_id: None,
    };
    let events = f
        .store
        .list_events(&filter, everything())
        .await
        .unwrap()
        .items;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].data["digest"], json!(first.digest));
}

async fn the_same_upload_many_times_is_one_version(f: &Fixture) {
    let mut uploads = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let store = f.store.clone();
        uploads.spawn(async move {
            let new = plugin("media-probe", "1.0.0", "", b"one");
            store.publish_plugin("boris", new).await.unwrap().id
        });
    }
    let mut ids = uploads.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

async fn the_catalogue_shows_each_plugin_once_and_can_be_searched(f: &Fixture) {
    for (name, version, description) in [
        ("media-probe", "1.0.0", "Reads containers"),
        ("loudness", "0.1.0", "Measures 100% of the audio"),
        ("media-probe", "1.1.0", "Reads more containers"),
    ] {
        let bytes = format!("{name} {version}");
        let new = plugin(name, version, description, bytes.as_bytes());
        f.store.publish_plugin("boris", new).await.unwrap();
    }
    let found = async |search: Option<&str>| {
        let page = f.store.list_plugins(search, everything()).await.unwrap();
        page.items
            .iter()
            .map(|p| format!("{}@{}", p.manifest.name, p.manifest.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None).await, ["media-probe@1.1.0", "loudness@0.1.0"]);
    assert_eq!(found(Some("PROBE")).await, ["media-probe@1.1.0"]);
    assert_eq!(found(Some("measures")).await, ["loudness@0.1.0"]);
    assert_eq!(found(Some("100%")).await, ["loudness@0.1.0"]);
    assert_eq!(found(Some("m_dia")).await, Vec::<String>::new());
    assert_eq!(found(Some("\\")).await, Vec::<String>::new());
    let versions = f
        .store
        .plugin_versions(&"media-probe".parse().unwrap())
        .await
        .unwrap();
    let versions: Vec<_> = versions
        .iter()
        .map(|v| v.manifest.version.to_string())
        .collect();
    assert_eq!(versions, ["1.1.0", "1.0.0"]);
    assert_eq!(
        f.store
            .plugin_versions(&"nobody".parse().unwrap())
            .await
            .unwrap(),
        []
    );
}
