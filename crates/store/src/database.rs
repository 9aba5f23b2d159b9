//! Two databases behind one connection type.
//!
//! Statements are written once, in SQL that both databases speak, with `$1`
//! parameters. What differs is in [`dialect`] alone.

mod arg;
mod connection;
mod dialect;
mod large;
mod readers;
mod rows;
mod select;
mod writer;

pub(crate) use arg::{Arg, args};
pub(crate) use connection::{Connection, Fetched, PostgresTransaction};
pub(crate) use dialect::{Sql, for_share, for_update, is_unavailable};
pub use large::PAGE_BYTES_MAX;
pub(crate) use large::{Found, fitting};
pub(crate) use readers::Readers;
pub(crate) use rows::{batches, parameters};
pub(crate) use select::{Order, Select};
pub(crate) use writer::Writer;

use std::future::Future;
use std::pin::Pin;

/// A future that is sent between threads.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
