//! How requests are read: into types, within bounds, with errors that say
//! where.

mod body;
mod json;
mod path;
mod query;

pub(crate) use body::read;
pub(crate) use json::{ApiDocument, ApiJson, read_json};
pub(crate) use path::{Segment, Segments};
pub(crate) use query::ApiQuery;
