//! Pages of a listing.

use std::fmt;
use std::str::FromStr;

/// Most items of a page.
pub const LIMIT_MAX: u32 = 200;
/// Items of a page when the caller does not say.
pub const LIMIT_DEFAULT: u32 = 50;

/// Where a page begins: after the item with this key. Opaque to callers, so
/// that what it stands for can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(i64);

impl Cursor {
    /// The cursor that begins after this key.
    pub const fn after(key: i64) -> Self {
        Self(key)
    }

    /// The key after which the page begins.
    pub const fn key(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c1-{:x}", self.0)
    }
}

/// The text is no cursor of ours.
#[derive(Debug, thiserror::Error)]
#[error("is no cursor: take it from next_cursor of the page before")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("c1-").ok_or(InvalidCursor)?;
        // `from_str_radix` also takes a sign; we never write one.
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidCursor);
        }
        i64::from_str_radix(digits, 16)
            .map(Self)
            .map_err(|_| InvalidCursor)
    }
}

/// Which page of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Most items, from 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// Where it begins; at the start of the listing without one.
    pub cursor: Option<Cursor>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            limit: LIMIT_DEFAULT,
            cursor: None,
        }
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit + 1` items read: the extra one says that
    /// there is a next page.
    pub fn cut(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> i64) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|last| Cursor::after(key(last)));
        Self { items, next_cursor }
    }

    /// The same page with every item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
        }
    }

    /// The same page with every item changed, unless one cannot be.
    pub fn try_map<U, E>(self, change: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            items: self
                .items
                .into_iter()
                .map(change)
                .collect::<Result<_, _>>()?,
            next_cursor: self.next_cursor,
        })
    }
}
