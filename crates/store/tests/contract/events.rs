//! Stored events and the catalogue of their types.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{ANNA, everything};
use stagehook_core::event::name;
use stagehook_store::EventFilter;

contract![
    the_built_in_types_are_in_the_catalogue,
    events_are_listed_newest_first
];

async fn the_built_in_types_are_in_the_catalogue(f: &Fixture) {
    for known in [
        name::JOB_CREATED,
        name::JOB_COMPLETED,
        name::JOB_FAILED,
        name::JOB_REVIEW_REQUESTED,
        name::JOB_REVIEW_RESOLVED,
        name::HOOK_BLOCKED,
        name::HOOK_CHANGED,
        name::PLUGIN_PUBLISHED,
    ] {
        let sql = format!(
            "SELECT count(*) FROM event_types WHERE name = '{known}' AND kind = 'business' AND built_in"
        );
        assert_eq!(f.count(&sql).await, 1, "{known}");
    }
}

async fn events_are_listed_newest_first(f: &Fixture) {
    let one = f.job().await;
    let two = f.job().await;
    f.store.complete_job(ANNA, one.id).await.unwrap();
    let names = async |event_name: Option<&str>, job| {
        let filter = EventFilter {
            event_name: event_name.map(str::to_owned),
            job_id: job,
            ..EventFilter::default()
        };
        let page = f.store.list_events(&filter, everything()).await.unwrap();
        page.items
            .into_iter()
            .map(|event| (event.event_name, event.job_id.unwrap()))
            .collect::<Vec<_>>()
    };
    let (created, completed) = (name::JOB_CREATED.to_owned(), name::JOB_COMPLETED.to_owned());
    assert_eq!(
        names(None, None).await,
        [
            (completed.clone(), one.id),
            (created.clone(), two.id),
            (created.clone(), one.id)
        ]
    );
    assert_eq!(
        names(None, Some(one.id)).await,
        [(completed, one.id), (created.clone(), one.id)]
    );
    assert_eq!(
        names(Some(name::JOB_CREATED), Some(two.id)).await,
        [(created, two.id)]
    );
}
