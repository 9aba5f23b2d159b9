//! Sample inputs that are kept with a hook, and go with it. REQ-API-2

use super::read;
use crate::audit::Change;
use crate::database::{Connection, Order, Select, args, for_update};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde::Serialize;
use stagehook_core::digest::Digest;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{HookId, TestCaseId};
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::test_case::{TEST_CASES_MAX, TestCase, TestCaseSpec};

macro_rules! columns {
    () => {
        "id, hook_id, name, input, expected_status, created_by, created_at, updated_at,
         version"
    };
}

#[derive(sqlx::FromRow)]
struct TestCaseRow {
    id: i64,
    hook_id: i64,
    name: String,
    input: String,
    expected_status: Option<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<TestCaseRow> for TestCase {
    type Error = StoreError;

    fn try_from(row: TestCaseRow) -> Result<Self> {
        let id = TestCaseId::new(row.id);
        let read = Row::new(Entity::TestCase, id);
        Ok(Self {
            id,
            hook_id: HookId::new(row.hook_id),
            name: row.name,
            input: read.document("input", &row.input)?,
            expected_status: read
                .optional_text("expected_status", row.expected_status.as_deref())?,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

impl Store {
    /// Keeps a test case with a hook.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] of the hook, [`StoreError::NameTaken`],
    /// [`StoreError::TooManyTestCases`].
    pub async fn create_test_case(
        &self,
        actor: &str,
        hook: HookId,
        spec: &TestCaseSpec,
    ) -> Result<TestCase> {
        let (actor, spec, at) = (actor.to_owned(), spec.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection, hook).await?;
                let count = connection
                    .number(
                        "SELECT COUNT(*) FROM hook_test_cases WHERE hook_id = $1",
                        args![hook.get()],
                    )
                    .await?;
                if count >= TEST_CASES_MAX {
                    return Err(StoreError::TooManyTestCases { hook });
                }
                let input = document::write(&spec.input)?;
                let id = connection
                    .number(
                        "INSERT INTO hook_test_cases (hook_id, name, input, expected_status,
                                                      created_by, created_at, updated_at)
                         VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
                        args![
                            hook.get(),
                            &spec.name,
                            input,
                            spec.expected_status.map(ExecutionStatus::as_str),
                            &actor,
                            at
                        ],
                    )
                    .await
                    .map_err(|error| name_taken(error, &spec))?;
                let case = find(connection, hook, TestCaseId::new(id)).await?;
                record(
                    connection,
                    &actor,
                    "test_case.create",
                    (None, Some(&case)),
                    at,
                )
                .await?;
                Ok(case)
            })
        })
        .await
    }

    /// Changes a test case of a hook, if it still has the version that the caller
    /// read.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] of the hook or of the case,
    /// [`StoreError::StaleVersion`], [`StoreError::NameTaken`].
    pub async fn update_test_case(
        &self,
        actor: &str,
        hook: HookId,
        id: TestCaseId,
        expected_version: i64,
        spec: &TestCaseSpec,
    ) -> Result<TestCase> {
        let (actor, spec, at) = (actor.to_owned(), spec.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection, hook).await?;
                let before = find(connection, hook, id).await?;
                if before.version != expected_version {
                    return Err(StoreError::StaleVersion {
                        what: Entity::TestCase,
                        current: before.version,
                    });
                }
                let input = document::write(&spec.input)?;
                connection
                    .execute(
                        "UPDATE hook_test_cases
                         SET name = $2, input = $3, expected_status = $4, updated_at = $5,
                             version = version + 1
                         WHERE id = $1",
                        args![
                            id.get(),
                            &spec.name,
                            input,
                            spec.expected_status.map(ExecutionStatus::as_str),
                            at
                        ],
                    )
                    .await
                    .map_err(|error| name_taken(error, &spec))?;
                let case = find(connection, hook, id).await?;
                let documents = (Some(&before), Some(&case));
                record(connection, &actor, "test_case.update", documents, at).await?;
                Ok(case)
            })
        })
        .await
    }

    /// Deletes a test case of a hook.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] of the hook or of the case.
    pub async fn delete_test_case(&self, actor: &str, hook: HookId, id: TestCaseId) -> Result<()> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection, hook).await?;
                let case = find(connection, hook, id).await?;
                connection
                    .execute("DELETE FROM hook_test_cases WHERE id = $1", args![id.get()])
                    .await?;
                record(
                    connection,
                    &actor,
                    "test_case.delete",
                    (Some(&case), None),
                    at,
                )
                .await
            })
        })
        .await
    }

    /// The test cases of a hook, in the order in which they were created.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] of the hook.
    pub async fn list_test_cases(&self, hook: HookId, page: PageRequest) -> Result<Page<TestCase>> {
        let mut connection = self.reader().await?;
        read(&mut connection, hook).await?;
        let mut select = Select::new(concat!("SELECT ", columns!(), " FROM hook_test_cases"));
        select.and_if("hook_id = ?", Some(hook.get()));
        select
            .page(
                &mut connection,
                page,
                "id",
                Order::Ascending,
                |row: &TestCaseRow| row.id,
            )
            .await?
            .try_map(TestCase::try_from)
    }
}

/// Deletes the test cases of a hook that is being deleted.
pub(super) async fn delete_of(connection: &mut Connection, hook: HookId) -> Result<()> {
    connection
        .execute(
            "DELETE FROM hook_test_cases WHERE hook_id = $1",
            args![hook.get()],
        )
        .await?;
    Ok(())
}

/// Keeps a hook that is not deleted as it is, and others from its test cases.
async fn lock(connection: &mut Connection, hook: HookId) -> Result<()> {
    let row: Option<(i64,)> = connection
        .optional(
            for_update!("SELECT id FROM hooks WHERE id = $1 AND archived_at IS NULL"),
            args![hook.get()],
        )
        .await?;
    row.map(|_| ())
        .ok_or_else(|| StoreError::not_found(Entity::Hook, hook))
}

async fn find(connection: &mut Connection, hook: HookId, id: TestCaseId) -> Result<TestCase> {
    let row: Option<TestCaseRow> = connection
        .optional(
            concat!(
                "SELECT ",
                columns!(),
                " FROM hook_test_cases WHERE id = $1 AND hook_id = $2"
            ),
            args![id.get(), hook.get()],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::TestCase, id))?
        .try_into()
}

async fn record(
    connection: &mut Connection,
    actor: &str,
    action: &'static str,
    (before, after): (Option<&TestCase>, Option<&TestCase>),
    at: DateTime<Utc>,
) -> Result<()> {
    let Some(case) = after.or(before) else {
        return Ok(());
    };
    let change = Change {
        actor,
        action,
        subject: Entity::TestCase,
        at,
    };
    let before = before.map(on_trail).transpose()?;
    let after = after.map(on_trail).transpose()?;
    change.record(connection, case.id, before, after).await
}

/// What the audit trail has of a test case. Its input may be long, and the trail
/// is kept for ever: as of a script, it has what tells one from another.
fn on_trail(case: &TestCase) -> Result<String> {
    #[derive(Serialize)]
    struct OnTrail<'a> {
        id: TestCaseId,
        hook_id: HookId,
        name: &'a str,
        input_digest: Digest,
        input_size_bytes: usize,
        expected_status: Option<ExecutionStatus>,
        version: i64,
    }
    let input = document::write(&case.input)?;
    document::write(&OnTrail {
        id: case.id,
        hook_id: case.hook_id,
        name: &case.name,
        input_digest: Digest::of(input.as_bytes()),
        input_size_bytes: input.len(),
        expected_status: case.expected_status,
        version: case.version,
    })
}

fn name_taken(error: StoreError, spec: &TestCaseSpec) -> StoreError {
    if error.is_unique_violation() {
        StoreError::NameTaken {
            what: Entity::TestCase,
            name: spec.name.clone(),
        }
    } else {
        error
    }
}
