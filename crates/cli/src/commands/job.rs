//! `stagehook job …`

use crate::client::Connection;
use crate::document;
use crate::ending::Ending;
use crate::output;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: JobCommand,
}

#[derive(Debug, Subcommand)]
enum JobCommand {
    /// Create a job
    Create {
        /// Id of its project
        #[arg(long, value_name = "ID")]
        project: i64,
        /// Id of its scene type, which belongs to that project
        #[arg(long, value_name = "ID")]
        scene_type: Option<i64>,
        /// What the pipeline calls it
        #[arg(long, value_name = "TEXT")]
        external_ref: Option<String>,
        /// The workflow it is generated with: a JSON object, @FILE or -
        #[arg(long, value_name = "JSON")]
        workflow: Option<String>,
    },
    /// List jobs, newest first
    List {
        /// Those that stand so: running, failed, completed, rejected
        #[arg(long)]
        status: Option<String>,
        /// Those that wait for a review
        #[arg(long)]
        needs_review: bool,
        /// Those of one project
        #[arg(long, value_name = "ID")]
        project: Option<i64>,
        /// Show at most so many
        #[arg(long, default_value_t = 50, value_parser = super::at_least_one)]
        limit: usize,
    },
    /// Show a job
    Get {
        /// Its id
        id: i64,
    },
    /// Decide about a halted job
    Review {
        /// Its id
        id: i64,
        /// What is decided
        decision: Decision,
        /// Why; kept on record
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Say that the pipeline finished a job
    Complete {
        /// Its id
        id: i64,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Decision {
    /// The pipeline may go on
    Resume,
    /// The job is given up
    Reject,
}

pub(super) async fn run(args: JobArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let job = match args.command {
        JobCommand::Create {
            project,
            scene_type,
            external_ref,
            workflow,
        } => {
            let mut body = json!({"project_id": project});
            if let Some(id) = scene_type {
                body["scene_type_id"] = id.into();
            }
            if let Some(text) = external_ref {
                body["external_ref"] = text.into();
            }
            if let Some(workflow) = workflow {
                body["workflow"] = document::read_object(&workflow, "--workflow")?.into();
            }
            client.post("/jobs", &body).await?
        }
        JobCommand::List {
            status,
            needs_review,
            project,
            limit,
        } => {
            let query = [
                ("status", status),
                ("needs_review", needs_review.then(|| "true".to_owned())),
                ("project_id", project.map(|id| id.to_string())),
            ];
            let jobs = client.list("/jobs", &query, Some(limit)).await?;
            if args.connection.json {
                output::json(&json!({"items": jobs}))?;
            } else {
                show(&jobs)?;
            }
            return Ok(Ending::Ok);
        }
        JobCommand::Get { id } => client.get(&format!("/jobs/{id}")).await?,
        JobCommand::Review { id, decision, note } => {
            let decision = match decision {
                Decision::Resume => "resume",
                Decision::Reject => "reject",
            };
            let body = json!({"decision": decision, "note": note});
            client.post(&format!("/jobs/{id}/review"), &body).await?
        }
        JobCommand::Complete { id } => {
            client
                .post(&format!("/jobs/{id}/complete"), &json!({}))
                .await?
        }
    };
    if args.connection.json {
        output::json(&job)?;
    } else {
        show(&[job])?;
    }
    Ok(Ending::Ok)
}

fn show(jobs: &[Value]) -> std::io::Result<()> {
    output::table(
        &[
            "id",
            "project",
            "scene type",
            "ref",
            "status",
            "review",
            "reason",
        ],
        jobs.iter()
            .map(|job| {
                output::row(
                    job,
                    &[
                        "/id",
                        "/project_id",
                        "/scene_type_id",
                        "/external_ref",
                        "/status",
                        "/needs_review",
                        "/review_reason",
                    ],
                )
            })
            .collect(),
    )
}
