//! Listings: a SELECT with the conditions that the caller asked for.

use super::{Arg, Connection, Fetched, Sql};
use crate::error::Result;
use stagehook_core::page::{LIMIT_MAX, Page, PageRequest};
use std::fmt::Write as _;

/// The direction of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Lowest key first.
    Ascending,
    /// Newest first.
    Descending,
}

/// A SELECT in the making. Every part of its text is a literal of this
/// program; input comes in as arguments alone.
#[derive(Debug)]
pub(crate) struct Select<'a> {
    sql: String,
    args: Vec<Arg<'a>>,
    most: u32,
}

impl<'a> Select<'a> {
    /// Begins with `SELECT … FROM …`; conditions follow.
    pub(crate) fn new(select: &'static str) -> Self {
        Self {
            sql: format!("{select} WHERE 1 = 1"),
            args: Vec::new(),
            most: LIMIT_MAX,
        }
    }

    /// Pages of this listing may have so many rows.
    pub(crate) const fn at_most(&mut self, most: u32) -> &mut Self {
        self.most = most;
        self
    }

    /// Adds a condition without an argument.
    pub(crate) fn and(&mut self, condition: &'static str) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(self.sql, " AND {condition}");
        self
    }

    /// Adds a condition, where a value is given for each `?` in it.
    pub(crate) fn and_if<T: Into<Arg<'a>>>(
        &mut self,
        condition: &'static str,
        value: Option<T>,
    ) -> &mut Self {
        if let Some(value) = value {
            self.args.push(value.into());
            let parameter = format!("${}", self.args.len());
            let _ = write!(self.sql, " AND {}", condition.replace('?', &parameter));
        }
        self
    }

    /// Adds a condition with two arguments, in the order of its `?`.
    pub(crate) fn and_both(
        &mut self,
        condition: &'static str,
        first: impl Into<Arg<'a>>,
        second: impl Into<Arg<'a>>,
    ) -> &mut Self {
        self.args.extend([first.into(), second.into()]);
        let second = self.args.len();
        let condition = condition
            .replacen('?', &format!("${}", second - 1), 1)
            .replacen('?', &format!("${second}"), 1);
        let _ = write!(self.sql, " AND {condition}");
        self
    }

    /// Adds a condition that has to hold for one of these values at least, each
    /// in place of every `?` in it.
    pub(crate) fn and_any<T: Into<Arg<'a>>>(
        &mut self,
        condition: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let conditions: Vec<String> = values
            .into_iter()
            .map(|value| {
                self.args.push(value.into());
                condition.replace('?', &format!("${}", self.args.len()))
            })
            .collect();
        let _ = write!(self.sql, " AND (1 = 0 OR {})", conditions.join(" OR "));
        self
    }

    /// Reads all rows, with an order and a bound of the caller's.
    pub(crate) async fn rows<T: Fetched>(
        mut self,
        connection: &mut Connection,
        tail: &str,
    ) -> Result<Vec<T>> {
        let _ = write!(self.sql, " {tail}");
        connection.all(Sql::Built(self.sql), &self.args).await
    }

    /// Reads one page, in the order of a key that never changes, so that
    /// pages stay stable while rows are added.
    pub(crate) async fn page<T: Fetched>(
        mut self,
        connection: &mut Connection,
        page: PageRequest,
        key: &'static str,
        order: Order,
        key_of: impl Fn(&T) -> i64,
    ) -> Result<Page<T>> {
        let limit = page.limit.clamp(1, self.most);
        let (after, direction) = match order {
            Order::Ascending => (">", "ASC"),
            Order::Descending => ("<", "DESC"),
        };
        if let Some(cursor) = page.cursor {
            self.args.push(Arg::from(cursor.key()));
            let _ = write!(self.sql, " AND {key} {after} ${}", self.args.len());
        }
        let _ = write!(
            self.sql,
            " ORDER BY {key} {direction} LIMIT {}",
            u64::from(limit) + 1
        );
        let rows = connection.all(Sql::Built(self.sql), &self.args).await?;
        Ok(Page::cut(rows, limit, key_of))
    }
}
