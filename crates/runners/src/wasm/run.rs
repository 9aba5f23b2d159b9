//! Runs a prepared plugin once.

use super::answer::Unacceptable;
use super::bounds::{self, cut};
use super::call::{Called, Ending, Until, call};
use super::contract::{Answer, Call, Failure, Run};
use super::ending::{self, Verdict};
use super::grants::{self, Granted};
use super::http::SentSecret;
use super::prepared::PreparedPlugin;
use super::runner::WasmRunner;
use super::state::{GrantedSecrets, State};
use crate::media_roots::Refusal;
use crate::secrets::Redactor;
use crate::{HostBroken, Invocation, KnownSecrets};
use serde_json::Value;
use stagehook_core::config::{LimitsInForce, PluginGrants, WasmConfig};
use stagehook_core::contract::{HookResult, ResultStatus};
use stagehook_core::execution::{Execution, ExecutionStatus, Usage};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::SemaphorePermit;

impl WasmRunner {
    /// Runs a plugin once, in a fresh instance, under the limits and with the
    /// grants of the hook's config.
    ///
    /// # Errors
    ///
    /// [`HostBroken`] alone; whatever the plugin does is an [`Execution`].
    pub async fn run(
        &self,
        config: &WasmConfig,
        plugin: &PreparedPlugin,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        let started = Instant::now();
        // Once, so that what it is given is what is redacted.
        let secrets = self.secrets.now();
        let has_secrets =
            !(config.grants.secrets.is_empty() && config.grants.http_secrets.is_empty());
        let redactor = if has_secrets {
            secrets.redactor()
        } else {
            Redactor::default()
        };
        let mut execution = self
            .run_from(
                started,
                config,
                plugin,
                invocation,
                (&secrets, redactor.clone()),
            )
            .await?;
        execution.duration = started.elapsed();
        redact(&mut execution, &redactor);
        // After that, so that no part of a secret is left where it is cut.
        execution.error = execution.error.map(|error| cut(error, bounds::ERROR_BYTES));
        Ok(execution)
    }

    async fn run_from(
        &self,
        started: Instant,
        config: &WasmConfig,
        plugin: &PreparedPlugin,
        invocation: Invocation<'_>,
        (secrets, redactor): (&KnownSecrets, Redactor),
    ) -> Result<Execution, HostBroken> {
        let refused = |error: String| Ok(Execution::not_run(ExecutionStatus::Refused, error));
        let mut limits = match config.limits.within(&self.settings.limits) {
            Ok(limits) => limits,
            Err(invalid) => return refused(invalid.to_string()),
        };
        limits.timeout = limits.timeout.min(invocation.timeout);
        if plugin.imports_secrets() && config.grants.secrets.is_empty() {
            return refused(
                "the plugin reads secrets, and the hook grants none: name them in grants.secrets"
                    .to_owned(),
            );
        }
        let until = Until {
            deadline: started + limits.timeout,
            cancel: invocation.cancel,
        };
        let _slot = match self.slot(until).await {
            Ok(slot) => slot,
            Err(execution) => return Ok(execution),
        };
        let input = invocation.input;
        let segment_path = input.segment_path.as_deref();
        // A replay needs nothing of the host, and may run where there is nothing.
        let nothing = PluginGrants::default();
        let grants = match plugin.tape() {
            Some(tape) if tape.is_replay() => &nothing,
            _ => &config.grants,
        };
        let granted = match self.grant(grants, segment_path).await? {
            Ok(granted) => granted,
            Err(Refusal(error)) => return refused(error),
        };
        let run = Run {
            input,
            settings: &config.settings,
            segment_path: match plugin.tape() {
                Some(tape) => tape.segment_path(granted.segment_path),
                None => granted.segment_path,
            },
        };
        let mut state = State::new(
            granted.wasi,
            limits.memory_bytes,
            limits.output_bytes,
            redactor,
        );
        state.open_files = self.file_limits.of_call();
        state.secrets = granted_secrets(secrets, grants);
        state.http.egress.clone_from(&self.settings.egress);
        state.http.hosts.clone_from(&grants.http);
        state.http.secrets = sent_secrets(secrets, grants);
        state.tape = plugin.tape().cloned();
        let called = call(
            plugin.pre(),
            (&self.ticker, &self.turns),
            state,
            limits.fuel,
            until,
            Call::Run(run),
        )
        .await;
        Ok(execution(called, &limits))
    }

    /// A place in the engine's pool. Waiting for it counts.
    async fn slot(&self, until: Until<'_>) -> Result<SemaphorePermit<'_>, Execution> {
        if let Ok(slot) = self.slots.try_acquire() {
            return Ok(slot);
        }
        tokio::select! {
            biased;
            slot = self.slots.acquire() => slot.map_err(|_| {
                Execution::not_run(ExecutionStatus::HostError, "the server stops")
            }),
            () = until.cancel.cancelled() => Err(Execution::not_run(
                ExecutionStatus::Cancelled,
                "was cancelled",
            )),
            () = tokio::time::sleep_until(until.deadline.into()) => Err(Execution::not_run(
                ExecutionStatus::TimedOut,
                "waited for a free slot until its time was over: too many plugins run at the same \
                 time",
            )),
        }
    }

    async fn grant(
        &self,
        grants: &PluginGrants,
        segment_path: Option<&str>,
    ) -> Result<Result<Granted, Refusal>, HostBroken> {
        if !grants::blocks(grants) {
            return Ok(grants::grant(&self.roots, grants, segment_path));
        }
        let roots = Arc::clone(&self.roots);
        let (grants, segment_path) = (grants.clone(), segment_path.map(str::to_owned));
        tokio::task::spawn_blocking(move || grants::grant(&roots, &grants, segment_path.as_deref()))
            .await
            .map_err(|error| {
                HostBroken::new("open granted directories", std::io::Error::other(error))
            })
    }
}

fn granted_secrets(secrets: &KnownSecrets, grants: &PluginGrants) -> GrantedSecrets {
    grants
        .secrets
        .iter()
        .map(|name| {
            let value = secrets.get(name).ok().map(str::to_owned);
            (name.as_str().to_owned(), value)
        })
        .collect()
}

fn sent_secrets(secrets: &KnownSecrets, grants: &PluginGrants) -> Vec<SentSecret> {
    grants
        .http_secrets
        .iter()
        .map(|(name, hosts)| SentSecret {
            name: name.clone(),
            value: secrets.get(name).map(str::to_owned),
            hosts: hosts.clone(),
        })
        .collect()
}

/// Takes secrets out of everything that the plugin answered. What it printed has
/// none.
fn redact(execution: &mut Execution, redactor: &Redactor) {
    let redact = |text: &mut String| *text = redactor.redact(std::mem::take(text));
    if let Some(error) = &mut execution.error {
        redact(error);
    }
    let Some(result) = &mut execution.result else {
        return;
    };
    if let Some(message) = &mut result.message {
        redact(message);
    }
    for annotation in &mut result.annotations {
        redact(&mut annotation.message);
        annotation.code.iter_mut().for_each(redact);
        annotation.path.iter_mut().for_each(redact);
    }
    for artifact in &mut result.artifacts {
        redact(&mut artifact.path);
        artifact.mime.iter_mut().for_each(redact);
    }
    result
        .metadata
        .values_mut()
        .for_each(|value| redact_value(value, &redact));
}

/// Keys are left alone: a plugin that hides a secret in one cannot be helped.
fn redact_value(value: &mut Value, redact: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => redact(text),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| redact_value(value, redact)),
        Value::Object(values) => values
            .values_mut()
            .for_each(|value| redact_value(value, redact)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn execution(called: Called, limits: &LimitsInForce) -> Execution {
    let verdict = match &called.ending {
        Ending::Answered(_) => None,
        Ending::Broke(error) => Some(ending::of_broken(error, &called, limits)),
        Ending::TimedOut => Some(ending::of_timeout(&called, limits)),
        Ending::Cancelled => Some(ending::of_cancellation()),
    };
    let usage = usage(&called);
    let breach = called.traffic.breach().map(ending::of_breach);
    let mut execution = Execution {
        stdout: called.stdout.into_text(),
        stderr: called.stderr.into_text(),
        usage,
        ..Execution::not_run(ExecutionStatus::InvalidResult, "")
    };
    match (called.ending, verdict) {
        (Ending::Answered(Answer::Run(answer)), _) => answered(&mut execution, answer),
        (_, Some(verdict)) => {
            let Verdict {
                status,
                error,
                exit_code,
            } = verdict;
            execution.status = status;
            execution.error = Some(error);
            execution.exit_code = exit_code;
            // What it waited for may answer sooner the next time.
            execution.retryable = status == ExecutionStatus::TimedOut;
        }
        (_, None) => execution.error = Some("answered another question".to_owned()),
    }
    // What the plugin made of it: an answer on half the facts, or a failure of
    // which this is the cause.
    if let Some(Verdict { status, error, .. }) = breach
        && !ended_otherwise(execution.status)
    {
        execution.status = status;
        execution.error = Some(error);
        execution.result = None;
        execution.retryable = false;
    }
    execution
}

/// Whether another limit, or somebody, ended it.
fn ended_otherwise(status: ExecutionStatus) -> bool {
    use ExecutionStatus::{Cancelled, HostError, OutOfFuel, OutOfMemory, TimedOut};
    matches!(
        status,
        Cancelled | HostError | OutOfFuel | OutOfMemory | TimedOut
    )
}

fn answered(execution: &mut Execution, answer: Result<Result<HookResult, Unacceptable>, Failure>) {
    match answer {
        Ok(Ok(result)) => {
            let (status, error) = judged(&result);
            execution.status = status;
            execution.error = error;
            execution.result = Some(result);
        }
        Ok(Err(unacceptable)) => {
            execution.status = ExecutionStatus::InvalidResult;
            execution.error = Some(unacceptable);
        }
        Err(failure) => {
            execution.status = ExecutionStatus::Failed;
            execution.error = Some(failure.message);
            execution.retryable = failure.retryable;
        }
    }
}

fn judged(result: &HookResult) -> (ExecutionStatus, Option<String>) {
    let said = |otherwise: &str| {
        let message = result.message.clone();
        Some(message.unwrap_or_else(|| otherwise.to_owned()))
    };
    match result.status {
        ResultStatus::Pass => (ExecutionStatus::Passed, None),
        ResultStatus::Skip => (ExecutionStatus::Skipped, None),
        ResultStatus::Fail => (ExecutionStatus::Failed, said("answered `fail`")),
        ResultStatus::NeedsReview => (
            ExecutionStatus::NeedsReview,
            said("answered `needs_review`"),
        ),
    }
}

fn usage(called: &Called) -> Usage {
    Usage {
        peak_memory_bytes: Some(called.limiter.peak_bytes() as u64),
        fuel_used: Some(called.fuel_used),
        host_call_ms: Some(called.host_time.as_secs_f64() * 1_000.0),
        bytes_read: Some(called.traffic.bytes_read()),
        bytes_written: Some(called.traffic.bytes_written()),
        http_requests: Some(called.traffic.requests()),
        http_bytes_sent: Some(called.traffic.bytes_sent()),
        http_bytes_received: Some(called.traffic.bytes_received()),
        stdout_dropped_bytes: called.stdout.dropped(),
        stderr_dropped_bytes: called.stderr.dropped(),
        ..Usage::default()
    }
}
