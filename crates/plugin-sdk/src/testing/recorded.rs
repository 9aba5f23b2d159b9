//! Stands where the imports of the component stand in the sandbox.

pub(crate) mod host {
    use super::super::host::{Progress, with};
    use crate::Level;

    #[expect(
        clippy::print_stderr,
        reason = "in tests that do not look at the log, it is to be seen"
    )]
    pub(crate) fn log(level: Level, message: &str) {
        let is_watched = with(|state| {
            state.logged.push((level, message.to_owned()));
            state.is_watched
        });
        if !is_watched {
            eprintln!("{level:?}: {message}");
        }
    }

    pub(crate) fn progress(fraction: Option<f32>, message: Option<&str>) {
        with(|state| {
            state.progress.push(Progress {
                fraction,
                message: message.map(str::to_owned),
            });
        });
    }

    pub(crate) fn remaining_ms() -> u64 {
        let remaining = with(|state| state.remaining);
        u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX)
    }
}

pub(crate) mod secrets {
    use super::super::host::with;
    use crate::SecretError;

    pub(crate) fn get(name: &str) -> Result<String, SecretError> {
        with(|state| match state.secrets.get(name) {
            None => Err(SecretError::NotGranted),
            Some(None) => Err(SecretError::NotFound),
            Some(Some(value)) => Ok(value.clone()),
        })
    }
}

#[cfg(feature = "http")]
pub(crate) mod http {
    use super::super::host::with;
    use crate::http::{Error, Request, Response};

    pub(crate) fn send(request: &Request) -> Result<Response, Error> {
        // Taken out for the call, so that an answer may log.
        let answers = with(|state| {
            state.requests.push(request.clone());
            state.answers.take()
        });
        let Some(mut answers) = answers else {
            return Err(Error::Denied(request.target()));
        };
        let answer = answers(request);
        with(|state| state.answers = Some(answers));
        answer
    }
}
