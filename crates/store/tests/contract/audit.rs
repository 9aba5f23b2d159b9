//! The audit trail. REQ-API-3

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{everything, spec};
use serde_json::json;
use stagehook_core::document::HookDocument;
use stagehook_core::job::ReviewDecision;
use stagehook_store::{AuditFilter, NewJob};

contract![
    every_change_is_on_the_trail_with_before_and_after,
    what_is_refused_is_not_on_the_trail,
    the_trail_is_filtered_by_subject_and_actor,
];

async fn every_change_is_on_the_trail_with_before_and_after(f: &Fixture) {
    let hook = f
        .store
        .create_hook("anna", &spec("grade", json!({})))
        .await
        .unwrap();
    let off = spec("grade", json!({"enabled": false, "sort_order": 7}));
    let changed = f
        .store
        .update_hook("boris", hook.id, 1, &off)
        .await
        .unwrap();
    f.store.order_hooks("carla", &[hook.id]).await.unwrap();
    f.store.delete_hook("dmitri", hook.id).await.unwrap();

    let filter = AuditFilter {
        subject_type: Some("hook".to_owned()),
        subject_id: Some(hook.id.to_string()),
        actor: None,
    };
    let trail = f
        .store
        .list_audit(&filter, everything())
        .await
        .unwrap()
        .items;
    let seen: Vec<_> = trail
        .iter()
        .map(|e| (e.actor.as_str(), e.action.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("dmitri", "hook.delete"),
            ("carla", "hook.reorder"),
            ("boris", "hook.update"),
            ("anna", "hook.create"),
        ]
    );
    let document = |hook| Some(serde_json::to_value(HookDocument::from(hook)).unwrap());
    assert_eq!(
        (&trail[3].before, &trail[3].after),
        (&None, &document(&hook))
    );
    assert_eq!(
        (&trail[2].before, &trail[2].after),
        (&document(&hook), &document(&changed))
    );
    assert_eq!(trail[1].before, document(&changed));
    assert_eq!(trail[0].after, None);
    assert_eq!(trail[0].before, trail[1].after);
    assert!(trail.iter().all(|entry| entry.created_at == start()));
}

async fn what_is_refused_is_not_on_the_trail(f: &Fixture) {
    let job = f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    let before = f.count("SELECT count(*) FROM audit_log").await;
    f.store.create_hook("eve", &hook.spec).await.unwrap_err();
    f.store
        .update_hook("eve", hook.id, 9, &hook.spec)
        .await
        .unwrap_err();
    f.store
        .order_hooks("eve", &[hook.id, hook.id])
        .await
        .unwrap_err();
    f.store
        .review_job("eve", job.id, ReviewDecision::Reject, "")
        .await
        .unwrap_err();
    assert_eq!(f.count("SELECT count(*) FROM audit_log").await, before);
}

async fn the_trail_is_filtered_by_subject_and_actor(f: &Fixture) {
    let project = f.store.create_project("anna", "Nightfall").await.unwrap();
    let new = NewJob {
        project_id: project.id,
        scene_type_id: None,
        external_ref: None,
        workflow: None,
    };
    let job = f.store.create_job("boris", new).await.unwrap();
    f.store.complete_job("boris", job.id).await.unwrap();
    let actions = async |filter: AuditFilter| {
        let page = f.store.list_audit(&filter, everything()).await.unwrap();
        page.items
            .into_iter()
            .map(|entry| entry.action)
            .collect::<Vec<_>>()
    };
    let by = |actor: &str| AuditFilter {
        actor: Some(actor.to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(
        actions(AuditFilter::default()).await,
        ["job.complete", "job.create", "project.create"]
    );
    assert_eq!(actions(by("boris")).await, ["job.complete", "job.create"]);
    assert_eq!(actions(by("nobody")).await, Vec::<String>::new());
    let projects = AuditFilter {
        subject_type: Some("project".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(actions(projects).await, ["project.create"]);
}
