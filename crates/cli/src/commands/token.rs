//! `stagehook token …`

use crate::client::{Client, Connection};
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token, and print it this one time
    Create {
        /// Its name: what the audit trail calls whoever uses it
        name: String,
        /// What it allows; each role also allows what the ones before it do
        #[arg(long, value_parser = ["viewer", "pipeline", "editor", "admin"])]
        role: String,
        /// How many days it works [default: until it is revoked]
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// List the tokens, without themselves
    List,
    /// Revoke a token: it works no more, and its sessions end
    Revoke {
        /// Its id, or its name
        #[arg(value_name = "TOKEN")]
        id_or_name: String,
    },
}

pub(super) async fn run(args: TokenArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    let is_json = args.connection.json;
    match args.command {
        TokenCommand::Create {
            name,
            role,
            expires_in_days,
        } => {
            let new = json!({"name": name, "role": role, "expires_in_days": expires_in_days});
            let created = client.post("/tokens", &new).await?;
            if is_json {
                output::json(&created)?;
            } else {
                // By itself, so that a script can keep it.
                let token = created.get("token").and_then(Value::as_str);
                output::line(token.context("the server answered without the token")?)?;
            }
        }
        TokenCommand::List => {
            let tokens = client.list("/tokens", &[], None).await?;
            if is_json {
                output::json(&json!({"items": tokens}))?;
            } else {
                show(&tokens)?;
            }
        }
        TokenCommand::Revoke { id_or_name } => {
            let id = id_of(&client, &id_or_name).await?;
            client.delete(&format!("/tokens/{id}")).await?;
            if !is_json {
                output::line(&format!("{} is revoked", output::one_line(&id_or_name)))?;
            }
        }
    }
    Ok(Ending::Ok)
}

/// The id of the token with this id or this name; the name goes first, since it
/// may be a number, too.
async fn id_of(client: &Client, token: &str) -> anyhow::Result<i64> {
    let tokens = client.list("/tokens", &[], None).await?;
    let is = |key: &'static str| {
        move |listed: &&Value| listed.get(key).map(output::cell).as_deref() == Some(token)
    };
    let found = tokens.iter().find(is("name"));
    let found = found.or_else(|| tokens.iter().find(is("id")));
    match found.and_then(|found| found.get("id")?.as_i64()) {
        Some(id) => Ok(id),
        None => bail!("there is no token '{token}': `stagehook token list` lists them"),
    }
}

fn show(tokens: &[Value]) -> std::io::Result<()> {
    let pointers = [
        "/id",
        "/name",
        "/role",
        "/created_at",
        "/created_by",
        "/last_used_at",
        "/expires_at",
    ];
    let rows = tokens.iter().map(|token| output::row(token, &pointers));
    output::table(
        &[
            "id",
            "name",
            "role",
            "created",
            "by",
            "last used",
            "expires",
        ],
        rows.collect(),
    )
}
