//! JSON documents are kept as text that we write ourselves, so that what is
//! read is what was written: PostgreSQL's own JSON type reorders keys and
//! refuses `\u0000`.

use crate::error::{Entity, Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stagehook_core::digest::Digest;
use std::fmt::Display;
use std::str::FromStr;

/// Writes a document.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| {
        StoreError::Database(std::sync::Arc::new(sqlx::Error::Encode(error.into())))
    })
}

/// What a row is, for the error that says that it cannot be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<I> {
    what: Entity,
    id: I,
}

impl<I: Display + Copy> Row<I> {
    pub(crate) const fn new(what: Entity, id: I) -> Self {
        Self { what, id }
    }

    /// The error: a column does not hold what it should.
    pub(crate) fn inconsistent(&self, detail: impl Display) -> StoreError {
        StoreError::Inconsistent {
            what: self.what,
            id: self.id.to_string(),
            detail: detail.to_string(),
        }
    }

    /// Reads a column that holds a document.
    pub(crate) fn document<T: DeserializeOwned>(&self, column: &str, text: &str) -> Result<T> {
        serde_json::from_str(text)
            .map_err(|error| self.inconsistent(format_args!("{column}: {error}")))
    }

    /// Reads a column that may hold a document.
    pub(crate) fn optional_document<T: DeserializeOwned>(
        &self,
        column: &str,
        text: Option<&str>,
    ) -> Result<Option<T>> {
        text.map(|text| self.document(column, text)).transpose()
    }

    /// Reads a column that holds one of a closed set of names, or another text
    /// with a form of its own.
    pub(crate) fn text<T>(&self, column: &str, text: &str) -> Result<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        text.parse()
            .map_err(|error| self.inconsistent(format_args!("{column}: '{text}' {error}")))
    }

    /// Reads a column that may hold such a text.
    pub(crate) fn optional_text<T>(&self, column: &str, text: Option<&str>) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        text.map(|text| self.text(column, text)).transpose()
    }

    /// Reads a column that holds a digest.
    pub(crate) fn digest(&self, column: &str, bytes: Vec<u8>) -> Result<Digest> {
        <[u8; 32]>::try_from(bytes)
            .map(Digest::from_bytes)
            .map_err(|_| self.inconsistent(format_args!("{column}: is not 32 bytes long")))
    }

    /// Reads a column that holds a number of a narrower type.
    pub(crate) fn number<T: TryFrom<i64>>(&self, column: &str, number: i64) -> Result<T> {
        T::try_from(number)
            .map_err(|_| self.inconsistent(format_args!("{column}: {number} is out of range")))
    }
}
