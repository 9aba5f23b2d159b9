//! Pages stay what they are while rows are added.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{ANNA, record, spec};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::page::{Cursor, PageRequest};
use stagehook_store::{HookFilter, LogFilter};

contract![
    a_listing_newest_first_shows_each_row_once_while_rows_are_added,
    a_listing_oldest_first_ends_with_what_was_added,
    a_page_is_never_larger_than_the_largest,
];

fn page(limit: u32, cursor: Option<Cursor>) -> PageRequest {
    PageRequest { limit, cursor }
}

async fn a_listing_newest_first_shows_each_row_once_while_rows_are_added(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let mut written = Vec::new();
    for _ in 0..7 {
        let id = f
            .store
            .append_log(&record(&hook, ExecutionStatus::Passed))
            .await
            .unwrap();
        written.insert(0, id);
    }
    let filter = LogFilter {
        hook_id: Some(hook.id),
        ..LogFilter::default()
    };
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = f.store.list_logs(&filter, page(3, cursor)).await.unwrap();
        seen.extend(page.items.iter().map(|log| log.id));
        f.store
            .append_log(&record(&hook, ExecutionStatus::Failed))
            .await
            .unwrap();
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
        assert_eq!(page.items.len(), 3);
    }
    assert_eq!(seen, written);
}

async fn a_listing_oldest_first_ends_with_what_was_added(f: &Fixture) {
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(f.hook(&spec(name, json!({}))).await.id);
    }
    let all = HookFilter::default();
    let first = f.store.list_hooks(&all, page(2, None)).await.unwrap();
    // What is deleted before its page comes is missing, and moves nothing.
    f.store.delete_hook(ANNA, ids[0]).await.unwrap();
    f.store.delete_hook(ANNA, ids[2]).await.unwrap();
    ids.push(f.hook(&spec("e", json!({}))).await.id);
    let second = f
        .store
        .list_hooks(&all, page(2, first.next_cursor))
        .await
        .unwrap();
    let seen: Vec<_> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|hook| hook.id)
        .collect();
    assert_eq!(seen, [ids[0], ids[1], ids[3], ids[4]]);
    assert_eq!(second.next_cursor, None);
}

async fn a_page_is_never_larger_than_the_largest(f: &Fixture) {
    for number in 0..3 {
        f.project(&format!("project {number}")).await;
    }
    let one = f.store.list_projects(page(0, None)).await.unwrap();
    assert_eq!(one.items.len(), 1);
    assert!(one.next_cursor.is_some());
    let most = f.store.list_projects(page(u32::MAX, None)).await.unwrap();
    assert_eq!(most.items.len(), 3);
    let exact = f.store.list_projects(page(3, None)).await.unwrap();
    assert_eq!(exact.next_cursor, None);
    let beyond = f
        .store
        .list_projects(page(3, Some(Cursor::after(i64::MAX))))
        .await
        .unwrap();
    assert_eq!(beyond.items, []);
}
