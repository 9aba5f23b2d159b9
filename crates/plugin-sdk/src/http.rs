//! Outgoing HTTP, to the hosts that the hook grants (`"http": ["tracker.example.com"]`).
//!
//! ```
//! use stagehook_plugin_sdk::http::Request;
//! use stagehook_plugin_sdk::{json, Failure};
//!
//! fn notify() -> Result<String, Failure> {
//!     let response = Request::post("https://tracker.example.com/api/notes")
//!         .header("authorization", "Bearer {{secret:tracker_token}}")
//!         .json(&json!({"text": "rendered"}))
//!         .send()?
//!         .error_for_status()?;
//!     Ok(response.text())
//! }
//! ```
//!
//! Where the hook says `"http_secrets": {"tracker_token": ["tracker.example.com"]}`,
//! the host puts the secret where `{{secret:tracker_token}}` stands in a header:
//! the plugin never sees it.
//!
//! Requests are blocking, follow no redirects, and count against the call's time.
//! In a unit test, [`testing::Host::on_request`](crate::testing::Host::on_request)
//! answers them.

mod error;
mod request;
mod response;
#[cfg(target_family = "wasm")]
mod sandbox;

#[cfg(not(target_family = "wasm"))]
use crate::testing::recorded::http as sandbox;

pub use error::Error;
pub use request::Request;
pub use response::Response;
