//! Changing and finding hooks.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, record, scoped, spec};
use serde_json::json;
use stagehook_core::config::HookType;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::hook::HookSpec;
use stagehook_core::ids::HookId;
use stagehook_core::scope::{Lineage, Scope, ScopeType};
use stagehook_core::trigger::{HookPoint, Trigger};
use stagehook_store::{Entity, EventFilter, HookFilter, LogFilter, StoreError};

contract![
    hooks_of_every_type_come_back_as_they_were_given,
    a_name_is_unique_at_its_trigger_and_scope,
    a_hook_is_changed_by_those_who_read_it_last,
    of_two_changes_at_once_one_is_refused,
    a_change_to_a_taken_name_changes_nothing,
    a_deleted_hook_keeps_its_logs_and_frees_its_name,
    every_change_moves_the_generation_and_is_an_event,
    hooks_are_listed_by_what_they_are,
    a_lineage_has_its_own_hooks_and_the_inherited_ones,
    the_database_notes_when_a_hook_changed,
];

async fn hooks_of_every_type_come_back_as_they_were_given(f: &Fixture) {
    let specs = [
        spec(
            "shell",
            json!({
                "description": "grades\nthe segment", "failure_mode": "block", "sort_order": -5,
                "config": {"script_path": "grade.sh", "args": ["--fast", "größe"], "env": {"A": "1"}, "timeout_seconds": 5},
            }),
        ),
        spec(
            "python",
            json!({"hook_type": "python", "enabled": false, "extends": true}),
        ),
        spec(
            "webhook",
            json!({
                "hook_type": "webhook", "hook_point": null, "event": "job_*",
                "config": {"url": "https://tracker.example.com/hook"},
            }),
        ),
        spec(
            "wasm",
            json!({
                "hook_type": "wasm", "sort_order": i64::MAX,
                "config": {"plugin": "media-probe@1.0.0", "settings": {"z": "\u{0}", "a": 1.5}},
            }),
        ),
    ];
    for given in specs {
        let hook = f.store.create_hook("boris", &given).await.unwrap();
        assert_eq!(hook.spec, given);
        assert_eq!((hook.version, hook.created_by.as_str()), (1, "boris"));
        assert_eq!((hook.created_at, hook.updated_at), (start(), start()));
        assert_eq!(f.store.get_hook(hook.id).await.unwrap(), hook);
    }
}

async fn a_name_is_unique_at_its_trigger_and_scope(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let scene_type = f.scene_type(project, "forest").await;
    // The first scene type and the first project have the same number.
    assert_eq!(project.get(), scene_type.get());
    f.hook(&scoped("grade", Scope::Studio)).await;
    f.hook(&scoped("grade", Scope::Project(project))).await;
    f.hook(&scoped("grade", Scope::SceneType(scene_type))).await;
    f.hook(&spec("grade", json!({"hook_point": "pre_segment"})))
        .await;
    let on_event = json!({"hook_point": null, "event": "job_failed"});
    f.hook(&spec("grade", on_event.clone())).await;
    for taken in [
        scoped("grade", Scope::Studio),
        scoped("grade", Scope::Project(project)),
        scoped("grade", Scope::SceneType(scene_type)),
        spec("grade", on_event),
    ] {
        let error = f.store.create_hook(ANNA, &taken).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::NameTaken { what: Entity::Hook, name } if name == "grade"),
            "{error:?}"
        );
    }
}

async fn a_hook_is_changed_by_those_who_read_it_last(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let project = f.project("Nightfall").await;
    let changed = HookSpec {
        scope: Scope::Project(project),
        enabled: false,
        ..spec("grade_2", json!({"hook_type": "python"}))
    };
    let now = f
        .store
        .update_hook("boris", hook.id, 1, &changed)
        .await
        .unwrap();
    assert_eq!(now.spec, changed);
    assert_eq!((now.version, now.created_by.as_str()), (2, ANNA));
    assert_eq!(f.store.get_hook(hook.id).await.unwrap(), now);
    let error = f
        .store
        .update_hook(ANNA, hook.id, 1, &hook.spec)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::StaleVersion {
                what: Entity::Hook,
                current: 2
            }
        ),
        "{error:?}"
    );
    let unknown = HookId::new(99);
    let error = f
        .store
        .update_hook(ANNA, unknown, 1, &hook.spec)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::Hook,
                ..
            }
        ),
        "{error:?}"
    );
}

async fn of_two_changes_at_once_one_is_refused(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let (one, two) = (spec("one", json!({})), spec("two", json!({})));
    let (one, two) = tokio::join!(
        f.store.update_hook("anna", hook.id, 1, &one),
        f.store.update_hook("boris", hook.id, 1, &two),
    );
    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        other => panic!("one of the two should have won: {other:?}"),
    };
    assert!(
        matches!(
            lost,
            StoreError::StaleVersion {
                what: Entity::Hook,
                current: 2
            }
        ),
        "{lost:?}"
    );
    assert_eq!(f.store.get_hook(hook.id).await.unwrap(), won);
}

async fn a_change_to_a_taken_name_changes_nothing(f: &Fixture) {
    f.hook(&spec("grade", json!({}))).await;
    let hook = f.hook(&spec("mark", json!({}))).await;
    let generation = f.store.hook_generation().await.unwrap();
    let taken = spec("grade", json!({"enabled": false}));
    let error = f
        .store
        .update_hook(ANNA, hook.id, 1, &taken)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NameTaken { .. }), "{error:?}");
    assert_eq!(f.store.get_hook(hook.id).await.unwrap(), hook);
    assert_eq!(f.store.hook_generation().await.unwrap(), generation);
}

async fn a_deleted_hook_keeps_its_logs_and_frees_its_name(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    f.store
        .append_log(&record(&hook, ExecutionStatus::Passed))
        .await
        .unwrap();
    f.store.delete_hook(ANNA, hook.id).await.unwrap();

    for error in [
        f.store.get_hook(hook.id).await.unwrap_err(),
        f.store.delete_hook(ANNA, hook.id).await.unwrap_err(),
        f.store
            .update_hook(ANNA, hook.id, 1, &hook.spec)
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                StoreError::NotFound {
                    what: Entity::Hook,
                    ..
                }
            ),
            "{error:?}"
        );
    }
    let all = f
        .store
        .list_hooks(&HookFilter::default(), everything())
        .await
        .unwrap();
    assert_eq!(all.items, []);
    assert_eq!(f.store.hooks_for(&Lineage::Studio, None).await.unwrap(), []);
    let filter = LogFilter {
        hook_id: Some(hook.id),
        ..LogFilter::default()
    };
    assert_eq!(
        f.store
            .list_logs(&filter, everything())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    let next = f.hook(&hook.spec).await;
    assert_ne!(next.id, hook.id);
}

async fn every_change_moves_the_generation_and_is_an_event(f: &Fixture) {
    let mut generation = f.store.hook_generation().await.unwrap();
    let mut moved = async || {
        let now = f.store.hook_generation().await.unwrap();
        assert!(now > generation, "{now} after {generation}");
        generation = now;
    };
    let hook = f.hook(&spec("grade", json!({}))).await;
    moved().await;
    f.store
        .update_hook(ANNA, hook.id, 1, &hook.spec)
        .await
        .unwrap();
    moved().await;
    f.store.order_hooks(ANNA, &[hook.id]).await.unwrap();
    moved().await;
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    moved().await;

    let filter = EventFilter {
        event_name: Some("hook_changed".to_owned()),
        ..EventFilter::default()
    };
    let events = f
        .store
        .list_events(&filter, everything())
        .await
        .unwrap()
        .items;
    let changes: Vec<_> = events
        .iter()
        .map(|event| event.data["change"].clone())
        .collect();
    assert_eq!(changes, ["deleted", "reordered", "updated", "created"]);
    assert!(
        events
            .iter()
            .all(|event| event.data["hook_id"] == json!(hook.id))
    );
}

async fn hooks_are_listed_by_what_they_are(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let one = f.hook(&spec("one", json!({}))).await.id;
    let two = f
        .hook(&spec(
            "two",
            json!({"hook_type": "python", "hook_point": "pre_segment"}),
        ))
        .await
        .id;
    let three = f
        .hook(&spec(
            "three",
            json!({"hook_point": null, "event": "job_*", "enabled": false}),
        ))
        .await
        .id;
    let four = f.hook(&scoped("one", Scope::Project(project))).await.id;
    let ids = async |filter: HookFilter| {
        let page = f.store.list_hooks(&filter, everything()).await.unwrap();
        page.items.iter().map(|hook| hook.id).collect::<Vec<_>>()
    };
    let any = HookFilter::default;
    assert_eq!(ids(any()).await, [one, two, three, four]);
    assert_eq!(
        ids(HookFilter {
            scope_type: Some(ScopeType::Studio),
            ..any()
        })
        .await,
        [one, two, three]
    );
    let scope_id = Some(project.get());
    assert_eq!(ids(HookFilter { scope_id, ..any() }).await, [four]);
    assert_eq!(
        ids(HookFilter {
            hook_point: Some(HookPoint::PreSegment),
            ..any()
        })
        .await,
        [two]
    );
    assert_eq!(
        ids(HookFilter {
            event: Some("job_*".parse().unwrap()),
            ..any()
        })
        .await,
        [three]
    );
    assert_eq!(
        ids(HookFilter {
            hook_type: Some(HookType::Python),
            ..any()
        })
        .await,
        [two]
    );
    assert_eq!(
        ids(HookFilter {
            enabled: Some(false),
            ..any()
        })
        .await,
        [three]
    );
    assert_eq!(
        ids(HookFilter {
            name: Some("one".to_owned()),
            ..any()
        })
        .await,
        [one, four]
    );
    let both = HookFilter {
        name: Some("one".to_owned()),
        scope_type: Some(ScopeType::Project),
        enabled: Some(true),
        ..any()
    };
    assert_eq!(ids(both).await, [four]);
}

async fn a_lineage_has_its_own_hooks_and_the_inherited_ones(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let other = f.project("Dawn").await;
    let scene_type = f.scene_type(project, "forest").await;
    let sibling = f.scene_type(project, "sea").await;
    let studio = f.hook(&scoped("grade", Scope::Studio)).await.id;
    let event = f
        .hook(&spec(
            "mail",
            json!({"hook_point": null, "event": "job_failed"}),
        ))
        .await
        .id;
    let off = HookSpec {
        enabled: false,
        ..scoped("grade", Scope::Project(project))
    };
    let own = f.hook(&off).await.id;
    let narrow = f
        .hook(&scoped("grade", Scope::SceneType(scene_type)))
        .await
        .id;
    f.hook(&scoped("grade", Scope::Project(other))).await;
    f.hook(&scoped("grade", Scope::SceneType(sibling))).await;
    let ids = async |lineage: Lineage, trigger: Option<Trigger>| {
        let hooks = f.store.hooks_for(&lineage, trigger.as_ref()).await.unwrap();
        let mut ids: Vec<_> = hooks.iter().map(|hook| hook.id).collect();
        ids.sort_unstable();
        ids
    };
    let stage = || Some(Trigger::Stage(HookPoint::PostSegment));
    let failed = Trigger::Event("job_failed".parse().unwrap());
    assert_eq!(ids(Lineage::Studio, None).await, [studio, event]);
    assert_eq!(ids(Lineage::Studio, stage()).await, [studio]);
    assert_eq!(ids(Lineage::Project(project), Some(failed)).await, [event]);
    assert_eq!(ids(Lineage::Project(project), stage()).await, [studio, own]);
    let deepest = Lineage::SceneType(project, scene_type);
    assert_eq!(ids(deepest, stage()).await, [studio, own, narrow]);
    let before = Trigger::Stage(HookPoint::PreSegment);
    assert_eq!(ids(deepest, Some(before)).await, []);
}

async fn the_database_notes_when_a_hook_changed(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    f.raw("UPDATE hooks SET description = 'changed past the store'")
        .await
        .unwrap();
    let changed = f.store.get_hook(hook.id).await.unwrap();
    // The test's clock stands still in the past; the database's does not.
    assert!(changed.updated_at > hook.updated_at);
    if f.is_sqlite() {
        // What the trigger writes is what the application writes for the same
        // time: no fraction, or three digits.
        let same_form = f
            .count(
                "SELECT count(*) FROM hooks
                 WHERE updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]+00:00'
                    OR updated_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]+00:00'",
            )
            .await;
        assert_eq!(same_form, 1);
        let trailing_zeros = f
            .count("SELECT count(*) FROM hooks WHERE updated_at LIKE '%.000+%'")
            .await;
        assert_eq!(trailing_zeros, 0);
    }
}
