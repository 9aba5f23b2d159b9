//! Sample inputs that are kept with a hook, and tests that are at work.
//! REQ-API-2

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, record, spec};
use chrono::TimeDelta;
use serde_json::{Value, json};
use stagehook_core::digest::Digest;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::hook::{Hook, HookSpec};
use stagehook_core::ids::{ExecutionId, HookId, NodeId, TestCaseId};
use stagehook_core::log::ExecutionRecord;
use stagehook_core::page::PageRequest;
use stagehook_core::scope::Scope;
use stagehook_core::test_case::{SampleInput, TEST_CASES_MAX, TestCase, TestCaseSpec};
use stagehook_store::{AuditFilter, Entity, StoreError};

contract![
    a_test_case_comes_back_as_it_was_given,
    a_test_case_is_changed_and_deleted,
    of_two_changes_of_a_test_case_one_is_refused,
    a_name_is_used_once_by_a_hook,
    a_hook_has_so_many_test_cases_and_no_more,
    test_cases_go_with_their_hook,
    every_change_of_a_test_case_is_on_the_audit_trail,
    an_execution_id_is_used_by_one_test,
    a_test_is_cancelled_where_it_is_at_work,
    tests_of_dead_servers_are_forgotten,
];

fn case(name: &str, input: Value) -> TestCaseSpec {
    TestCaseSpec {
        name: name.to_owned(),
        input: serde_json::from_value(input).unwrap(),
        expected_status: Some(ExecutionStatus::Skipped),
    }
}

async fn cases(f: &Fixture, hook: &Hook) -> Vec<TestCase> {
    let page = f.store.list_test_cases(hook.id, everything()).await;
    page.unwrap().items
}

fn is_missing<T: std::fmt::Debug>(result: Result<T, StoreError>, missing: Entity) {
    let error = result.unwrap_err();
    let found = matches!(&error, StoreError::NotFound { what, .. } if *what == missing);
    assert!(found, "{error:?}");
}

async fn a_test_case_comes_back_as_it_was_given(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let given = case(
        "dark",
        json!({"segment_path": "/media/seg_003.mp4", "metadata": {"z": "\u{0}", "a": 1},
               "scene_context": {"mood": "night"}, "job_id": 7}),
    );
    let kept = f
        .store
        .create_test_case(ANNA, hook.id, &given)
        .await
        .unwrap();
    assert_eq!((kept.hook_id, kept.name.as_str()), (hook.id, "dark"));
    assert_eq!(kept.input, given.input);
    assert_eq!(kept.expected_status, Some(ExecutionStatus::Skipped));
    assert_eq!((kept.created_by.as_str(), kept.created_at), (ANNA, start()));
    assert_eq!((kept.updated_at, kept.version), (start(), 1));
    let empty = TestCaseSpec {
        expected_status: None,
        input: SampleInput::default(),
        ..case("empty", json!({}))
    };
    let empty = f
        .store
        .create_test_case(ANNA, hook.id, &empty)
        .await
        .unwrap();
    assert_eq!(empty.expected_status, None);
    assert_eq!(cases(f, &hook).await, [kept.clone(), empty.clone()]);
    let first = PageRequest {
        limit: 1,
        cursor: None,
    };
    let first = f.store.list_test_cases(hook.id, first).await.unwrap();
    assert_eq!(first.items, [kept]);
    let rest = PageRequest {
        limit: 1,
        cursor: first.next_cursor,
    };
    let rest = f.store.list_test_cases(hook.id, rest).await.unwrap();
    assert_eq!((rest.items, rest.next_cursor), (vec![empty], None));
}

async fn a_test_case_is_changed_and_deleted(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let other = f.hook(&spec("mark", json!({}))).await;
    let kept = f
        .store
        .create_test_case(ANNA, hook.id, &case("dark", json!({})))
        .await
        .unwrap();
    f.clock.advance(TimeDelta::minutes(1));
    let bright = TestCaseSpec {
        expected_status: None,
        ..case("bright", json!({"job_id": 7}))
    };
    // Of another hook it is not.
    is_missing(
        f.store
            .update_test_case(ANNA, other.id, kept.id, 1, &bright)
            .await,
        Entity::TestCase,
    );
    is_missing(
        f.store.delete_test_case(ANNA, other.id, kept.id).await,
        Entity::TestCase,
    );
    is_missing(
        f.store
            .update_test_case(ANNA, hook.id, TestCaseId::new(99), 1, &bright)
            .await,
        Entity::TestCase,
    );
    is_missing(
        f.store.list_test_cases(HookId::new(99), everything()).await,
        Entity::Hook,
    );
    let changed = f
        .store
        .update_test_case("ben", hook.id, kept.id, 1, &bright)
        .await
        .unwrap();
    assert_eq!(
        changed,
        TestCase {
            name: "bright".to_owned(),
            input: bright.input,
            expected_status: None,
            updated_at: start() + TimeDelta::minutes(1),
            version: 2,
            ..kept
        }
    );
    assert_eq!(cases(f, &hook).await, std::slice::from_ref(&changed));
    f.store
        .delete_test_case(ANNA, hook.id, changed.id)
        .await
        .unwrap();
    assert_eq!(cases(f, &hook).await, []);
    is_missing(
        f.store.delete_test_case(ANNA, hook.id, changed.id).await,
        Entity::TestCase,
    );
}

async fn of_two_changes_of_a_test_case_one_is_refused(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let kept = f
        .store
        .create_test_case(ANNA, hook.id, &case("dark", json!({})))
        .await
        .unwrap();
    let (one, two) = (case("one", json!({})), case("two", json!({})));
    let (one, two) = tokio::join!(
        f.store
            .update_test_case("anna", hook.id, kept.id, kept.version, &one),
        f.store
            .update_test_case("boris", hook.id, kept.id, kept.version, &two),
    );
    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        other => panic!("one of the two should have won: {other:?}"),
    };
    let is_stale = matches!(
        lost,
        StoreError::StaleVersion {
            what: Entity::TestCase,
            current: 2
        }
    );
    assert!(is_stale, "{lost:?}");
    assert!(lost.to_string().contains("the test case has version 2"));
    assert_eq!(cases(f, &hook).await, [won]);
}

async fn a_name_is_used_once_by_a_hook(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let other = f.hook(&spec("mark", json!({}))).await;
    let dark = case("dark", json!({}));
    f.store
        .create_test_case(ANNA, hook.id, &dark)
        .await
        .unwrap();
    f.store
        .create_test_case(ANNA, other.id, &dark)
        .await
        .unwrap();
    let bright = f
        .store
        .create_test_case(ANNA, hook.id, &case("bright", json!({})))
        .await
        .unwrap();
    for error in [
        f.store
            .create_test_case(ANNA, hook.id, &dark)
            .await
            .unwrap_err(),
        f.store
            .update_test_case(ANNA, hook.id, bright.id, 1, &dark)
            .await
            .unwrap_err(),
    ] {
        let taken = matches!(&error, StoreError::NameTaken { what: Entity::TestCase, name } if name == "dark");
        assert!(taken, "{error:?}");
    }
    assert_eq!(cases(f, &hook).await.len(), 2);
}

async fn a_hook_has_so_many_test_cases_and_no_more(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    for number in 0..TEST_CASES_MAX {
        let new = case(&format!("case {number}"), json!({}));
        f.store.create_test_case(ANNA, hook.id, &new).await.unwrap();
    }
    let error = f
        .store
        .create_test_case(ANNA, hook.id, &case("one more", json!({})))
        .await;
    assert!(
        matches!(error, Err(StoreError::TooManyTestCases { .. })),
        "{error:?}"
    );
    let first = cases(f, &hook).await.remove(0);
    f.store
        .delete_test_case(ANNA, hook.id, first.id)
        .await
        .unwrap();
    f.store
        .create_test_case(ANNA, hook.id, &case("one more", json!({})))
        .await
        .unwrap();
}

async fn test_cases_go_with_their_hook(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let dark = case("dark", json!({}));
    let kept = f
        .store
        .create_test_case(ANNA, hook.id, &dark)
        .await
        .unwrap();
    // One that goes with its scene type, and one that stays.
    let project = f.project("film").await;
    let scene_type = f.scene_type(project, "night").await;
    let of_scene_type = HookSpec {
        scope: Scope::SceneType(scene_type),
        ..spec("mark", json!({}))
    };
    let of_scene_type = f.hook(&of_scene_type).await;
    let stays = f.hook(&spec("stays", json!({}))).await;
    for hook in [&of_scene_type, &stays] {
        f.store
            .create_test_case(ANNA, hook.id, &dark)
            .await
            .unwrap();
    }
    assert_eq!(f.count("SELECT COUNT(*) FROM hook_test_cases").await, 3);
    f.store.delete_project(ANNA, project).await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM hook_test_cases").await, 2);
    f.store.delete_hook(ANNA, hook.id).await.unwrap();
    assert_eq!(f.count("SELECT COUNT(*) FROM hook_test_cases").await, 1);
    assert_eq!(cases(f, &stays).await.len(), 1);
    is_missing(
        f.store.list_test_cases(hook.id, everything()).await,
        Entity::Hook,
    );
    is_missing(
        f.store.create_test_case(ANNA, hook.id, &dark).await,
        Entity::Hook,
    );
    is_missing(
        f.store
            .update_test_case(ANNA, hook.id, kept.id, 1, &dark)
            .await,
        Entity::Hook,
    );
    is_missing(
        f.store.delete_test_case(ANNA, hook.id, kept.id).await,
        Entity::Hook,
    );
}

async fn every_change_of_a_test_case_is_on_the_audit_trail(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let said = json!({"metadata": {"take": 7}});
    let kept = f
        .store
        .create_test_case(ANNA, hook.id, &case("dark", json!({})))
        .await
        .unwrap();
    f.store
        .update_test_case("ben", hook.id, kept.id, 1, &case("bright", said.clone()))
        .await
        .unwrap();
    f.store
        .delete_test_case("eve", hook.id, kept.id)
        .await
        .unwrap();
    let filter = AuditFilter {
        subject_type: Some("test_case".to_owned()),
        ..AuditFilter::default()
    };
    let audit = f
        .store
        .list_audit(&filter, everything())
        .await
        .unwrap()
        .items;
    let name = |document: &Option<Value>| {
        document
            .as_ref()
            .map(|d| d["name"].as_str().unwrap().to_owned())
    };
    let entries: Vec<_> = audit
        .iter()
        .rev()
        .map(|entry| {
            (
                entry.actor.as_str(),
                entry.action.as_str(),
                name(&entry.before),
                name(&entry.after),
            )
        })
        .collect();
    let (dark, bright) = (Some("dark".to_owned()), Some("bright".to_owned()));
    assert_eq!(
        entries,
        [
            (ANNA, "test_case.create", None, dark.clone()),
            ("ben", "test_case.update", dark, bright.clone()),
            ("eve", "test_case.delete", bright, None),
        ]
    );
    // What hooks are told may be long, and is not on the trail itself.
    let changed = &audit[1];
    let input: SampleInput = serde_json::from_value(said).unwrap();
    let input = serde_json::to_string(&input).unwrap();
    assert_eq!(
        changed.after,
        Some(json!({"id": kept.id, "hook_id": hook.id, "name": "bright",
                   "input_digest": Digest::of(input.as_bytes()), "input_size_bytes": input.len(),
                   "expected_status": "skipped", "version": 2}))
    );
    let before = changed.before.as_ref().unwrap();
    assert_ne!(
        before["input_digest"],
        changed.after.as_ref().unwrap()["input_digest"]
    );
}

fn is_used(result: Result<(), StoreError>) {
    let error = result.unwrap_err();
    assert!(
        matches!(error, StoreError::ExecutionIdUsed { .. }),
        "{error:?}"
    );
}

async fn an_execution_id_is_used_by_one_test(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    let (node, other) = (NodeId::generate(), NodeId::generate());
    let id = ExecutionId::generate();
    f.store.begin_test(id, node).await.unwrap();
    is_used(f.store.begin_test(id, node).await);
    is_used(f.store.begin_test(id, other).await);
    let ended = ExecutionRecord {
        execution_id: id,
        ..record(&hook, ExecutionStatus::Passed)
    };
    let log = f.store.end_test(&ended).await.unwrap();
    assert_eq!(f.store.get_log(log).await.unwrap().record.execution_id, id);
    is_used(f.store.begin_test(id, other).await);
    assert_eq!(f.count("SELECT COUNT(*) FROM hook_test_runs").await, 0);
    // One that broke leaves no log, and its id is free once its server says so.
    let id = ExecutionId::generate();
    f.store.begin_test(id, node).await.unwrap();
    assert_eq!(f.store.own_tests(node).await.unwrap(), [id]);
    assert_eq!(f.store.own_tests(other).await.unwrap(), []);
    assert!(!f.store.abandon_test(id, other).await.unwrap());
    is_used(f.store.begin_test(id, other).await);
    assert!(f.store.abandon_test(id, node).await.unwrap());
    assert_eq!(f.store.own_tests(node).await.unwrap(), []);
    f.store.begin_test(id, other).await.unwrap();
}

async fn a_test_is_cancelled_where_it_is_at_work(f: &Fixture) {
    let (node, other, dead) = (NodeId::generate(), NodeId::generate(), NodeId::generate());
    for (node, seconds) in [(node, 15), (other, 15), (dead, -1)] {
        let until = start() + TimeDelta::seconds(seconds);
        f.store.renew_lease(node, until).await.unwrap();
    }
    let (id, of_dead) = (ExecutionId::generate(), ExecutionId::generate());
    f.store.begin_test(id, node).await.unwrap();
    f.store
        .begin_test(ExecutionId::generate(), node)
        .await
        .unwrap();
    f.store.begin_test(of_dead, dead).await.unwrap();
    assert_eq!(f.store.test_cancels_requested(node).await.unwrap(), []);
    assert!(f.store.request_test_cancel(id).await.unwrap());
    assert!(
        f.store.request_test_cancel(id).await.unwrap(),
        "asking twice does no harm"
    );
    assert!(!f.store.request_test_cancel(of_dead).await.unwrap());
    assert!(
        !f.store
            .request_test_cancel(ExecutionId::generate())
            .await
            .unwrap()
    );
    assert_eq!(f.store.test_cancels_requested(node).await.unwrap(), [id]);
    assert_eq!(f.store.test_cancels_requested(other).await.unwrap(), []);
}

async fn tests_of_dead_servers_are_forgotten(f: &Fixture) {
    let (node, other, dead) = (NodeId::generate(), NodeId::generate(), NodeId::generate());
    for node in [node, other] {
        f.store
            .renew_lease(node, start() + TimeDelta::seconds(15))
            .await
            .unwrap();
    }
    for node in [node, other, dead] {
        f.store
            .begin_test(ExecutionId::generate(), node)
            .await
            .unwrap();
    }
    assert_eq!(f.store.forget_tests(node, false, start()).await.unwrap(), 1);
    assert_eq!(f.store.forget_tests(node, true, start()).await.unwrap(), 1);
    let later = start() + TimeDelta::seconds(15);
    assert_eq!(f.store.forget_tests(node, false, later).await.unwrap(), 1);
    assert_eq!(f.count("SELECT COUNT(*) FROM hook_test_runs").await, 0);
}
