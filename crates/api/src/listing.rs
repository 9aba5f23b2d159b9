//! Pages of listings, as they are asked for and answered.

use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use stagehook_core::invalid::Invalid;
use stagehook_core::page::{LIMIT_DEFAULT, LIMIT_MAX, Page, PageRequest};
use utoipa::{IntoParams, ToSchema};

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Most items, from 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    pub(crate) fn request(&self) -> Result<PageRequest, Problem> {
        page_request(self.limit, self.cursor.as_deref())
    }
}

/// Checks `limit` and `cursor`.
pub(crate) fn page_request(
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<PageRequest, Problem> {
    page_request_of(limit, cursor, LIMIT_MAX)
}

/// Checks `limit` and `cursor` of a listing whose pages may have so many items.
pub(crate) fn page_request_of(
    limit: Option<u32>,
    cursor: Option<&str>,
    most: u32,
) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=most).contains(&limit) {
        return Err(Invalid::one("/limit", format!("must be between 1 and {most}")).into());
    }
    let cursor = cursor.map(str::parse).transpose().map_err(
        |error: stagehook_core::page::InvalidCursor| Invalid::one("/cursor", error.to_string()),
    )?;
    Ok(PageRequest { limit, cursor })
}

/// One page of a listing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; `null` on the last.
    pub(crate) next_cursor: Option<String>,
}

impl<T> From<Page<T>> for Listing<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
        }
    }
}
