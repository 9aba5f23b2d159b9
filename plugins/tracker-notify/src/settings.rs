//! What the hook's configuration says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use stagehook_plugin_sdk::Problem;

use crate::url;

/// Settings: where to, and what with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to. `{job_id}`, `{project_id}`, `{external_ref}`, `{segment}` and
    /// `{trigger}` are filled in, behind the host:
    /// `https://tracker.example.com/api/shots/{external_ref}/notes`.
    #[schemars(regex(pattern = r"^https?://[^/{}]+(/.*)?$"))]
    pub url: String,
    /// Method of the request.
    #[serde(default)]
    pub method: Method,
    /// The header `Authorization`. The host puts the secret in, which the hook
    /// has to grant with `http_secrets`. `null`: none is sent.
    #[serde(default = "bearer")]
    pub authorization: Option<String>,
    /// More headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Values of the stage's metadata to tell, by JSON pointer:
    /// `{"duration": "/media/duration_seconds"}`.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Values of the tracker's answer to keep under the metadata key `tracker`,
    /// by JSON pointer: `{"version": "/version"}`.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// How long to wait for the tracker, in seconds.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 300))]
    pub timeout_seconds: u64,
}

/// Method of the request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Add.
    #[default]
    Post,
    /// Replace.
    Put,
    /// Change.
    Patch,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a default has the field's type")]
fn bearer() -> Option<String> {
    Some("Bearer {{secret:tracker_token}}".to_owned())
}

fn ten() -> u64 {
    10
}

/// Set by the plugin, or not to be set at all.
const OWN_HEADERS: [&str; 5] = [
    "authorization",
    "content-type",
    "content-length",
    "host",
    "idempotency-key",
];

impl Settings {
    /// What the schema cannot say.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<_> = url::problem(&self.url)
            .into_iter()
            .map(|detail| Problem::new("/url", detail))
            .collect();
        for name in self.headers.keys() {
            if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                problems.push(Problem::new(
                    format!("/headers/{}", escaped(name)),
                    "is set by the plugin",
                ));
            }
        }
        for (key, pointers) in [("fields", &self.fields), ("keep", &self.keep)] {
            for (name, pointer) in pointers {
                if !pointer.starts_with('/') {
                    problems.push(Problem::new(
                        format!("/{key}/{}", escaped(name)),
                        "must be a JSON pointer, which begins with /",
                    ));
                }
            }
        }
        if !(1..=300).contains(&self.timeout_seconds) {
            problems.push(Problem::new("/timeout_seconds", "must be from 1 to 300"));
        }
        problems
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
