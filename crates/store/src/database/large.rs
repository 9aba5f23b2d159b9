//! Pages of rows that may be large: their sizes are asked for first, and then as
//! many are read as fit.

use super::{Arg, Connection, Fetched, Sql, parameters};
use crate::error::Result;
use stagehook_core::page::{Cursor, Page};
use std::collections::HashMap;

/// Most bytes of large texts of one page, unless that is less than one row.
pub const PAGE_BYTES_MAX: i64 = 16 << 20;

/// A row of a page, not yet read.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct Found {
    /// What the listing is ordered by.
    pub(crate) key: i64,
    /// Bytes of what may be large in it.
    pub(crate) bytes: i64,
}

/// As much of a page as has so many bytes, at least one row.
pub(crate) fn fitting(mut page: Page<Found>, most_bytes: i64) -> Page<Found> {
    let mut bytes = 0_i64;
    let fits = |found: &&Found| {
        bytes = bytes.saturating_add(found.bytes);
        bytes <= most_bytes
    };
    let fitting = page.items.iter().take_while(fits).count().max(1);
    if fitting < page.items.len() {
        page.items.truncate(fitting);
        page.next_cursor = page.items.last().map(|last| Cursor::after(last.key));
    }
    page
}

impl Connection {
    /// Reads the rows of a page, in its order: `select` up to `WHERE`, and the
    /// column of their keys. What was deleted meanwhile is missing.
    pub(crate) async fn found<T: Fetched>(
        &mut self,
        select: &'static str,
        key: &'static str,
        page: Page<Found>,
        key_of: impl Fn(&T) -> i64,
    ) -> Result<Page<T>> {
        let Page { items, next_cursor } = page;
        let Some(last) = items.last() else {
            return Ok(Page {
                items: Vec::new(),
                next_cursor,
            });
        };
        // As many as a power of two, so that there are few statements for the
        // database to know.
        let mut args: Vec<Arg<'_>> = items.iter().map(|found| found.key.into()).collect();
        args.resize(items.len().next_power_of_two(), last.key.into());
        let sql = format!("{select} WHERE {key} IN {}", parameters(1, args.len()));
        let mut rows: Vec<T> = self.all(Sql::Built(sql), &args).await?;
        let keys = items.iter().map(|found| found.key);
        let places: HashMap<i64, usize> = keys.zip(0..).collect();
        rows.sort_by_key(|row| places.get(&key_of(row)).copied());
        Ok(Page {
            items: rows,
            next_cursor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_what_fits_and_at_least_one() {
        for (sizes, most, fit) in [
            (&[][..], 10, 0),
            (&[10], 10, 1),
            (&[11], 10, 1),
            (&[11, 1], 10, 1),
            (&[4, 6, 0], 10, 3),
            (&[4, 6, 1], 10, 2),
            (&[4, i64::MAX, 1], 10, 1),
        ] {
            let found = |(key, bytes): (i64, &i64)| Found { key, bytes: *bytes };
            let page = Page {
                items: (1..).zip(sizes).map(found).collect(),
                next_cursor: None,
            };
            let page = fitting(page, most);
            assert_eq!(page.items.len(), fit, "{sizes:?}");
            let rest = (fit < sizes.len()).then(|| Cursor::after(i64::try_from(fit).unwrap()));
            assert_eq!(page.next_cursor, rest, "{sizes:?}");
        }
    }
}
