//! Secrets by name. Their values reach what a hook was granted, and nothing
//! that is kept or shown.

use stagehook_core::config::SecretName;
use std::collections::BTreeMap;
use std::fmt;

/// The prefix of the server's environment variables that hold secrets.
const ENV_PREFIX: &str = "STAGEHOOK_SECRET_";
/// What stands where a secret was.
const REDACTED: &str = "[redacted]";
/// Shorter values are left alone: they occur everywhere.
const REDACTED_MIN_BYTES: usize = 4;

/// The secrets that this server knows.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Takes the secrets out of the server's environment: the secret
    /// `tracker-token` is the value of `STAGEHOOK_SECRET_TRACKER_TOKEN`.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            variables
                .into_iter()
                .filter_map(|(name, value)| {
                    let name = name.strip_prefix(ENV_PREFIX)?;
                    (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value))
                })
                .collect(),
        )
    }

    /// The value of a secret.
    pub fn get(&self, name: &SecretName) -> Option<&str> {
        self.0.get(&variable(name)).map(String::as_str)
    }

    /// Every value.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// The variable, without prefix, that holds a secret.
    pub fn variable_of(name: &SecretName) -> String {
        format!("{ENV_PREFIX}{}", variable(name))
    }

    /// Replaces every secret's value in a text, so that it can be kept: as it
    /// is, and as JSON writes it. Values shorter than four bytes are left
    /// alone: they occur everywhere.
    pub fn redact(&self, text: String) -> String {
        let mut forms: Vec<String> = Vec::new();
        for value in self.0.values() {
            let json = serde_json::Value::from(value.as_str()).to_string();
            let json = json[1..json.len() - 1].to_owned();
            // Some write a slash in JSON with a backslash before it.
            if json.contains('/') {
                forms.push(json.replace('/', "\\/"));
            }
            if json != *value {
                forms.push(json);
            }
            forms.push(value.clone());
        }
        redact(text, forms)
    }
}

/// Replaces these texts, the longest first: one may be part of another.
pub(crate) fn redact(text: String, mut secrets: Vec<String>) -> String {
    secrets.retain(|secret| secret.len() >= REDACTED_MIN_BYTES && text.contains(secret.as_str()));
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
        .iter()
        .fold(text, |text, secret| text.replace(secret.as_str(), REDACTED))
}

fn variable(name: &SecretName) -> String {
    name.as_str().to_ascii_uppercase().replace('-', "_")
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use stagehook_core::config::SecretName;

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        Secrets::from_env(
            values
                .iter()
                .map(|(name, value)| (format!("STAGEHOOK_SECRET_{name}"), (*value).to_owned())),
        )
    }

    #[test]
    fn a_secret_is_found_by_its_name_and_never_shown() {
        let secrets = secrets(&[("TRACKER_TOKEN", "s3cret")]);
        let name = SecretName::try_from("tracker-token".to_owned()).unwrap();
        assert_eq!(secrets.get(&name), Some("s3cret"));
        assert_eq!(
            Secrets::variable_of(&name),
            "STAGEHOOK_SECRET_TRACKER_TOKEN"
        );
        assert_eq!(format!("{secrets:?}"), r#"{"TRACKER_TOKEN"}"#);
    }

    #[test]
    fn every_form_of_a_secret_is_redacted_and_no_rest_of_a_longer_one_is_left() {
        let secrets = secrets(&[
            ("A", "abcd"),
            ("B", "abcd-efgh"),
            ("C", "q\"uote"),
            ("D", "xyz"),
        ]);
        assert_eq!(
            secrets.redact(r#"abcd-efgh abcd q"uote "q\"uote" xyz"#.to_owned()),
            r#"[redacted] [redacted] [redacted] "[redacted]" xyz"#
        );
    }
}
