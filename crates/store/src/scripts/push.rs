//! Taking a version in.

use super::{ScriptGuard, record, row, trust};
use crate::database::{Connection, args};
use crate::error::{Result, StoreError};
use crate::store::Store;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use stagehook_core::script::{FOLDER_MAX_BYTES, FOLDER_MAX_SCRIPTS, ScriptVersion};

/// What a path is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewScript {
    /// Where.
    pub path: ScriptPath,
    /// SHA-256 of `content`.
    pub digest: Digest,
    /// What.
    pub content: Bytes,
    /// Whether that may be.
    pub guard: ScriptGuard,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The newest version, now.
    pub version: ScriptVersion,
    /// False where the newest version said the same already.
    pub is_new: bool,
}

impl Store {
    /// Makes what came the newest version of a script. What that says already is
    /// no new version.
    ///
    /// # Errors
    /// [`StoreError::ScriptChanged`], [`StoreError::ScriptTrusted`], and
    /// [`StoreError::FolderFull`].
    pub async fn push_script(&self, actor: &str, new: NewScript) -> Result<Pushed> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move { push(connection, &actor, &new, at).await })
        })
        .await
    }
}

async fn push(
    connection: &mut Connection,
    actor: &str,
    new: &NewScript,
    at: DateTime<Utc>,
) -> Result<Pushed> {
    let (folder, _) = new.path.split();
    trust::check(connection, &new.path, new.guard).await?;
    // Changing nothing takes the row's lock, so that versions are counted by one
    // at a time.
    let (id, newest, archived): (i64, i64, bool) = connection
        .one(
            "INSERT INTO scripts (path, folder, newest) VALUES ($1, $2, 0)
             ON CONFLICT (path) DO UPDATE SET folder = excluded.folder
             RETURNING id, newest, archived_at IS NOT NULL",
            args![new.path.as_str(), folder],
        )
        .await?;
    let current = if newest == 0 || archived {
        None
    } else {
        Some(row::version(connection, &new.path, newest).await?)
    };
    new.guard.check(&new.path, current.as_ref())?;
    if let Some(current) = &current
        && current.digest == new.digest
    {
        return Ok(Pushed {
            version: current.clone(),
            is_new: false,
        });
    }
    check_room(connection, id, folder, new.content.len()).await?;
    let version = ScriptVersion {
        path: new.path.clone(),
        version: newest + 1,
        digest: new.digest,
        size_bytes: i64::try_from(new.content.len()).unwrap_or(i64::MAX),
        created_by: actor.to_owned(),
        created_at: at,
    };
    insert(connection, id, &version, &new.content).await?;
    record(
        connection,
        actor,
        "script.put",
        current.as_ref(),
        Some(&version),
        at,
    )
    .await?;
    Ok(Pushed {
        version,
        is_new: true,
    })
}

/// A hook is brought the whole folder of its script, so that has to stay small.
/// Two that push to one folder at the very same moment may overdo it by as much.
async fn check_room(
    connection: &mut Connection,
    id: i64,
    folder: &str,
    more_bytes: usize,
) -> Result<()> {
    let (scripts, bytes): (i64, i64) = connection
        .one(
            "SELECT count(*), CAST(COALESCE(sum(v.size_bytes), 0) AS BIGINT)
             FROM scripts s JOIN script_versions v ON v.script_id = s.id AND v.version = s.newest
             WHERE s.folder = $1 AND s.archived_at IS NULL AND s.id <> $2",
            args![folder, id],
        )
        .await?;
    let over = |there: i64, more: usize, most: usize| {
        usize::try_from(there).map_or(true, |there| there + more > most)
    };
    if over(scripts, 1, FOLDER_MAX_SCRIPTS) || over(bytes, more_bytes, FOLDER_MAX_BYTES) {
        return Err(StoreError::FolderFull {
            folder: folder.to_owned(),
        });
    }
    Ok(())
}

async fn insert(
    connection: &mut Connection,
    id: i64,
    version: &ScriptVersion,
    content: &[u8],
) -> Result<()> {
    connection
        .execute(
            "INSERT INTO script_contents (digest, content) VALUES ($1, $2)
             ON CONFLICT (digest) DO NOTHING",
            args![&version.digest, content],
        )
        .await?;
    connection
        .execute(
            "INSERT INTO script_versions (script_id, version, digest, size_bytes, created_by,
                                          created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            args![
                id,
                version.version,
                &version.digest,
                version.size_bytes,
                &version.created_by,
                version.created_at
            ],
        )
        .await?;
    connection
        .execute(
            "UPDATE scripts SET newest = $2, archived_at = NULL WHERE id = $1",
            args![id, version.version],
        )
        .await?;
    Ok(())
}
