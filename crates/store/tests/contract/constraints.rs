//! What the database itself refuses, whatever the program does. REQ-MOD-3

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::{everything, record, spec};
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;
use stagehook_store::LogFilter;

contract![
    a_hook_has_one_trigger_and_one_scope_that_exists,
    the_name_of_a_hook_is_unique_in_the_database_too,
    a_job_refers_to_a_scene_type_of_its_own_project,
    only_known_words_are_kept,
    a_log_row_cannot_be_changed,
    an_audit_row_cannot_be_changed,
];

/// A hook's row, by name, trigger, scope and failure mode.
fn hook_row(columns: &str) -> String {
    format!(
        "INSERT INTO hooks (name, hook_point, event, scope_type, project_id, scene_type_id, failure_mode,
                            description, hook_type, config, sort_order, enabled, extends, created_by,
                            created_at, updated_at, version)
         VALUES ({columns}, '', 'shell', '{{}}', 0, TRUE, FALSE, 'raw',
                 '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00', 1)"
    )
}

async fn refused(f: &Fixture, sql: &str) -> sqlx::error::ErrorKind {
    match f.raw(sql).await {
        Ok(_) => panic!("should be refused: {sql}"),
        Err(sqlx::Error::Database(error)) => error.kind(),
        Err(other) => panic!("{sql}: {other}"),
    }
}

async fn a_hook_has_one_trigger_and_one_scope_that_exists(f: &Fixture) {
    use sqlx::error::ErrorKind::{CheckViolation, ForeignKeyViolation};
    let project = f.project("Nightfall").await;
    let forest = f.scene_type(project, "forest").await;
    for accepted in [
        "'a', 'post_segment', NULL, 'studio', NULL, NULL, 'block'".to_owned(),
        format!("'b', 'post_segment', NULL, 'project', {project}, NULL, 'warn'"),
        format!("'c', NULL, 'job_*', 'scene_type', NULL, {forest}, 'ignore'"),
    ] {
        f.raw(&hook_row(&accepted)).await.unwrap();
    }
    for (columns, kind) in [
        (
            "'x', NULL, NULL, 'studio', NULL, NULL, 'warn'".to_owned(),
            CheckViolation,
        ),
        (
            "'x', 'post_segment', 'job_*', 'studio', NULL, NULL, 'warn'".to_owned(),
            CheckViolation,
        ),
        (
            "'x', NULL, 'job_*', 'studio', NULL, NULL, 'block'".to_owned(),
            CheckViolation,
        ),
        (
            "'x', 'lunch', NULL, 'studio', NULL, NULL, 'warn'".to_owned(),
            CheckViolation,
        ),
        (
            format!("'x', 'post_segment', NULL, 'studio', {project}, NULL, 'warn'"),
            CheckViolation,
        ),
        (
            "'x', 'post_segment', NULL, 'project', NULL, NULL, 'warn'".to_owned(),
            CheckViolation,
        ),
        (
            format!("'x', 'post_segment', NULL, 'project', NULL, {forest}, 'warn'"),
            CheckViolation,
        ),
        (
            "'x', 'post_segment', NULL, 'scene_type', NULL, NULL, 'warn'".to_owned(),
            CheckViolation,
        ),
        (
            format!("'x', 'post_segment', NULL, 'scene_type', {project}, {forest}, 'warn'"),
            CheckViolation,
        ),
        (
            "'x', 'post_segment', NULL, 'project', 99, NULL, 'warn'".to_owned(),
            ForeignKeyViolation,
        ),
        (
            "'x', 'post_segment', NULL, 'scene_type', NULL, 99, 'warn'".to_owned(),
            ForeignKeyViolation,
        ),
    ] {
        assert_eq!(refused(f, &hook_row(&columns)).await, kind, "{columns}");
    }
}

async fn the_name_of_a_hook_is_unique_in_the_database_too(f: &Fixture) {
    use sqlx::error::ErrorKind::UniqueViolation;
    let studio = hook_row("'a', 'post_segment', NULL, 'studio', NULL, NULL, 'warn'");
    f.raw(&studio).await.unwrap();
    assert_eq!(refused(f, &studio).await, UniqueViolation);
    f.raw("UPDATE hooks SET archived_at = created_at")
        .await
        .unwrap();
    f.raw(&studio).await.unwrap();
}

async fn a_job_refers_to_a_scene_type_of_its_own_project(f: &Fixture) {
    use sqlx::error::ErrorKind::{CheckViolation, ForeignKeyViolation};
    let project = f.project("Nightfall").await;
    let other = f.project("Dawn").await;
    let elsewhere = f.scene_type(other, "forest").await;
    let job = |scene_type: i64, needs_review: &str| {
        format!(
            "INSERT INTO jobs (project_id, scene_type_id, status, needs_review, created_at, updated_at)
             VALUES ({project}, {scene_type}, 'running', {needs_review},
                     '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
        )
    };
    assert_eq!(
        refused(f, &job(elsewhere.get(), "FALSE")).await,
        ForeignKeyViolation
    );
    let own = f.scene_type(project, "forest").await;
    f.raw(&job(own.get(), "FALSE")).await.unwrap();
    assert_eq!(refused(f, &job(own.get(), "TRUE")).await, CheckViolation);
}

async fn only_known_words_are_kept(f: &Fixture) {
    use sqlx::error::ErrorKind::CheckViolation;
    f.job().await;
    let hook = f.hook(&spec("grade", json!({}))).await;
    for sql in [
        "UPDATE jobs SET status = 'asleep'",
        "UPDATE jobs SET review_decision = 'maybe'",
        "UPDATE jobs SET review_decision = 'resume'",
        "UPDATE hooks SET hook_type = 'perl'",
        "UPDATE hooks SET scope_type = 'galaxy'",
        "UPDATE hooks SET failure_mode = 'panic'",
        "INSERT INTO hook_generation (id, generation) VALUES (2, 0)",
        "INSERT INTO event_types (name, kind, description, built_in, created_at)
         VALUES ('x', 'strange', '', FALSE, '2026-01-01T00:00:00+00:00')",
    ] {
        assert_eq!(refused(f, sql).await, CheckViolation, "{sql}");
    }
    assert_eq!(f.store.get_hook(hook.id).await.unwrap(), hook);
}

async fn a_log_row_cannot_be_changed(f: &Fixture) {
    let hook = f.hook(&spec("grade", json!({}))).await;
    f.store
        .append_log(&record(&hook, ExecutionStatus::Failed))
        .await
        .unwrap();
    for sql in [
        "UPDATE hook_execution_logs SET success = TRUE, status = 'passed'",
        "UPDATE hook_execution_logs SET stdout = stdout",
    ] {
        let error = f.raw(sql).await.unwrap_err().to_string();
        assert!(
            error.contains("a row of hook_execution_logs cannot be changed"),
            "{error}"
        );
    }
    // Retention deletes.
    assert_eq!(f.raw("DELETE FROM hook_execution_logs").await.unwrap(), 1);
    let left = f
        .store
        .list_logs(&LogFilter::default(), everything())
        .await
        .unwrap();
    assert!(left.items.is_empty());
}

async fn an_audit_row_cannot_be_changed(f: &Fixture) {
    f.project("Nightfall").await;
    let error = f
        .raw("UPDATE audit_log SET actor = 'nobody'")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("a row of audit_log cannot be changed"),
        "{error}"
    );
}
