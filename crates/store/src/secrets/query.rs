//! Finding secrets.

use super::row::{self, SecretRow, StoredSecret, columns};
use crate::database::{Order, Select, args};
use crate::error::Result;
use crate::store::Store;
use stagehook_core::config::SecretName;
use stagehook_core::page::{Page, PageRequest};

impl Store {
    /// A number that grows with every change of any secret. Read it before the
    /// secrets themselves.
    pub async fn secret_generation(&self) -> Result<i64> {
        self.reader()
            .await?
            .number(
                "SELECT generation FROM secret_generation WHERE id = $1",
                args![1_i64],
            )
            .await
    }

    /// Every secret.
    pub async fn all_secrets(&self) -> Result<Vec<StoredSecret>> {
        let rows: Vec<SecretRow> = self
            .reader()
            .await?
            .all(
                concat!("SELECT ", columns!(), " FROM secrets ORDER BY id"),
                args![],
            )
            .await?;
        rows.into_iter().map(StoredSecret::try_from).collect()
    }

    /// The secrets, in the order in which they were stored first.
    pub async fn list_secrets(&self, page: PageRequest) -> Result<Page<StoredSecret>> {
        let select = Select::new(concat!("SELECT ", columns!(), " FROM secrets"));
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "id",
                Order::Ascending,
                |row: &SecretRow| row.id,
            )
            .await?
            .try_map(StoredSecret::try_from)
    }

    /// The secret of this name, where there is one.
    pub async fn find_secret(&self, name: &SecretName) -> Result<Option<StoredSecret>> {
        row::find(&mut self.reader().await?, name).await
    }
}
