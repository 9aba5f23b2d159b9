//! Revisions of hooks.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{ANNA, everything, spec};
use serde_json::json;
use stagehook_core::document::HookDocument;
use stagehook_core::ids::HookId;
use stagehook_store::{Entity, StoreError};

contract![
    every_version_can_be_read_again,
    what_never_was_has_no_revisions
];

async fn every_version_can_be_read_again(f: &Fixture) {
    let first = f.hook(&spec("grade", json!({}))).await;
    let changed = spec("grade", json!({"config": {"script_path": "other.sh"}}));
    let second = f
        .store
        .update_hook("boris", first.id, 1, &changed)
        .await
        .unwrap();
    f.store.delete_hook(ANNA, first.id).await.unwrap();

    let revisions = f
        .store
        .list_revisions(first.id, everything())
        .await
        .unwrap()
        .items;
    let seen: Vec<_> = revisions
        .iter()
        .map(|r| (r.number, r.actor.as_str()))
        .collect();
    assert_eq!(seen, [(2, "boris"), (1, ANNA)]);
    let document = |hook| serde_json::to_value(HookDocument::from(hook)).unwrap();
    assert_eq!(revisions[0].hook, document(&second));
    assert_eq!(revisions[1].hook, document(&first));
    assert_eq!(
        f.store.get_revision(first.id, 1).await.unwrap(),
        revisions[1]
    );
}

async fn what_never_was_has_no_revisions(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let error = f.store.get_revision(hook.id, 2).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotFound {
                what: Entity::Revision,
                ..
            }
        ),
        "{error:?}"
    );
    let error = f
        .store
        .list_revisions(HookId::new(99), everything())
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
