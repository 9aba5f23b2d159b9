//! Plugins.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{everything, spec};
use semver::{Version, VersionReq};
use serde_json::json;
use stagehook_core::audit::AuditEntry;
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::plugin::{PluginName, PluginVersion};
use stagehook_core::signature::PluginSignature;
use stagehook_store::{AuditFilter, Entity, EventFilter, NewPlugin, StoreError};
use std::collections::BTreeSet;

contract![
    a_plugin_is_kept_with_its_bytes,
    a_version_never_changes_its_bytes,
    the_same_upload_many_times_is_one_version,
    the_catalogue_shows_each_plugin_once_and_can_be_searched,
    the_newest_version_is_the_highest_that_was_not_yanked,
    a_requirement_is_met_by_the_newest_that_fits,
    a_yank_is_on_record_and_can_be_taken_back,
    a_signature_can_be_added_later,
    a_version_cannot_be_changed_or_deleted,
    the_hooks_that_run_a_version_are_counted,
];

pub(crate) fn plugin(name: &str, version: &str, description: &str, bytes: &[u8]) -> NewPlugin {
    NewPlugin {
        manifest: serde_json::from_value(json!({
            "name": name, "version": version, "description": description,
            "hook_points": ["post_segment"], "capabilities": ["segment_read"],
            "settings_schema": {"type": "object", "z": 1, "a": 2},
        }))
        .expect("a manifest"),
        digest: Digest::of(bytes),
        imports: vec!["wasi:filesystem/types@0.2.6".to_owned()],
        bytes: bytes.to_vec().into(),
        signature: None,
    }
}

/// A version whose bytes are its name.
pub(crate) async fn publish(f: &Fixture, name: &str, version: &str) -> PluginVersion {
    let bytes = format!("{name}@{version}");
    let new = plugin(name, version, "", bytes.as_bytes());
    f.store.publish_plugin("boris", new).await.unwrap()
}

pub(crate) fn name(text: &str) -> PluginName {
    text.parse().expect("a name")
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

pub(crate) fn reference(text: &str) -> PluginRef {
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
        ..EventFilter::default()
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
            .map(|p| format!("{}@{}", p.newest.manifest.name, p.newest.manifest.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(None).await, ["media-probe@1.1.0", "loudness@0.1.0"]);
    assert_eq!(found(Some("PROBE")).await, ["media-probe@1.1.0"]);
    assert_eq!(found(Some("measures")).await, ["loudness@0.1.0"]);
    assert_eq!(found(Some("100%")).await, ["loudness@0.1.0"]);
    assert_eq!(found(Some("Post_Segment")).await.len(), 2);
    assert_eq!(found(Some("segment_READ")).await.len(), 2);
    assert_eq!(found(Some("m_dia")).await, Vec::<String>::new());
    assert_eq!(found(Some("\\")).await, Vec::<String>::new());
    let versions: Vec<_> = versions_of(f, "media-probe")
        .await
        .iter()
        .map(|v| v.manifest.version.to_string())
        .collect();
    assert_eq!(versions, ["1.1.0", "1.0.0"]);
    assert_eq!(versions_of(f, "nobody").await, []);
}

async fn versions_of(f: &Fixture, of: &str) -> Vec<PluginVersion> {
    let page = f.store.plugin_versions(&name(of), everything()).await;
    page.unwrap().items
}

/// The catalogue, as name@version and how many versions there are.
pub(crate) async fn catalogue(f: &Fixture) -> Vec<(String, u32)> {
    let page = f.store.list_plugins(None, everything()).await.unwrap();
    page.items
        .iter()
        .map(|entry| (entry.newest.reference().to_string(), entry.versions))
        .collect()
}

async fn the_newest_version_is_the_highest_that_was_not_yanked(f: &Fixture) {
    for version in ["1.9.0", "1.10.0", "1.2.0", "2.0.0-rc.1"] {
        publish(f, "probe", version).await;
    }
    let shows = async |shown: &str| {
        assert_eq!(catalogue(f).await, [(format!("probe@{shown}"), 4)]);
    };
    shows("1.10.0").await;
    let yank = async |text: &str| {
        let (name, version) = (name("probe"), version(text));
        let yanked = f.store.yank_plugin("anna", &name, &version, "").await;
        assert!(yanked.unwrap().yanked.is_some());
    };
    yank("1.10.0").await;
    shows("1.9.0").await;
    yank("1.9.0").await;
    yank("1.2.0").await;
    shows("2.0.0-rc.1").await;
    yank("2.0.0-rc.1").await;
    shows("1.10.0").await;
    f.store
        .unyank_plugin("anna", &name("probe"), &version("1.2.0"))
        .await
        .unwrap();
    shows("1.2.0").await;
    let order: Vec<_> = versions_of(f, "probe")
        .await
        .iter()
        .map(|v| (v.manifest.version.to_string(), v.yanked.is_some()))
        .collect();
    let expected = [
        ("2.0.0-rc.1", true),
        ("1.10.0", true),
        ("1.9.0", true),
        ("1.2.0", false),
    ];
    assert_eq!(order, expected.map(|(v, yanked)| (v.to_owned(), yanked)));
}

async fn a_requirement_is_met_by_the_newest_that_fits(f: &Fixture) {
    for version in ["1.2.0", "1.10.0", "1.3.0", "2.0.0", "2.1.0-beta.1"] {
        publish(f, "probe", version).await;
    }
    publish(f, "other", "1.99.0").await;
    let met = async |requirement: &str| {
        let requirement = VersionReq::parse(requirement).unwrap();
        let found = f.store.newest_plugin(&name("probe"), &requirement).await;
        found.unwrap().map(|v| v.manifest.version.to_string())
    };
    assert_eq!(met("^1.2").await.as_deref(), Some("1.10.0"));
    assert_eq!(met("~1.3").await.as_deref(), Some("1.3.0"));
    assert_eq!(met("*").await.as_deref(), Some("2.0.0"));
    assert_eq!(met("^2.1.0-beta").await.as_deref(), Some("2.1.0-beta.1"));
    assert_eq!(met("^3").await, None);
    f.store
        .yank_plugin("anna", &name("probe"), &version("1.10.0"), "broken")
        .await
        .unwrap();
    assert_eq!(met("^1.2").await.as_deref(), Some("1.3.0"));
    let nobody = f
        .store
        .newest_plugin(&name("nobody"), &VersionReq::STAR)
        .await;
    assert_eq!(nobody.unwrap(), None);

    let names = BTreeSet::from([name("probe"), name("other"), name("nobody")]);
    let usable = f.store.usable_versions(&names).await.unwrap();
    let count = |of: &str| usable.get(&name(of)).map_or(0, Vec::len);
    assert_eq!((count("probe"), count("other"), count("nobody")), (4, 1, 0));
    let none = f.store.usable_versions(&BTreeSet::new()).await.unwrap();
    assert!(none.is_empty());
}

async fn audit(f: &Fixture, of: &str) -> Vec<AuditEntry> {
    let filter = AuditFilter {
        subject_type: Some("plugin".to_owned()),
        subject_id: Some(of.to_owned()),
        actor: None,
    };
    let page = f.store.list_audit(&filter, everything()).await.unwrap();
    page.items
}

async fn a_yank_is_on_record_and_can_be_taken_back(f: &Fixture) {
    let kept = publish(f, "probe", "1.0.0").await;
    let (probe, one) = (name("probe"), version("1.0.0"));
    let yank = async |reason: &str| {
        let yanked = f.store.yank_plugin("anna", &probe, &one, reason).await;
        yanked.unwrap()
    };
    let yanked = yank("leaks").await;
    let why = yanked.yanked.clone().unwrap();
    assert_eq!(
        (why.at, why.by.as_str(), why.reason.as_str()),
        (start(), "anna", "leaks")
    );
    // Once more changes nothing, and leaves no trace.
    assert_eq!(yank("again").await, yanked);
    let by_name = f.store.find_plugin(&kept.reference()).await.unwrap();
    assert_eq!(by_name, Some(yanked));
    let back = f.store.unyank_plugin("boris", &probe, &one).await.unwrap();
    assert_eq!(back, kept);
    let actions: Vec<_> = audit(f, "probe@1.0.0")
        .await
        .into_iter()
        .map(|entry| (entry.action, entry.actor, entry.before.is_some()))
        .collect();
    let expected = [
        ("plugin.unyank", "boris", true),
        ("plugin.yank", "anna", true),
        ("plugin.publish", "boris", false),
    ];
    assert_eq!(
        actions,
        expected.map(|(action, actor, before)| (action.to_owned(), actor.to_owned(), before))
    );
    for (of, at) in [("probe", "9.9.9"), ("nobody", "1.0.0")] {
        let (of, at) = (name(of), version(at));
        let error = f.store.yank_plugin("anna", &of, &at, "").await.unwrap_err();
        assert!(
            matches!(error, StoreError::NotFound { .. }),
            "{of}@{at}: {error:?}"
        );
    }
}

async fn a_signature_can_be_added_later(f: &Fixture) {
    let unsigned = publish(f, "probe", "1.0.0").await;
    assert_eq!((unsigned.signature, &unsigned.signed_by), (None, &None));
    let signature = PluginSignature::from_bytes([7; 64]);
    let mut signed = plugin("probe", "1.0.0", "", b"probe@1.0.0");
    signed.signature = Some((signature, "studio".to_owned()));
    let kept = f
        .store
        .publish_plugin("anna", signed.clone())
        .await
        .unwrap();
    assert_eq!(
        (kept.signature, kept.signed_by.as_deref()),
        (Some(signature), Some("studio"))
    );
    assert_eq!((kept.id, kept.uploaded_by.as_str()), (unsigned.id, "boris"));
    // Without one, what is there stays.
    assert_eq!(publish(f, "probe", "1.0.0").await, kept);
    assert_eq!(f.store.publish_plugin("anna", signed).await.unwrap(), kept);
    let found = f.store.find_plugin(&kept.reference()).await.unwrap();
    assert_eq!(found, Some(kept));
    let actions: Vec<_> = audit(f, "probe@1.0.0")
        .await
        .into_iter()
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["plugin.sign", "plugin.publish"]);
}

async fn a_version_cannot_be_changed_or_deleted(f: &Fixture) {
    let kept = publish(f, "probe", "1.0.0").await;
    for change in [
        "UPDATE plugin_versions SET version = '9.9.9'",
        "UPDATE plugin_versions SET digest = bytes",
        "UPDATE plugin_versions SET bytes = digest",
        "UPDATE plugin_versions SET manifest = '{}'",
        "UPDATE plugin_versions SET imports = '[]'",
        "DELETE FROM plugin_versions",
    ] {
        let error = f.raw(change).await.expect_err(change).to_string();
        assert!(error.contains("cannot be"), "{change}: {error}");
    }
    let found = f.store.find_plugin(&kept.reference()).await.unwrap();
    assert_eq!(found, Some(kept));
}

async fn the_hooks_that_run_a_version_are_counted(f: &Fixture) {
    let one = publish(f, "probe", "1.0.0").await;
    let two = publish(f, "probe", "1.1.0").await;
    let pinned = json!({"version": "1.0.0", "digest": one.digest});
    for (i, config) in [
        json!({"plugin": "probe@1.0.0"}),
        json!({"plugin": one.digest}),
        json!({"plugin": "probe@^1", "pinned": pinned}),
        json!({"plugin": two.digest, "settings": {"plugin": "probe@1.0.0"}}),
        json!({"plugin": "prob@1.0.0"}),
    ]
    .into_iter()
    .enumerate()
    {
        let change = json!({"hook_type": "wasm", "config": config});
        let spec = spec(&format!("hook {i}"), change);
        f.store.create_hook("boris", &spec).await.unwrap();
    }
    assert_eq!(f.store.hooks_with_plugin(&one).await.unwrap(), 3);
    assert_eq!(f.store.hooks_with_plugin(&two).await.unwrap(), 1);
}
