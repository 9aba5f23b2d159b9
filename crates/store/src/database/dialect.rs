//! What differs between the two databases.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// A statement, or the two forms of one that the databases spell differently.
#[derive(Debug, Clone)]
pub(crate) enum Sql {
    /// The same text for both.
    Same(&'static str),
    /// One text for each.
    Differs {
        sqlite: &'static str,
        postgres: &'static str,
    },
    /// Put together from parts of this program, never from input.
    Built(String),
}

impl Sql {
    pub(super) fn sqlite(self) -> SqlStr {
        match self {
            Self::Same(sql) | Self::Differs { sqlite: sql, .. } => sql.into_sql_str(),
            Self::Built(sql) => AssertSqlSafe(sql).into_sql_str(),
        }
    }

    pub(super) fn postgres(self) -> SqlStr {
        match self {
            Self::Same(sql) | Self::Differs { postgres: sql, .. } => sql.into_sql_str(),
            Self::Built(sql) => AssertSqlSafe(sql).into_sql_str(),
        }
    }
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Self {
        Self::Same(sql)
    }
}

/// A SELECT whose rows are about to be changed: nobody else changes them until
/// the transaction ends. SQLite has one writer, so nobody else could.
macro_rules! for_update {
    ($($part:expr),+ $(,)?) => {
        $crate::database::Sql::Differs {
            sqlite: concat!($($part),+),
            postgres: concat!($($part),+, " FOR NO KEY UPDATE"),
        }
    };
}
pub(crate) use for_update;

/// A SELECT whose rows must stay as they are until the transaction ends,
/// though others may rely on them, too.
macro_rules! for_share {
    ($($part:expr),+ $(,)?) => {
        $crate::database::Sql::Differs {
            sqlite: concat!($($part),+),
            postgres: concat!($($part),+, " FOR SHARE"),
        }
    };
}
pub(crate) use for_share;

/// Whether the database itself is in trouble, so that the same statement may
/// well succeed later.
pub(crate) fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error
                .try_downcast_ref::<sqlx::sqlite::SqliteError>()
                .is_some()
            {
                // The low byte is the kind: busy, locked, I/O, full, cannot open.
                code.parse::<i32>()
                    .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
            } else {
                // Connection, a transaction that had to give way to another,
                // resources, operator intervention, system.
                ["08", "40", "53", "57P", "58"]
                    .iter()
                    .any(|class| code.starts_with(class))
            }
        }
        _ => false,
    }
}
