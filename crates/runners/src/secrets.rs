//! Secrets by name. Their values reach what a hook was granted, and nothing
//! that is kept or shown.

mod redactor;

pub(crate) use redactor::{Cut, Redactor};

use stagehook_core::config::SecretName;
use std::collections::BTreeMap;
use std::fmt;

/// The prefix of the server's environment variables that hold secrets.
const ENV_PREFIX: &str = "STAGEHOOK_SECRET_";

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

    /// Takes every value out of what is kept.
    pub(crate) fn redactor(&self) -> Redactor {
        Redactor::new(self.values())
    }
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
}
