//! Hooks in files: the form in which they are asked for, with projects and
//! scene types by name, so that a file can be imported on another server.
//! REQ-OPS-3

use crate::client::Client;
use anyhow::{Context as _, bail};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What an export says it is.
pub(super) const SCHEMA: &str = "stagehook-hooks/1";

/// The keys of a hook that a file holds, beside its scope.
const KEPT: [&str; 10] = [
    "name",
    "description",
    "hook_type",
    "hook_point",
    "event",
    "failure_mode",
    "config",
    "sort_order",
    "enabled",
    "extends",
];

/// The keys of a hook that the server tells, and no request has.
pub(super) const TOLD: [&str; 7] = [
    "id",
    "created_by",
    "created_at",
    "updated_at",
    "newer_plugin_version",
    "disabled_reason",
    "paused_at",
];

/// The projects and scene types of a server.
pub(super) struct Scopes {
    projects: BTreeMap<i64, String>,
    /// Project and name of each scene type.
    scene_types: BTreeMap<i64, (i64, String)>,
}

impl Scopes {
    pub(super) async fn read(client: &Client) -> anyhow::Result<Self> {
        let mut scopes = Self {
            projects: BTreeMap::new(),
            scene_types: BTreeMap::new(),
        };
        for project in client.list("/projects", &[], None).await? {
            scopes
                .projects
                .insert(id(&project, "id")?, text(&project, "name")?);
        }
        for scene_type in client.list("/scene-types", &[], None).await? {
            scopes.scene_types.insert(
                id(&scene_type, "id")?,
                (id(&scene_type, "project_id")?, text(&scene_type, "name")?),
            );
        }
        Ok(scopes)
    }

    /// A hook as a file holds it; none when its project or scene type is gone.
    pub(super) fn to_file(&self, hook: &Value) -> anyhow::Result<Option<Value>> {
        let mut kept = Map::new();
        for key in KEPT {
            if let Some(value) = hook.get(key).filter(|value| !value.is_null()) {
                kept.insert(key.to_owned(), value.clone());
            }
        }
        let scope_type = text(hook, "scope_type")?;
        match scope_type.as_str() {
            "studio" => {}
            "project" => {
                let Some(name) = self.projects.get(&id(hook, "scope_id")?) else {
                    return Ok(None);
                };
                kept.insert("project".to_owned(), name.as_str().into());
            }
            "scene_type" => {
                let Some((project, name)) = self.scene_types.get(&id(hook, "scope_id")?) else {
                    return Ok(None);
                };
                let Some(project) = self.projects.get(project) else {
                    return Ok(None);
                };
                kept.insert("project".to_owned(), project.as_str().into());
                kept.insert("scene_type".to_owned(), name.as_str().into());
            }
            other => bail!("the server knows a scope that this version does not: {other}"),
        }
        kept.insert("scope_type".to_owned(), scope_type.into());
        Ok(Some(Value::Object(kept)))
    }

    /// A hook of a file as a request to this server. The error says what is
    /// missing here.
    pub(super) fn to_request(&self, hook: &Value) -> Result<Value, (String, String)> {
        let Value::Object(mut request) = hook.clone() else {
            return Err((String::new(), "must be an object".to_owned()));
        };
        let project = named(&mut request, "project")?;
        let scene_type = named(&mut request, "scene_type")?;
        if request.contains_key("scope_id") {
            return Err((
                "/scope_id".to_owned(),
                "ids differ from server to server: name the project and the scene_type".to_owned(),
            ));
        }
        let scope_id = match (project, scene_type) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err((
                    "/scene_type".to_owned(),
                    "names of scene types are unique within their project: name the project, too"
                        .to_owned(),
                ));
            }
            (Some(project), scene_type) => {
                let project_id = self.project(&project)?;
                Some(match scene_type {
                    None => project_id,
                    Some(scene_type) => self.scene_type(project_id, &project, &scene_type)?,
                })
            }
        };
        if let Some(id) = scope_id {
            request.insert("scope_id".to_owned(), id.into());
        }
        Ok(Value::Object(request))
    }

    fn project(&self, name: &str) -> Result<i64, (String, String)> {
        let found = self.projects.iter().find(|(_, project)| *project == name);
        found.map(|(id, _)| *id).ok_or_else(|| {
            (
                "/project".to_owned(),
                format!("there is no project '{name}' here: `stagehook project create` makes it"),
            )
        })
    }

    fn scene_type(
        &self,
        project_id: i64,
        project: &str,
        name: &str,
    ) -> Result<i64, (String, String)> {
        let found = self
            .scene_types
            .iter()
            .find(|(_, (of, scene_type))| *of == project_id && scene_type == name);
        found.map(|(id, _)| *id).ok_or_else(|| {
            (
                "/scene_type".to_owned(),
                format!(
                    "project '{project}' has no scene type '{name}' here: `stagehook scene-type create` makes it"
                ),
            )
        })
    }
}

fn named(request: &mut Map<String, Value>, key: &str) -> Result<Option<String>, (String, String)> {
    match request.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name)),
        Some(_) => Err((format!("/{key}"), "must be a name".to_owned())),
    }
}

fn id(value: &Value, key: &str) -> anyhow::Result<i64> {
    value
        .get(key)
        .and_then(Value::as_i64)
        .with_context(|| format!("the server's answer has no {key}"))
}

fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    value
        .get(key)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("the server's answer has no {key}"))
}
