//! Finding stage runs.

use super::row::{StageRunRow, stage_run_columns};
use crate::database::{Order, Select, args};
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

    /// The stage runs, newest first.
    pub async fn list_stage_runs(
        &self,
        filter: &StageRunFilter,
        page: PageRequest,
    ) -> Result<Page<StageRun>> {
        let mut select = Select::new(concat!(
            "SELECT ",
            stage_run_columns!(),
            " FROM stage_runs r"
        ));
        select.and_if("r.job_id = ?", filter.job_id.map(JobId::get));
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "r.seq",
                Order::Descending,
                |row: &StageRunRow| row.seq,
            )
            .await?
            .try_map(StageRun::try_from)
    }
}
