//! Finding hooks by what they say, what they run and how they fare.

use crate::contract;
use crate::fixture::Fixture;
use crate::plugins::publish;
use crate::samples::{ANNA, answering, everything, spec};
use serde_json::json;
use stagehook_core::ids::HookId;
use stagehook_core::page::PageRequest;
use stagehook_store::{HOOKS_LIMIT_MAX, HookFilter};

contract![
    hooks_are_searched,
    hooks_of_a_plugin_are_found,
    hooks_that_are_held_up_are_found,
    all_hooks_of_a_studio_are_one_page,
];

async fn hooks_are_searched(f: &Fixture) {
    let grade = spec("Grade", json!({"description": "to Rec.709, 100%"}));
    let grade = f.hook(&grade).await.id;
    let mark = spec("watermark", json!({"description": "the studio's Ärger"}));
    let mark = f.hook(&mark).await.id;
    let found = async |search: &str| {
        let search = Some(search.to_owned());
        let filter = HookFilter {
            search,
            ..HookFilter::default()
        };
        let page = f.store.list_hooks(&filter, everything()).await.unwrap();
        page.items.iter().map(|hook| hook.id).collect::<Vec<_>>()
    };
    assert_eq!(found("GRADE").await, [grade]);
    assert_eq!(found("mark").await, [mark]);
    assert_eq!(found("rec.709").await, [grade]);
    assert_eq!(found("r").await, [grade, mark]);
    // No pattern; and nothing that is partly the name, partly the description.
    assert_eq!(found("%").await, [grade]);
    assert_eq!(found("_").await, []);
    assert_eq!(found("grade to").await, []);
    assert_eq!(found("Ärger").await, [mark]);
}

async fn hooks_of_a_plugin_are_found(f: &Fixture) {
    let one = publish(f, "probe", "1.0.0").await;
    let other = publish(f, "probe-deep", "1.0.0").await;
    let mut ids = Vec::new();
    for (number, config) in [
        json!({"plugin": "probe@1.0.0"}),
        json!({"plugin": one.digest}),
        json!({"plugin": "probe@^1"}),
        json!({"plugin": other.digest, "settings": {"plugin": "probe@1.0.0"}}),
        json!({"plugin": "probe-deep@1.0.0"}),
    ]
    .into_iter()
    .enumerate()
    {
        let change = json!({"hook_type": "wasm", "config": config});
        ids.push(f.hook(&spec(&format!("hook {number}"), change)).await.id);
    }
    f.hook(&spec("script", json!({}))).await;
    for (name, found) in [
        ("probe", &ids[..3]),
        ("probe-deep", &ids[3..]),
        ("prob", &[]),
    ] {
        let filter = HookFilter {
            plugin: Some(name.parse().unwrap()),
            ..HookFilter::default()
        };
        let page = f.store.list_hooks(&filter, everything()).await.unwrap();
        let shown: Vec<HookId> = page.items.iter().map(|hook| hook.id).collect();
        assert_eq!(shown, found, "{name}");
    }
}

async fn hooks_that_are_held_up_are_found(f: &Fixture) {
    let running = f.hook(&answering("running", "*")).await.id;
    let paused = f.hook(&answering("paused", "*")).await.id;
    let gone = f.hook(&answering("gone", "*")).await.id;
    f.store.pause_deliveries(ANNA, paused, true).await.unwrap();
    f.store.disable_failing_hook(gone, true).await.unwrap();
    for (held_up, found) in [
        (Some(true), vec![paused, gone]),
        (Some(false), vec![running]),
        (None, vec![running, paused, gone]),
    ] {
        let filter = HookFilter {
            held_up,
            ..HookFilter::default()
        };
        let page = f.store.list_hooks(&filter, everything()).await.unwrap();
        let shown: Vec<HookId> = page.items.iter().map(|hook| hook.id).collect();
        assert_eq!(shown, found, "{held_up:?}");
    }
    let among = [running, gone, HookId::new(99)];
    let among = f.store.held_up_among(&among).await.unwrap();
    assert_eq!(among.keys().collect::<Vec<_>>(), [&gone]);
    assert!(among[&gone].disabled_reason.is_some());
    assert!(f.store.held_up_among(&[]).await.unwrap().is_empty());
}

async fn all_hooks_of_a_studio_are_one_page(f: &Fixture) {
    for number in 0..201 {
        f.hook(&spec(&format!("hook {number}"), json!({}))).await;
    }
    for (limit, shown) in [
        (200, 200),
        (201, 201),
        (HOOKS_LIMIT_MAX, 201),
        (u32::MAX, 201),
    ] {
        let page = PageRequest {
            limit,
            cursor: None,
        };
        let page = f
            .store
            .list_hooks(&HookFilter::default(), page)
            .await
            .unwrap();
        assert_eq!(page.items.len(), shown, "{limit}");
        assert_eq!(page.next_cursor.is_some(), shown < 201, "{limit}");
    }
}
