//! Putting hooks in order.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{ANNA, scoped, spec};
use serde_json::json;
use stagehook_core::ids::HookId;
use stagehook_core::scope::Scope;
use stagehook_store::{Entity, OrderError, StoreError};

contract![
    only_what_moves_gets_a_new_version,
    an_order_names_every_hook_of_one_trigger_and_scope,
    two_orders_at_once_come_one_after_the_other,
];

async fn only_what_moves_gets_a_new_version(f: &Fixture) {
    let one = f.hook(&spec("one", json!({"sort_order": 10}))).await;
    let two = f.hook(&spec("two", json!({"sort_order": 10}))).await;
    let three = f.hook(&spec("three", json!({"sort_order": 30}))).await;
    let ordered = f
        .store
        .order_hooks("boris", &[one.id, two.id, three.id])
        .await
        .unwrap();
    let seen: Vec<_> = ordered
        .iter()
        .map(|h| (h.id, h.spec.sort_order, h.version))
        .collect();
    assert_eq!(seen, [(one.id, 10, 1), (two.id, 20, 2), (three.id, 30, 1)]);
    let turned = f
        .store
        .order_hooks("boris", &[three.id, two.id, one.id])
        .await
        .unwrap();
    let seen: Vec<_> = turned
        .iter()
        .map(|h| (h.id, h.spec.sort_order, h.version))
        .collect();
    assert_eq!(seen, [(three.id, 10, 2), (two.id, 20, 2), (one.id, 30, 2)]);
    assert_eq!(f.store.get_hook(one.id).await.unwrap(), turned[2]);
    assert_eq!(
        f.store.get_revision(one.id, 2).await.unwrap().actor,
        "boris"
    );
}

async fn an_order_names_every_hook_of_one_trigger_and_scope(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let one = f.hook(&spec("one", json!({}))).await.id;
    let two = f.hook(&spec("two", json!({}))).await.id;
    let elsewhere = f.hook(&scoped("one", Scope::Project(project))).await.id;
    let earlier = f
        .hook(&spec("one", json!({"hook_point": "pre_segment"})))
        .await
        .id;
    let deleted = f.hook(&spec("three", json!({}))).await.id;
    f.store.delete_hook(ANNA, deleted).await.unwrap();
    let generation = f.store.hook_generation().await.unwrap();

    let refused = async |ids: &[HookId]| match f.store.order_hooks(ANNA, ids).await {
        Err(StoreError::Order(error)) => error,
        other => panic!("{ids:?} should not be an order: {other:?}"),
    };
    assert_eq!(refused(&[]).await, OrderError::Empty);
    assert_eq!(refused(&[one]).await, OrderError::Missing(two));
    assert_eq!(refused(&[one, two, one]).await, OrderError::Repeated(one));
    assert_eq!(
        refused(&[one, two, elsewhere]).await,
        OrderError::Foreign(elsewhere)
    );
    assert_eq!(
        refused(&[two, earlier, one]).await,
        OrderError::Foreign(earlier)
    );
    let error = f
        .store
        .order_hooks(ANNA, &[one, two, deleted])
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
    assert_eq!(f.store.hook_generation().await.unwrap(), generation);
}

async fn two_orders_at_once_come_one_after_the_other(f: &Fixture) {
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(f.hook(&spec(name, json!({}))).await.id);
    }
    let mut turned = ids.clone();
    turned.reverse();
    let (one, two) = tokio::join!(
        f.store.order_hooks("anna", &ids),
        f.store.order_hooks("boris", &turned),
    );
    one.unwrap();
    two.unwrap();
    let mut orders = Vec::new();
    for id in &ids {
        orders.push(f.store.get_hook(*id).await.unwrap().spec.sort_order);
    }
    assert!(
        orders == [10, 20, 30, 40] || orders == [40, 30, 20, 10],
        "one order or the other, never a mixture: {orders:?}"
    );
}
