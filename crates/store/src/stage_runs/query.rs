//! Finding stage runs.

use super::row::{StageRunRow, stage_run_columns};
use crate::database::{Found, Order, PAGE_BYTES_MAX, Select, args, fitting};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::ids::{JobId, StageRunId};
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::stage_run::StageRun;

/// Which stage runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageRunFilter {
    /// Of this job.
    pub job_id: Option<JobId>,
}

impl Store {
    /// Reads a stage run.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_stage_run(&self, id: StageRunId) -> Result<StageRun> {
        let row: Option<StageRunRow> = self
            .reader()
            .await?
            .optional(
                concat!(
                    "SELECT ",
                    stage_run_columns!(),
                    " FROM stage_runs r WHERE r.id = $1"
                ),
                args![id.get()],
            )
            .await?;
        row.ok_or_else(|| StoreError::not_found(Entity::StageRun, id))?
            .try_into()
    }

    /// The stage runs, newest first. A page ends before it is too large, also with
    /// the logs of its runs, and then has fewer than there is room for.
    pub async fn list_stage_runs(
        &self,
        filter: &StageRunFilter,
        page: PageRequest,
    ) -> Result<Page<StageRun>> {
        // What an answer shows of a run is large where its hooks print much.
        let mut select = Select::new(
            "SELECT r.seq AS key, CAST(octet_length(r.input) + octet_length(r.plan)
                 + COALESCE(octet_length(r.metadata), 0) + COALESCE((
                     SELECT SUM(octet_length(l.stdout) + octet_length(l.stderr)
                         + COALESCE(octet_length(l.input_json), 0)
                         + COALESCE(octet_length(l.result_json), 0))
                     FROM hook_execution_logs l WHERE l.stage_run_id = r.id), 0)
                 AS BIGINT) AS bytes
             FROM stage_runs r",
        );
        select.and_if("r.job_id = ?", filter.job_id.map(JobId::get));
        let mut connection = self.reader().await?;
        let key_of = |found: &Found| found.key;
        let page = select
            .page(&mut connection, page, "r.seq", Order::Descending, key_of)
            .await?;
        let select = concat!("SELECT ", stage_run_columns!(), " FROM stage_runs r");
        let page = fitting(page, PAGE_BYTES_MAX);
        let rows = connection.found(select, "r.seq", page, |row: &StageRunRow| row.seq);
        rows.await?.try_map(StageRun::try_from)
    }
}
