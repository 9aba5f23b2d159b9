//! `stagehook project …`

use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct ProjectArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: ProjectCommand,
}

#[derive(Debug, Subcommand)]
enum ProjectCommand {
    /// Create a project
    Create {
        /// Its name, unique among the projects
        name: String,
    },
    /// List the projects
    List,
}

pub(super) async fn run(args: ProjectArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let as_json = args.connection.json;
    match args.command {
        ProjectCommand::Create { name } => {
            let project = client.post("/projects", &json!({"name": name})).await?;
            if as_json {
                output::json(&project)?;
            } else {
                show(&[project])?;
            }
        }
        ProjectCommand::List => {
            let projects = client.list("/projects", &[], None).await?;
            if as_json {
                output::json(&json!({"items": projects}))?;
            } else {
                show(&projects)?;
            }
        }
    }
    Ok(Ending::Ok)
}

fn show(projects: &[Value]) -> std::io::Result<()> {
    output::table(
        &["id", "name", "created"],
        projects
            .iter()
            .map(|project| output::row(project, &["/id", "/name", "/created_at"]))
            .collect(),
    )
}
