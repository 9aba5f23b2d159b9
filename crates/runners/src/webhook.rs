//! Runs webhooks: one HTTP request, one answer.
//!
//! What is promised of every attempt:
//!
//! * No byte goes to an address that the operator did not allow
//!   ([`NetworkPolicy`]): literals are judged before anything is done, names
//!   when they are resolved, and the connection goes to what was judged. There
//!   is no proxy and no redirect is followed, so nothing else is ever spoken to.
//! * It ends by its deadline, also while the head or the body of the answer
//!   drips, and at once when it is cancelled.
//! * Of the answer's body no more than a cap is read, and it is taken as it is:
//!   nothing is decompressed.
//! * No secret is in what is kept, also when the receiver echoes it.
//!
//! To an event, a status below 400 is a success (REQ-EVT-6), a redirect
//! included. To a stage, which waits for a decision, a redirect is a failure,
//! and so is an answer that calls itself JSON and cannot be read. There, a JSON
//! object with one of the contract's keys is a result and must follow the
//! contract; to an event, whose receiver may be anybody's, it is one only if it
//! does.

mod answer;
mod failure;
mod request;
mod retry_after;

use crate::{Egress, HostBroken, Invocation, NetworkPolicy, Secrets};
use answer::Answer;
use failure::Failure;
use stagehook_core::clock::Clock;
use stagehook_core::config::WebhookConfig;
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::sync::Arc;
use std::time::Instant;

/// How webhooks are sent from this server.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Which addresses may be reached.
    pub network: NetworkPolicy,
    /// What configs refer to.
    pub secrets: Arc<Secrets>,
    /// How the server introduces itself.
    pub user_agent: String,
    /// Bytes of an answer's body that are kept: half from the beginning, half
    /// from the end of what was read.
    pub output_bytes: usize,
}

impl WebhookSettings {
    /// The defaults: public addresses only, 256 KiB of each answer kept.
    pub fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            network: NetworkPolicy::default(),
            secrets,
            user_agent: concat!("stagehook/", env!("CARGO_PKG_VERSION")).to_owned(),
            output_bytes: 256 * 1024,
        }
    }
}

/// Sends webhooks, all through one pool of connections.
#[derive(Debug)]
pub struct WebhookRunner {
    settings: WebhookSettings,
    egress: Egress,
    clock: Clock,
}

impl WebhookRunner {
    /// Sets up the client, with the certificate authorities of the system.
    pub fn new(settings: WebhookSettings) -> Result<Self, HostBroken> {
        Ok(Self {
            egress: Egress::new(settings.network, &settings.user_agent)?,
            settings,
            clock: Clock::System,
        })
    }

    /// Which addresses may be reached.
    pub fn network(&self) -> NetworkPolicy {
        self.settings.network
    }

    /// The way out that webhooks take; plugins may take the same.
    pub fn egress(&self) -> Egress {
        self.egress.clone()
    }

    /// Sends one webhook once.
    pub async fn run(
        &self,
        config: &WebhookConfig,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        let began = Instant::now();
        let mut execution = self.attempt(config, &invocation).await;
        execution.duration = began.elapsed();
        Ok(execution)
    }

    async fn attempt(&self, config: &WebhookConfig, invocation: &Invocation<'_>) -> Execution {
        let secrets = &*self.settings.secrets.now();
        let redactor = request::redactor(secrets, config);
        let prepared = config
            .url
            .host()
            .ok_or_else(|| Failure::refused("the URL names no host"))
            .and_then(|host| Ok(self.settings.network.check_host(&host)?))
            .and_then(|()| request::prepare(config, invocation, secrets, self.clock.now()));
        let request = match prepared {
            Ok(request) => request,
            Err(failure) => return failure.into_execution(&redactor),
        };
        let talk = async {
            let response = self
                .egress
                .send(request)
                .await
                .map_err(|error| Failure::of_sending(&config.url, &error))?;
            let retry_after = retry_after::of(response.headers(), self.clock.now());
            Ok(Answer::read(response, retry_after, self.settings.output_bytes).await)
        };
        let answer = tokio::select! {
            biased;
            () = invocation.cancel.cancelled() => {
                Err(Failure::new(ExecutionStatus::Cancelled, "cancelled"))
            }
            answer = tokio::time::timeout(invocation.timeout, talk) => {
                answer.unwrap_or_else(|_| Err(Failure::timed_out(invocation.timeout)))
            }
        };
        match answer {
            Ok(answer) => answer.into_execution(&invocation.input.trigger, &redactor),
            Err(failure) => failure.into_execution(&redactor),
        }
    }
}
