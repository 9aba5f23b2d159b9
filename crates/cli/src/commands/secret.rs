//! `stagehook secret …`

mod value;

use crate::client::{Client, Connection, segment};
use crate::ending::Ending;
use crate::output;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    /// Set a secret to what is typed, or to what comes on stdin (without a line break at its end)
    Set {
        /// Its name, as configs name it
        name: String,
        /// How long the value before it still signs webhooks; 0 for not at all [default: a day]
        #[arg(long, value_name = "SECONDS")]
        overlap: Option<u32>,
    },
    /// List the stored secrets, without their values
    List,
    /// Delete a secret
    #[command(visible_alias = "delete")]
    Rm {
        /// Its name
        name: String,
        /// Also where hooks name it: they fail from then on
        #[arg(long)]
        force: bool,
    },
    /// Encrypt secrets of older keys with the server's current key
    Rekey,
}

pub(super) async fn run(args: SecretArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let is_json = args.connection.json;
    match args.command {
        SecretCommand::Set { name, overlap } => set(&client, is_json, &name, overlap).await,
        SecretCommand::List => list(&client, is_json).await,
        SecretCommand::Rm { name, force } => rm(&client, is_json, &name, force).await,
        SecretCommand::Rekey => rekey(&client, is_json).await,
    }
}

async fn set(
    client: &Client,
    is_json: bool,
    name: &str,
    overlap: Option<u32>,
) -> anyhow::Result<Ending> {
    let value = value::read(name).await?;
    let mut body = json!({"value": value});
    if let Some(overlap) = overlap {
        body["overlap_seconds"] = overlap.into();
    }
    client.put(&path_of(name), &body).await?;
    if !is_json {
        output::line(&format!("{} is set", output::one_line(name)))?;
    }
    Ok(Ending::Ok)
}

async fn list(client: &Client, is_json: bool) -> anyhow::Result<Ending> {
    let mut secrets = client.list("/secrets", &[], None).await?;
    secrets.sort_by_key(|secret| secret.get("name").map(output::cell));
    if is_json {
        output::json(&json!({"items": secrets}))?;
        return Ok(Ending::Ok);
    }
    let rows = secrets.iter().map(|secret| {
        let pointers = [
            "/name",
            "/key_id",
            "/updated_at",
            "/updated_by",
            "/previous_until",
        ];
        let mut row = output::row(secret, &pointers);
        row.push(names(secret.get("used_by"), "hook_name"));
        row.extend(output::row(secret, &["/problem"]));
        row
    });
    let header = [
        "name",
        "key",
        "updated",
        "by",
        "previous until",
        "used by",
        "problem",
    ];
    output::table(&header, rows.collect())?;
    Ok(Ending::Ok)
}

async fn rm(client: &Client, is_json: bool, name: &str, force: bool) -> anyhow::Result<Ending> {
    let query = if force { "?force=true" } else { "" };
    client.delete(&format!("{}{query}", path_of(name))).await?;
    if !is_json {
        output::line(&format!("{} is deleted", output::one_line(name)))?;
    }
    Ok(Ending::Ok)
}

/// Says what could not be read, and is an error then: a key that is still needed
/// may be about to be thrown away.
async fn rekey(client: &Client, is_json: bool) -> anyhow::Result<Ending> {
    let answer = client.post("/secret-rekey", &json!({})).await?;
    let count = |key: &str| {
        answer
            .get(key)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    if is_json {
        output::json(&answer)?;
    } else {
        let key = answer.get("key_id").map(output::cell).unwrap_or_default();
        let number = count("rekeyed");
        output::line(&format!("encrypted anew with the key {key}: {number}"))?;
        if count("unreadable") > 0 {
            let unreadable = names(answer.get("unreadable"), "");
            output::line(&format!(
                "could not be read, and stay as they are: {unreadable}"
            ))?;
        }
    }
    Ok(if count("unreadable") == 0 {
        Ending::Ok
    } else {
        Ending::Error
    })
}

/// The texts of a list, or those under a key of its items.
fn names(list: Option<&Value>, key: &str) -> String {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let names: Vec<_> = items
        .map(|item| output::cell(item.get(key).unwrap_or(item)))
        .collect();
    output::one_line(&names.join(", "))
}

fn path_of(name: &str) -> String {
    format!("/secrets/{}", segment(name))
}
