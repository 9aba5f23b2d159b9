//! The ways to behave.

use serde::Deserialize;
use stagehook_plugin_sdk::{
    Annotation, AnnotationLevel, Failure, Input, JsonSchema, Level, Outcome, PreviousResult,
    Problem, Value, json, log, progress, remaining,
};

use crate::{hostile, reach};

/// What the hook's settings ask for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Behaviour {
    /// Answer with everything that was given.
    Echo,
    /// Answer with every part of an outcome.
    Everything,
    /// Answer `fail`.
    FailStatus,
    /// Answer `skip`.
    Skip,
    /// Answer `needs-review`.
    NeedsReview,
    /// Answer a failure that is not worth a retry.
    Fail,
    /// Answer a failure that is worth a retry.
    Retry,
    /// Panic.
    Panic,
    /// Execute an `unreachable` instruction.
    Unreachable,
    /// Leave with `wasi:cli/exit`.
    Exit {
        /// Other than 0: failure.
        code: i32,
    },
    /// Compute for ever.
    Loop,
    /// Call the host for ever, with nothing between.
    LoopInHost,
    /// Wait in the host's clock.
    Sleep {
        /// How long.
        ms: u64,
    },
    /// Allocate and touch memory.
    Allocate {
        /// How much in all; until denied where it is absent.
        mib: Option<usize>,
    },
    /// Recurse until the stack ends.
    Recurse,
    /// Write to the standard output.
    Print {
        /// How much.
        bytes: usize,
    },
    /// Write to the standard error.
    PrintError {
        /// How much.
        bytes: usize,
    },
    /// Log lines of 1 KiB.
    Log {
        /// How much in all.
        bytes: usize,
    },
    /// Log one message.
    LogOnce {
        /// How long.
        bytes: usize,
    },
    /// Report progress.
    Progress {
        /// How often.
        times: u32,
    },
    /// Report progress once, then wait in the host's clock.
    ProgressAndSleep {
        /// How long.
        ms: u64,
    },
    /// Make host resources and keep them.
    Resources {
        /// How many.
        count: usize,
    },
    /// Wait for many timers at once.
    Poll {
        /// How many.
        count: usize,
        /// When each is over.
        ms: u64,
    },
    /// Look at many timers that are over, for ever.
    PollForever {
        /// How many.
        count: usize,
    },
    /// Wait for one timer, named many times in one call.
    PollOne {
        /// How many times.
        times: usize,
    },
    /// Ask for random bytes, for ever.
    RandomForever {
        /// How many at once.
        bytes: u64,
    },
    /// Ask for random bytes at once.
    Random {
        /// How many.
        bytes: u64,
    },
    /// Answer metadata that is not JSON.
    InvalidMetadata,
    /// Answer metadata that is JSON, but no object.
    ScalarMetadata,
    /// Answer deeply nested metadata.
    DeepMetadata {
        /// How deep.
        depth: usize,
    },
    /// Answer a metric that is not a number.
    NanMetric,
    /// Answer a big patch.
    BigResult {
        /// How big.
        bytes: usize,
    },
    /// Answer this many annotations.
    ManyAnnotations {
        /// How many.
        count: usize,
    },
    /// Read a file.
    Read {
        /// As the guest sees it.
        path: String,
    },
    /// Write a file.
    Write {
        /// As the guest sees it.
        path: String,
        /// What to write.
        text: String,
    },
    /// Append to a file without creating it.
    Append {
        /// As the guest sees it.
        path: String,
    },
    /// Truncate a file without creating it.
    Truncate {
        /// As the guest sees it.
        path: String,
    },
    /// Open a file for reading, and shorten it.
    Shorten {
        /// As the guest sees it.
        path: String,
    },
    /// Open a file for reading, and say that it is of another time.
    Touch {
        /// As the guest sees it.
        path: String,
    },
    /// Rename a file.
    Rename {
        /// As the guest sees it.
        from: String,
        /// As the guest sees it.
        to: String,
    },
    /// Make a hard link.
    HardLink {
        /// As the guest sees it.
        from: String,
        /// As the guest sees it.
        to: String,
    },
    /// Make a symbolic link.
    Symlink {
        /// What the link says.
        target: String,
        /// As the guest sees it.
        link: String,
    },
    /// Remove a file.
    Remove {
        /// As the guest sees it.
        path: String,
    },
    /// Make a directory.
    MakeDirectory {
        /// As the guest sees it.
        path: String,
    },
    /// Answer the environment, the arguments, what stdin holds.
    Env,
    /// Answer the preopened directories.
    List,
    /// Answer the file names of a directory.
    ReadDirectory {
        /// As the guest sees it.
        path: String,
    },
    /// Open a file of a directory again and again, and keep all that it takes to
    /// read it.
    OpenFiles {
        /// As the guest sees it.
        directory: String,
        /// Its name.
        name: String,
        /// How often.
        count: usize,
        /// Whether streams are kept, and handles are not.
        streams: bool,
    },
    /// Find this many problems with the settings.
    Complain {
        /// How many.
        problems: usize,
        /// How long the text of each is.
        bytes: usize,
    },
    /// Connect over TCP.
    Connect {
        /// Such as `127.0.0.1:80`.
        address: String,
    },
    /// Look for a canary in all of this instance's memory, then leave one.
    Canary,
    /// Answer how much time is left, twice, with a wait between.
    Remaining {
        /// How long to wait.
        ms: u64,
    },
    /// Add up numbers, as work to be measured.
    Work {
        /// How many rounds.
        rounds: u64,
    },
}

impl Behaviour {
    /// Does what was asked for.
    ///
    /// # Errors
    ///
    /// As asked for, or as found.
    pub(crate) fn act(self, input: &Input<Self>) -> Result<Outcome, Failure> {
        match self {
            Self::Echo => Ok(echo(input)),
            Self::Everything => Ok(everything()),
            Self::FailStatus => Ok(Outcome::fail("asked to fail")),
            Self::Skip => Ok(Outcome::skip("asked to skip")),
            Self::NeedsReview => Ok(Outcome::needs_review("asked for a look")),
            Self::Fail => Err(Failure::new("asked to fail")),
            Self::Retry => Err(Failure::retryable("asked to be tried again")),
            Self::Panic => panic!("asked to panic"),
            Self::Unreachable => hostile::unreachable(),
            Self::Exit { code } => std::process::exit(code),
            Self::Loop => hostile::loop_forever(),
            Self::LoopInHost => hostile::loop_in_host(),
            Self::Sleep { ms } => {
                std::thread::sleep(std::time::Duration::from_millis(ms));
                Ok(Outcome::pass())
            }
            Self::Allocate { mib } => Ok(hostile::allocate(mib)),
            Self::Recurse => Ok(hostile::recurse()),
            Self::Print { bytes } => hostile::print(std::io::stdout().lock(), bytes),
            Self::PrintError { bytes } => hostile::print(std::io::stderr().lock(), bytes),
            Self::Log { bytes } => {
                for _ in 0..bytes.div_ceil(1024) {
                    log(Level::Info, &"l".repeat(1024));
                }
                Ok(Outcome::pass())
            }
            Self::LogOnce { bytes } => {
                log(Level::Warn, &"o".repeat(bytes));
                Ok(Outcome::pass())
            }
            Self::Progress { times } => {
                for step in 0..times {
                    #[expect(clippy::cast_precision_loss, reason = "a few steps")]
                    progress(Some(step as f32 / times as f32), Some("still here"));
                }
                Ok(Outcome::pass())
            }
            Self::ProgressAndSleep { ms } => {
                progress(Some(0.4), Some("rendering"));
                std::thread::sleep(std::time::Duration::from_millis(ms));
                Ok(Outcome::pass())
            }
            Self::Resources { count } => Ok(hostile::resources(count)),
            Self::Poll { count, ms } => Ok(hostile::poll(count, ms)),
            Self::PollForever { count } => Ok(hostile::poll_forever(count)),
            Self::PollOne { times } => Ok(hostile::poll_one(times)),
            Self::RandomForever { bytes } => Ok(hostile::random_forever(bytes)),
            Self::Random { bytes } => Ok(hostile::random(bytes)),
            Self::InvalidMetadata => Ok(with_metadata("{not json".to_owned())),
            Self::ScalarMetadata => Ok(with_metadata("42".to_owned())),
            Self::DeepMetadata { depth } => Ok(with_metadata(format!(
                "{}1{}",
                "{\"a\":".repeat(depth),
                "}".repeat(depth)
            ))),
            Self::NanMetric => Ok(Outcome::pass().metric("broken", f64::NAN)),
            Self::BigResult { bytes } => {
                Ok(Outcome::pass().patch(&json!({"big": "b".repeat(bytes)})))
            }
            Self::ManyAnnotations { count } => {
                let mut outcome = Outcome::pass();
                for number in 0..count {
                    outcome = outcome.annotate(Annotation::new(
                        AnnotationLevel::Info,
                        format!("annotation {number}"),
                    ));
                }
                Ok(outcome)
            }
            Self::Canary => Ok(hostile::canary()),
            Self::Remaining { ms } => {
                let before = remaining();
                std::thread::sleep(std::time::Duration::from_millis(ms));
                let after = remaining();
                Ok(Outcome::pass().patch(&json!({
                    "before_ms": u64::try_from(before.as_millis()).unwrap_or(u64::MAX),
                    "after_ms": u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
                })))
            }
            Self::Work { rounds } => Ok(hostile::work(rounds)),
            Self::OpenFiles {
                directory,
                name,
                count,
                streams,
            } => Ok(hostile::open_files(&directory, &name, count, streams)),
            Self::Complain { .. } => Ok(Outcome::pass()),
            reaching => reach::act(reaching),
        }
    }

    /// What is wrong with the settings.
    pub(crate) fn check(&self) -> Vec<Problem> {
        match self {
            Self::Sleep { ms } if *ms > 3_600_000 => {
                vec![Problem::new("/ms", "is longer than an hour")]
            }
            Self::Complain { problems, bytes } => {
                let problem = Problem::new(format!("/{}", "p".repeat(*bytes)), "d".repeat(*bytes));
                vec![problem; *problems]
            }
            _ => Vec::new(),
        }
    }
}

fn with_metadata(text: String) -> Outcome {
    Outcome {
        metadata: Some(text),
        ..Outcome::pass()
    }
}

fn echo(input: &Input<Behaviour>) -> Outcome {
    let context = &input.context;
    Outcome::pass().message("echoed").patch(&json!({"echo": {
        "execution_id": context.execution_id,
        "hook": {
            "id": context.hook.id,
            "name": context.hook.name,
            "version": context.hook.version,
            "source": format!("{:?}", context.hook.source),
        },
        "job": context.job.as_ref().map(|job| json!({
            "id": job.id,
            "project_id": job.project_id,
            "scene_type_id": job.scene_type_id,
            "external_ref": job.external_ref,
        })),
        "trigger": format!("{:?}", context.trigger),
        "segment_path": context.segment_path,
        "attempt": context.attempt,
        "deadline_ms": context.deadline_ms,
        "dry_run": context.dry_run,
        "previous_results": input.previous_results().iter().map(previous).collect::<Vec<_>>(),
        "inherited": input.inherited().map(previous),
        "data": input.event_data(),
        "metadata": input.metadata,
        "scene_context": input.scene_context,
    }}))
}

fn previous(previous: &PreviousResult) -> Value {
    let result = previous.result.as_ref();
    json!({
        "hook": previous.hook.name,
        "source": format!("{:?}", previous.hook.source),
        "status": format!("{:?}", previous.status),
        "success": previous.status.is_success(),
        "answered": result.map(|result| format!("{:?}", result.status)),
        "message": result.and_then(|result| result.message.clone()),
        "annotations": previous.annotations().iter().map(|annotation| json!({
            "level": format!("{:?}", annotation.level),
            "code": annotation.code,
            "message": annotation.message,
            "path": annotation.path,
            "start_ms": annotation.start_ms,
            "end_ms": annotation.end_ms,
        })).collect::<Vec<_>>(),
        "patch": previous.patch(),
        "artifacts": result.map(|result| result.artifacts.iter().map(|artifact| json!({
            "path": artifact.path,
            "mime": artifact.mime,
        })).collect::<Vec<_>>()),
        "metrics": result.map(|result| result.metrics.iter().map(|metric| json!({
            metric.name.as_str(): metric.value,
        })).collect::<Vec<_>>()),
    })
}

fn everything() -> Outcome {
    Outcome::pass()
        .message("everything")
        .annotate(
            Annotation::new(AnnotationLevel::Warning, "-9 LUFS")
                .code("loudness")
                .path("seg_003.mp4")
                .between(0, 900),
        )
        .patch(&json!({"color": {"space": "bt709"}}))
        .artifact("seg_003.graded.mp4", Some("video/mp4"))
        .metric("delta_e", 1.7)
}
