//! What a client says when it connects, and what it is told from then on.

use super::packet;
use crate::auth::{Credential, whose};
use crate::problem::Problem;
use crate::routes::events::stream::follow;
use crate::state::ApiState;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::ids::{EventId, ExecutionId, HookId, JobId};
use stagehook_core::interest::Interest;
use stagehook_core::invalid::from_value;
use stagehook_engine::{Follower, LiveEvent, Told};

/// The event by which those hear of everything that asked for more than data.
const ENVELOPE: &str = "stagehook:event";
/// Names by which clients hear of their own connection: an event type that has
/// one of them never comes under its own name.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// The `auth` of a client, but for its token.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Auth {
    last_event_id: Option<EventId>,
    #[serde(default)]
    envelope: bool,
    event: Option<EventPattern>,
    execution_id: Option<ExecutionId>,
    hook_id: Option<HookId>,
    job_id: Option<JobId>,
}

/// A client that may listen.
#[derive(Debug)]
pub(super) struct Listener {
    follower: Follower,
    /// Whether it wants ids and times, too.
    envelope: bool,
    credential: Credential,
}

/// An event with all that is known of it.
#[derive(Debug, Serialize)]
struct Envelope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<EventId>,
    event_name: &'a str,
    timestamp: DateTime<Utc>,
    job_id: Option<JobId>,
    data: &'a Map<String, Value>,
}

impl Listener {
    /// Whoever says this, with a first request like that.
    pub(super) async fn admit(
        state: &ApiState,
        first_request: &Parts,
        auth: &str,
    ) -> Result<Self, Problem> {
        let auth = if auth.is_empty() { "{}" } else { auth };
        let mut auth: Value = serde_json::from_str(auth).map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid-json",
                format!("auth is no JSON: {error}"),
            )
        })?;
        let token = auth.as_object_mut().and_then(|auth| auth.remove("token"));
        // Before all else: whoever is nobody learns nothing more.
        let credential = match (token, first_request.headers.get(AUTHORIZATION)) {
            (Some(token), _) => Credential::of_token(token.as_str().unwrap_or_default()),
            (None, Some(header)) => Credential::of_authorization(header)?,
            // A cookie says that a browser was used, not by which page.
            (None, None) => {
                return Err(Problem::unauthorized(
                    "connect with auth: {token: '<token>'}, or 'Authorization: Bearer <token>'",
                ));
            }
        };
        whose(state, &credential).await?;
        let auth: Auth = from_value(auth)?;
        let interest = Interest {
            event: auth.event,
            execution_id: auth.execution_id,
            hook_id: auth.hook_id,
            job_id: auth.job_id,
        };
        Ok(Self {
            follower: follow(state, interest, auth.last_event_id, "last_event_id").await?,
            envelope: auth.envelope,
            credential,
        })
    }

    /// What it showed to be let in.
    pub(super) fn credential(&self) -> Credential {
        self.credential.clone()
    }

    /// The packet that tells what comes next, once it does.
    pub(super) async fn next(&mut self) -> Option<String> {
        Some(match self.follower.next().await? {
            Told::Event(event) => self.told(&event),
            Told::Lagged { missed } => packet::event("lagged", &json!({"missed": missed})),
        })
    }

    fn told(&self, event: &LiveEvent) -> String {
        let name = &*event.event_name;
        if !self.envelope && !RESERVED.contains(&name) {
            return packet::event(name, &event.data);
        }
        let envelope = Envelope {
            id: event.kept_as(),
            event_name: name,
            timestamp: event.at,
            job_id: event.job_id,
            data: &event.data,
        };
        packet::event(ENVELOPE, &envelope)
    }
}
