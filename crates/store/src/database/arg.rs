//! The arguments of a statement.

use chrono::{DateTime, Utc};
use sqlx::Arguments;
use sqlx::encode::Encode;
use sqlx::error::BoxDynError;
use sqlx::types::Type;
use stagehook_core::digest::Digest;
use std::borrow::Cow;
use uuid::Uuid;

/// One argument; its variant is its SQL type, also when it is NULL.
#[derive(Debug, Clone)]
pub(crate) enum Arg<'a> {
    Int(Option<i64>),
    Bool(bool),
    Text(Option<Cow<'a, str>>),
    Time(Option<DateTime<Utc>>),
    Uuid(Option<Uuid>),
    Bytes(&'a [u8]),
}

/// The arguments of a statement, in the order of `$1`, `$2`, …
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$($crate::database::Arg::from($value)),*]
    };
}
pub(crate) use args;

impl Arg<'_> {
    /// Adds the argument to those of a statement.
    pub(super) fn add_to<A>(&self, arguments: &mut A) -> Result<(), BoxDynError>
    where
        A: Arguments,
        for<'t> Option<i64>: Encode<'t, A::Database> + Type<A::Database>,
        for<'t> bool: Encode<'t, A::Database> + Type<A::Database>,
        for<'t> Option<&'t str>: Encode<'t, A::Database> + Type<A::Database>,
        for<'t> Option<DateTime<Utc>>: Encode<'t, A::Database> + Type<A::Database>,
        for<'t> Option<Uuid>: Encode<'t, A::Database> + Type<A::Database>,
        for<'t> &'t [u8]: Encode<'t, A::Database> + Type<A::Database>,
    {
        match self {
            Self::Int(value) => arguments.add(*value),
            Self::Bool(value) => arguments.add(*value),
            Self::Text(value) => arguments.add(value.as_deref()),
            Self::Time(value) => arguments.add(*value),
            Self::Uuid(value) => arguments.add(*value),
            Self::Bytes(value) => arguments.add(*value),
        }
    }
}

/// PostgreSQL cannot keep a NUL in a text; what hooks print may hold some.
fn text(value: Cow<'_, str>) -> Cow<'_, str> {
    if value.contains('\0') {
        Cow::Owned(value.replace('\0', "\u{FFFD}"))
    } else {
        value
    }
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Arg<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(text(Cow::Borrowed(value))))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::from(value.as_str())
    }
}

impl From<String> for Arg<'_> {
    fn from(value: String) -> Self {
        Self::Text(Some(text(Cow::Owned(value))))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value.map(|value| text(Cow::Borrowed(value))))
    }
}

impl From<Option<String>> for Arg<'_> {
    fn from(value: Option<String>) -> Self {
        Self::Text(value.map(|value| text(Cow::Owned(value))))
    }
}

impl From<DateTime<Utc>> for Arg<'_> {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Time(Some(value))
    }
}

impl From<Option<DateTime<Utc>>> for Arg<'_> {
    fn from(value: Option<DateTime<Utc>>) -> Self {
        Self::Time(value)
    }
}

impl From<Uuid> for Arg<'_> {
    fn from(value: Uuid) -> Self {
        Self::Uuid(Some(value))
    }
}

impl From<Option<Uuid>> for Arg<'_> {
    fn from(value: Option<Uuid>) -> Self {
        Self::Uuid(value)
    }
}

impl<'a> From<&'a Digest> for Arg<'a> {
    fn from(value: &'a Digest) -> Self {
        Self::Bytes(value.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}
