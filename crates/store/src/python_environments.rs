//! What is in managed Python environments. REQ-SCR-3

use crate::database::args;
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// What was resolved for the environment of this key, when one was built
    /// first: a requirements file with the hash of each file.
    pub async fn locked_environment(&self, key: &str) -> Result<Option<String>> {
        self.reader()
            .await?
            .optional(
                "SELECT locked FROM python_environments WHERE environment_key = $1",
                args![key],
            )
            .await
            .map(|row: Option<(String,)>| row.map(|(locked,)| locked))
    }

    /// Keeps what was resolved. What is kept already stays.
    pub async fn lock_environment(&self, key: &str, locked: &str) -> Result<()> {
        let (key, locked, at) = (key.to_owned(), locked.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                connection
                    .execute(
                        "INSERT INTO python_environments (environment_key, locked, created_at)
                         VALUES ($1, $2, $3) ON CONFLICT (environment_key) DO NOTHING",
                        args![&key, &locked, at],
                    )
                    .await
                    .map(drop)
            })
        })
        .await
    }
}
