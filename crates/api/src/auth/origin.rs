//! Which site's page had the browser send a request.
//!
//! Signing in takes no cookie, so no text could be asked for that is derived from
//! one. Without this a page of another site could sign somebody in as somebody
//! else, who then sees what is done there.

use super::csrf;
use crate::problem::Problem;
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Refuses what a page of another site has the browser send. Whatever is no
/// browser says nothing of sites, and may pass.
pub(crate) fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().ok());
    let refused = |why: &str| {
        let detail = format!("a page of another site cannot sign anybody in: {why}");
        Err(csrf(&detail))
    };
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(Some("same-origin" | "none")), _) | (None, None) => Ok(()),
        (Some(_), _) => refused("the browser says in Sec-Fetch-Site that it is one"),
        // Browsers say no more than this to servers without https.
        (None, Some(origin)) => {
            let host = |name: &str| text(name).flatten();
            let authority = origin.and_then(|origin| Some(origin.split_once("://")?.1));
            let is_ours = authority.is_some_and(|authority| {
                [host(HOST.as_str()), host("x-forwarded-host")]
                    .into_iter()
                    .flatten()
                    .any(|host| host.eq_ignore_ascii_case(authority))
            });
            if is_ours {
                Ok(())
            } else {
                refused(
                    "the host of the browser's Origin is neither in Host nor in X-Forwarded-Host. \
                     If it is this server's page, a proxy in front has to pass one of these two \
                     on as the browser sees it, with its port",
                )
            }
        }
    }
}
