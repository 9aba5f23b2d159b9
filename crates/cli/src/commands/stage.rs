//! `stagehook stage run`, for pipelines written in shell.

use crate::client::{Connection, segment};
use crate::document;
use crate::ending::{EXIT_CODES, Ending};
use crate::output;
use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct StageArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: StageCommand,
}

#[derive(Debug, Subcommand)]
enum StageCommand {
    /// Run the hooks of a stage; print the verdict and every execution
    #[command(after_help = EXIT_CODES)]
    Run(RunArgs),
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Id of the job
    #[arg(long, value_name = "ID")]
    job: i64,
    /// `post_variant`, `pre_segment`, `post_segment`, `pre_concatenation` or `post_delivery`
    #[arg(long, value_name = "NAME")]
    hook_point: String,
    /// The file at hand
    #[arg(long, value_name = "PATH")]
    segment_path: Option<String>,
    /// What is known so far: a JSON object, @FILE or -
    #[arg(
        long,
        value_name = "JSON",
        default_value = "{}",
        hide_default_value = true
    )]
    metadata: String,
    /// The scene: a JSON object, @FILE or -
    #[arg(
        long,
        value_name = "JSON",
        default_value = "{}",
        hide_default_value = true
    )]
    scene_context: String,
    /// Names this very call: repeated with the same key it runs nothing twice
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Cancel the run if this command ends, or loses its connection, before the answer is there
    #[arg(long)]
    cancel_on_disconnect: bool,
}

pub(super) async fn run(args: StageArgs) -> anyhow::Result<Ending> {
    let StageCommand::Run(run) = args.command;
    let client = args.connection.client()?;
    let mut body = json!({
        "metadata": document::read_object(&run.metadata, "--metadata")?,
        "scene_context": document::read_object(&run.scene_context, "--scene-context")?,
    });
    if let Some(path) = run.segment_path {
        body["segment_path"] = path.into();
    }
    if run.cancel_on_disconnect {
        body["on_disconnect"] = "cancel".into();
    }
    let path = format!("/jobs/{}/stages/{}/runs", run.job, segment(&run.hook_point));
    let headers: Vec<_> = run
        .idempotency_key
        .iter()
        .map(|key| ("Idempotency-Key", key.as_str()))
        .collect();
    let answer = client.post_with(&path, &body, &headers).await?;
    if args.connection.json {
        output::json(&answer)?;
    } else {
        show(&answer)?;
    }
    match answer.get("verdict").and_then(Value::as_str) {
        Some("proceed") => Ok(Ending::Ok),
        Some("halt") => Ok(Ending::Halt),
        _ => bail!(
            "the stage run {} came to no verdict: it is {}",
            answer.get("id").map(output::cell).unwrap_or_default(),
            answer.get("status").map(output::cell).unwrap_or_default(),
        ),
    }
}

fn show(answer: &Value) -> std::io::Result<()> {
    let items = |key: &str| {
        answer
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut rows: Vec<_> = items("executions").map(execution).collect();
    rows.extend(items("not_run").map(|hook| {
        let mut row = output::row(hook, &["/name", "/source"]);
        row.extend([String::new(), "not run".to_owned()]);
        row
    }));
    if rows.is_empty() {
        output::line("no hook applies here")?;
    } else {
        output::table(
            &["hook", "source", "type", "status", "mode", "ms", "message"],
            rows,
        )?;
    }
    for warning in items("warnings") {
        output::line(&format!(
            "warning: {}",
            output::one_line(&output::cell(warning))
        ))?;
    }
    let verdict = answer.get("verdict").map(output::cell).unwrap_or_default();
    output::line(&format!(
        "verdict: {}",
        if verdict.is_empty() { "none" } else { &verdict }
    ))
}

fn execution(execution: &Value) -> Vec<String> {
    let mut row = output::row(
        execution,
        &[
            "/hook/name",
            "/hook/source",
            "/hook_type",
            "/status",
            "/failure_mode",
            "/duration_ms",
        ],
    );
    let said = ["/error", "/result/message"]
        .into_iter()
        .find_map(|pointer| execution.pointer(pointer).and_then(Value::as_str))
        .unwrap_or_default();
    row.push(said.to_owned());
    row
}
