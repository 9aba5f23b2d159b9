//! `stagehook hook import`

use super::hook_transfer::{SCHEMA, Scopes, TOLD};
use crate::client::Client;
use crate::document;
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use stagehook_core::hook::HookRequest;
use stagehook_core::invalid::{FieldError, Invalid, from_value};
use std::collections::BTreeMap;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The export: a file (- for stdin)
    file: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// What identifies a hook on every server: name, trigger, scope.
type Identity = (String, String, String, String);

/// What is to be done about one hook of the file.
struct Step {
    name: String,
    request: Value,
    action: Action,
}

enum Action {
    Create,
    Update { id: i64, version: i64 },
    Keep,
}

impl Action {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update { .. } => "update",
            Self::Keep => "unchanged",
        }
    }
}

pub(super) async fn run(
    client: &Client,
    args: ImportArgs,
    as_json: bool,
) -> anyhow::Result<Ending> {
    let source = match args.file.as_str() {
        "-" => "-".to_owned(),
        path => format!("@{}", path.strip_prefix('@').unwrap_or(path)),
    };
    let hooks = hooks_of(document::read(&source)?)?;
    let steps = plan(client, &hooks).await?;
    if !args.dry_run {
        for step in &steps {
            perform(client, step).await.with_context(|| {
                format!(
                    "hook '{}' could not be imported; those before it were",
                    step.name
                )
            })?;
        }
    }
    if as_json {
        let steps: Vec<_> = steps
            .iter()
            .map(|step| json!({"name": step.name, "action": step.action.as_str()}))
            .collect();
        output::json(&json!({"dry_run": args.dry_run, "hooks": steps}))?;
    } else {
        let rows = steps
            .iter()
            .map(|step| vec![step.action.as_str().to_owned(), step.name.clone()])
            .collect();
        output::table(&["action", "hook"], rows)?;
        if args.dry_run {
            output::line("nothing was changed (--dry-run)")?;
        }
    }
    Ok(Ending::Ok)
}

fn hooks_of(document: Value) -> anyhow::Result<Vec<Value>> {
    let Value::Object(mut document) = document else {
        bail!("the file is no export: it must hold a JSON object with hooks");
    };
    if let Some(schema) = document.remove("schema")
        && schema != SCHEMA
    {
        bail!("the file says it is {schema}; this version reads \"{SCHEMA}\"");
    }
    let hooks = document.remove("hooks");
    if let Some(key) = document.keys().next() {
        bail!("the file has a key that no export has: {key}");
    }
    match hooks {
        Some(Value::Array(hooks)) => Ok(hooks),
        _ => bail!("the file is no export: it has no list of hooks"),
    }
}

/// Checks every hook before the first is touched, and compares with what is
/// there.
async fn plan(client: &Client, hooks: &[Value]) -> anyhow::Result<Vec<Step>> {
    let scopes = Scopes::read(client).await?;
    let mut known = BTreeMap::new();
    for hook in client.list("/hooks", &[], None).await? {
        known.insert(identity(&hook), hook);
    }
    let mut errors = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut seen = BTreeMap::new();
    for (i, hook) in hooks.iter().enumerate() {
        let checked = scopes
            .to_request(hook)
            .map_err(|(pointer, detail)| Invalid::one(pointer, detail))
            .and_then(|request| {
                from_value::<HookRequest>(request.clone()).and_then(HookRequest::check)?;
                Ok(request)
            });
        match checked {
            Ok(request) => {
                let identity = identity(&request);
                if let Some(first) = seen.insert(identity.clone(), i) {
                    errors.push(FieldError::new(
                        format!("/hooks/{i}"),
                        format!("has the same name, trigger and scope as /hooks/{first}"),
                    ));
                }
                steps.push(step(request, known.get(&identity))?);
            }
            Err(invalid) => errors.extend(invalid.below(&format!("/hooks/{i}")).0),
        }
    }
    if errors.is_empty() {
        return Ok(steps);
    }
    let lines: Vec<_> = errors
        .iter()
        .map(|error| format!("\n  {}: {}", error.pointer, error.detail))
        .collect();
    bail!(
        "nothing was imported: the file cannot be used here{}",
        lines.concat()
    );
}

fn step(request: Value, known: Option<&Value>) -> anyhow::Result<Step> {
    let name = request.get("name").map(output::cell).unwrap_or_default();
    let action = match known {
        None => Action::Create,
        Some(hook) if same(&request, hook)? => Action::Keep,
        Some(hook) => {
            let number = |key: &str| {
                hook.get(key)
                    .and_then(Value::as_i64)
                    .with_context(|| format!("the server's answer has no {key}"))
            };
            Action::Update {
                id: number("id")?,
                version: number("version")?,
            }
        }
    };
    Ok(Step {
        name,
        request,
        action,
    })
}

/// Whether both ask for the same hook, defaults filled in.
fn same(request: &Value, hook: &Value) -> anyhow::Result<bool> {
    let mut hook = hook.clone();
    if let Value::Object(keys) = &mut hook {
        for told in TOLD.into_iter().chain(["version"]) {
            keys.remove(told);
        }
    }
    let spec = |value: Value| from_value::<HookRequest>(value).and_then(HookRequest::check);
    let here = spec(hook).context("the server has a hook that this version cannot read")?;
    Ok(spec(request.clone())? == here)
}

fn identity(hook: &Value) -> Identity {
    let text = |key: &str| hook.get(key).map(output::cell).unwrap_or_default();
    let scope = format!("{} {}", text("scope_type"), text("scope_id"));
    (text("name"), text("hook_point"), text("event"), scope)
}

async fn perform(client: &Client, step: &Step) -> anyhow::Result<()> {
    match step.action {
        Action::Create => client.post("/hooks", &step.request).await?,
        Action::Update { id, version } => {
            let mut request = step.request.clone();
            request["version"] = version.into();
            client.put(&format!("/hooks/{id}"), &request).await?
        }
        Action::Keep => return Ok(()),
    };
    Ok(())
}
