//! `stagehook scene-type …`

use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct SceneTypeArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: SceneTypeCommand,
}

#[derive(Debug, Subcommand)]
enum SceneTypeCommand {
    /// Create a scene type
    Create {
        /// Its name, unique within the project
        name: String,
        /// Id of the project it belongs to
        #[arg(long, value_name = "ID")]
        project: i64,
    },
    /// List the scene types
    List {
        /// Those of one project
        #[arg(long, value_name = "ID")]
        project: Option<i64>,
    },
}

pub(super) async fn run(args: SceneTypeArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let as_json = args.connection.json;
    match args.command {
        SceneTypeCommand::Create { name, project } => {
            let body = json!({"name": name, "project_id": project});
            let scene_type = client.post("/scene-types", &body).await?;
            if as_json {
                output::json(&scene_type)?;
            } else {
                show(&[scene_type])?;
            }
        }
        SceneTypeCommand::List { project } => {
            let query = [("project_id", project.map(|id| id.to_string()))];
            let scene_types = client.list("/scene-types", &query, None).await?;
            if as_json {
                output::json(&json!({"items": scene_types}))?;
            } else {
                show(&scene_types)?;
            }
        }
    }
    Ok(Ending::Ok)
}

fn show(scene_types: &[Value]) -> std::io::Result<()> {
    output::table(
        &["id", "project", "name", "created"],
        scene_types
            .iter()
            .map(|scene_type| {
                output::row(scene_type, &["/id", "/project_id", "/name", "/created_at"])
            })
            .collect(),
    )
}
