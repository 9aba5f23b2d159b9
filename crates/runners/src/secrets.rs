//! Secrets by name. Their values reach what a hook was granted, and nothing
//! that is kept or shown.
//!
//! They come from two places: the server's environment, which stays as it was at
//! the start, and the database, whose secrets change while the server runs. A
//! stored secret comes before one of the environment with the same name, also
//! where it cannot be read: a value that somebody replaced must not come back.

mod key_file;
mod keys;
mod redactor;

pub use keys::{KeyError, SecretKeys};
pub(crate) use redactor::{Cut, Redactor};

use chrono::{DateTime, Utc};
use stagehook_core::config::SecretName;
use stagehook_core::secret::{SecretValue, Unreadable};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The prefix of the server's environment variables that hold secrets.
const ENV_PREFIX: &str = "STAGEHOOK_SECRET_";

/// The secrets that this server knows, as they are now. Cheap to clone; when they
/// change, they change for all clones.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Arc<KnownSecrets>>>);

impl Secrets {
    /// Takes the secrets out of the server's environment: the secret
    /// `tracker-token` is the value of `STAGEHOOK_SECRET_TRACKER_TOKEN`.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let environment = variables
            .into_iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix(ENV_PREFIX)?;
                (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value))
            })
            .collect();
        let known = KnownSecrets::new(environment, BTreeMap::new());
        Self(Arc::new(RwLock::new(Arc::new(known))))
    }

    /// The secrets of this moment. A run takes them once, so that all of it has
    /// the same ones, and so that what it was given is redacted from what it says.
    pub fn now(&self) -> Arc<KnownSecrets> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the stored secrets, all of them; whoever asks from now on gets
    /// these.
    pub fn replace_stored(&self, stored: BTreeMap<SecretName, Result<Current, Unreadable>>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(KnownSecrets::new(known.environment.clone(), stored));
    }

    /// The variable that holds a secret.
    pub fn variable_of(name: &SecretName) -> String {
        format!("{ENV_PREFIX}{}", variable(name))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.now().fmt(f)
    }
}

/// What a stored secret is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// Its value.
    pub value: SecretValue,
    /// The value before it, and until when that one still signs.
    pub previous: Option<(SecretValue, DateTime<Utc>)>,
}

/// Why there is no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSecret {
    /// There is no such secret.
    #[error(
        "the secret {name} does not exist on this server: store one (`stagehook secret set \
         {name}`), or set {} in the server's environment",
        Secrets::variable_of(name)
    )]
    Unknown {
        /// Its name.
        name: SecretName,
    },
    /// It is stored, and cannot be read.
    #[error("the secret {name} cannot be read: {why}")]
    Unreadable {
        /// Its name.
        name: SecretName,
        /// Why not.
        why: Unreadable,
    },
}

/// The secrets of one moment.
#[derive(Default)]
pub struct KnownSecrets {
    /// By their variables, without prefix.
    environment: BTreeMap<String, String>,
    stored: BTreeMap<SecretName, Result<Current, Unreadable>>,
    redactor: Redactor,
}

impl KnownSecrets {
    fn new(
        environment: BTreeMap<String, String>,
        stored: BTreeMap<SecretName, Result<Current, Unreadable>>,
    ) -> Self {
        let mut known = Self {
            environment,
            stored,
            redactor: Redactor::default(),
        };
        known.redactor = Redactor::new(known.values());
        known
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// [`NoSecret`].
    pub fn get(&self, name: &SecretName) -> Result<&str, NoSecret> {
        match self.stored.get(name) {
            Some(Ok(current)) => Ok(current.value.reveal()),
            Some(Err(why)) => Err(NoSecret::Unreadable {
                name: name.clone(),
                why: *why,
            }),
            None => self
                .environment
                .get(&variable(name))
                .map(String::as_str)
                .ok_or_else(|| NoSecret::Unknown { name: name.clone() }),
        }
    }

    /// The value that a secret had before, while it still signs at this time.
    pub fn previous(&self, name: &SecretName, at: DateTime<Utc>) -> Option<&str> {
        let current = self.stored.get(name)?.as_ref().ok()?;
        let (value, until) = current.previous.as_ref()?;
        (at < *until).then(|| value.reveal())
    }

    /// Whether a value that was replaced has had its time, and may be forgotten.
    pub fn has_expired(&self, at: DateTime<Utc>) -> bool {
        self.current()
            .filter_map(|current| current.previous.as_ref())
            .any(|(_, until)| *until <= at)
    }

    /// Every value, also those that were replaced.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        let stored = self.current().flat_map(|current| {
            let previous = current.previous.as_ref().map(|(value, _)| value.reveal());
            [current.value.reveal()].into_iter().chain(previous)
        });
        self.environment.values().map(String::as_str).chain(stored)
    }

    /// Takes every value out of what is kept.
    pub(crate) fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    fn current(&self) -> impl Iterator<Item = &Current> {
        self.stored
            .values()
            .filter_map(|stored| stored.as_ref().ok())
    }
}

fn variable(name: &SecretName) -> String {
    name.as_str().to_ascii_uppercase().replace('-', "_")
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stored = self.stored.keys().map(SecretName::as_str);
        f.debug_set()
            .entries(self.environment.keys())
            .entries(stored)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Current, NoSecret, Secrets};
    use chrono::{DateTime, TimeDelta, Utc};
    use stagehook_core::config::SecretName;
    use stagehook_core::secret::{SecretKey, SecretValue, Unreadable};

    fn name(text: &str) -> SecretName {
        text.to_owned().try_into().unwrap()
    }

    fn value(text: &str) -> SecretValue {
        text.to_owned().try_into().unwrap()
    }

    fn of_environment(name: &str, value: &str) -> Secrets {
        Secrets::from_env([(format!("STAGEHOOK_SECRET_{name}"), value.to_owned())])
    }

    fn current(text: &str) -> Current {
        Current {
            value: value(text),
            previous: None,
        }
    }

    #[test]
    fn a_secret_is_found_by_its_name_and_never_shown() {
        let secrets = of_environment("TRACKER_TOKEN", "s3cret");
        secrets.replace_stored([(name("stored"), Ok(current("st0red")))].into());
        let known = secrets.now();
        assert_eq!(known.get(&name("tracker-token")), Ok("s3cret"));
        assert_eq!(known.get(&name("stored")), Ok("st0red"));
        assert_eq!(
            Secrets::variable_of(&name("tracker-token")),
            "STAGEHOOK_SECRET_TRACKER_TOKEN"
        );
        assert_eq!(format!("{secrets:?}"), r#"{"TRACKER_TOKEN", "stored"}"#);
        assert_eq!(
            format!("{:?}", current("st0red")),
            "Current { value: SecretValue(..), previous: None }"
        );
    }

    #[test]
    fn a_stored_secret_comes_before_the_environment_also_when_it_cannot_be_read() {
        let secrets = of_environment("TOKEN", "of the environment");
        let (before, token) = (secrets.now(), name("token"));
        let clone = secrets.clone();
        secrets.replace_stored([(token.clone(), Ok(current("stored")))].into());
        assert_eq!(clone.now().get(&token), Ok("stored"), "a clone sees it");
        assert_eq!(
            before.get(&token),
            Ok("of the environment"),
            "a run keeps its own"
        );

        let why = Unreadable::UnknownKey(SecretKey::from_bytes(&[1; 32]).id());
        secrets.replace_stored([(token.clone(), Err(why))].into());
        let refused = secrets.now().get(&token).map(str::to_owned).unwrap_err();
        assert!(matches!(refused, NoSecret::Unreadable { .. }));
        assert!(refused.to_string().contains(&why.to_string()), "{refused}");

        secrets.replace_stored([].into());
        assert_eq!(secrets.now().get(&token), Ok("of the environment"));
        let unknown = secrets.now().get(&name("nobody")).map(str::to_owned);
        assert!(unknown.unwrap_err().to_string().contains("nobody"));
    }

    #[test]
    fn a_value_that_was_replaced_signs_for_a_while_and_is_redacted_for_longer() {
        let until: DateTime<Utc> = "2026-03-04T05:06:07Z".parse().unwrap();
        let just_before = until - TimeDelta::microseconds(1);
        let secrets = Secrets::default();
        let replaced = Current {
            previous: Some((value("older"), until)),
            ..current("newer")
        };
        secrets.replace_stored([(name("key"), Ok(replaced))].into());
        let known = secrets.now();
        assert_eq!(known.previous(&name("key"), just_before), Some("older"));
        assert_eq!(known.previous(&name("key"), until), None);
        assert!(!known.has_expired(just_before) && known.has_expired(until));
        let redacted = known.redactor().redact("newer, older".to_owned());
        assert_eq!(redacted, "[redacted], [redacted]");
    }
}
