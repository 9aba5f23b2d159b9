//! A server with a database of its own, and what a studio has.

use crate::client::{Answer, Client};
use crate::draft::HookDraft;
use crate::plugins::component;
use crate::server::{Layout, Server, Setup, TOKEN};
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_test_support::database::TestDatabase;
use std::fs;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Which database a story is told on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A server with a database of its own. Sends requests like the
/// [`Client`] it derefs to, as the administrator.
#[derive(Debug)]
pub struct Studio {
    // Dropped in this order: the server lets go of the rest first.
    server: Server,
    client: Client,
    layout: Layout,
    database: TestDatabase,
    setup: Setup,
    scripts_written: AtomicU32,
}

impl Deref for Studio {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A project with a scene type and a job in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// The project.
    pub project: i64,
    /// A scene type of the project.
    pub scene_type: i64,
    /// A job of the scene type.
    pub job: i64,
}

/// A hook that was created.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    /// Its id.
    pub id: i64,
    /// How it was shown last.
    pub document: Value,
}

impl Hook {
    /// The hook of a document.
    pub fn of(document: Value) -> Self {
        Self {
            id: id_of(&document),
            document,
        }
    }
}

/// The id of whatever this shows.
#[track_caller]
pub fn id_of(document: &Value) -> i64 {
    document["id"].as_i64().unwrap()
}

impl Studio {
    /// Starts a server.
    pub async fn open(database: Database) -> Self {
        Self::with(database, Setup::default()).await
    }

    /// Starts a server set up so.
    pub async fn with(database: Database, setup: Setup) -> Self {
        let database = match database {
            Database::Sqlite => TestDatabase::sqlite(),
            Database::Postgres => TestDatabase::postgres().await,
        };
        let layout = Layout::default();
        let server = Server::start(&layout, &setup, database.url()).await;
        Self {
            client: Client::new(server.address(), Some(TOKEN)),
            server,
            layout,
            database,
            setup,
            scripts_written: AtomicU32::new(0),
        }
    }

    /// Its directories.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Its process.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// How it was set up.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Where its database is.
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// Its client, for a task of its own.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Ends the server as a power cut would, and starts it again.
    pub async fn crash(&mut self) {
        self.server.kill();
        self.start_again().await;
    }

    /// Stops the server, and starts it with another setup.
    pub async fn restart_with(&mut self, setup: Setup) {
        self.server.terminate();
        self.server.stopped().await;
        self.setup = setup;
        self.start_again().await;
    }

    /// Starts a server that has ended, on what it left.
    pub async fn start_again(&mut self) {
        self.server = Server::start(&self.layout, &self.setup, self.database.url()).await;
        self.client = Client::new(self.server.address(), Some(TOKEN));
    }

    /// Starts a server that has ended, and kills it if it does not listen after
    /// so long. Returns whether it is there.
    pub async fn start_again_within(&mut self, patience: Duration) -> bool {
        let is_there = tokio::time::timeout(patience, self.start_again()).await;
        is_there.is_ok()
    }

    /// Makes a project.
    pub async fn project(&self, name: &str) -> i64 {
        let project = self.post("/projects", &json!({"name": name})).await;
        id_of(&project.expect(201))
    }

    /// Makes a scene type.
    pub async fn scene_type(&self, project: i64, name: &str) -> i64 {
        let body = json!({"name": name, "project_id": project});
        id_of(&self.post("/scene-types", &body).await.expect(201))
    }

    /// Makes a token of this name and role, and answers the token itself.
    pub async fn token(&self, name: &str, role: &str) -> String {
        let new = json!({"name": name, "role": role});
        let created = self.post("/tokens", &new).await.expect(201);
        created["token"].as_str().unwrap().to_owned()
    }

    /// Makes a job.
    pub async fn job(&self, project: i64, scene_type: Option<i64>) -> i64 {
        let body = json!({"project_id": project, "scene_type_id": scene_type});
        id_of(&self.post("/jobs", &body).await.expect(201))
    }

    /// Makes a project, a scene type in it, and a job of that.
    pub async fn world(&self) -> World {
        let project = self.project("feature").await;
        let scene_type = self.scene_type(project, "interior").await;
        let job = self.job(project, Some(scene_type)).await;
        World {
            project,
            scene_type,
            job,
        }
    }

    /// Writes a script, and returns its path below the scripts directory.
    pub fn script(&self, text: &str) -> String {
        let number = self.scripts_written.fetch_add(1, Ordering::Relaxed);
        let name = format!("script-{number}");
        fs::write(self.layout.scripts().join(&name), text).unwrap();
        name
    }

    /// A shell hook with these lines.
    pub fn shell(&self, name: &str, lines: &str) -> HookDraft {
        let script = self.script(&format!("#!/bin/sh\n{lines}\n"));
        HookDraft::new(name, "shell", json!({"script_path": script}))
    }

    /// A shell hook that answers with this result.
    pub fn answering(&self, name: &str, result: &Value) -> HookDraft {
        self.shell(name, &answer_with(result))
    }

    /// A Python hook with these lines.
    pub fn python(&self, name: &str, lines: &str) -> HookDraft {
        let script = self.script(lines);
        HookDraft::new(name, "python", json!({"script_path": script}))
    }

    /// Uploads a component.
    pub async fn upload(&self, component: Vec<u8>) -> Answer {
        let request = self
            .request(Method::POST, "/plugins")
            .header("content-type", "application/wasm")
            .body(component);
        self.send(request).await
    }

    /// Uploads a plugin that `make plugins` builds, and returns how hooks
    /// refer to it.
    pub async fn plugin(&self, name: &str) -> String {
        let version = self.upload(component(name)).await.expect(201);
        let text = |key: &str| version[key].as_str().unwrap().to_owned();
        format!("{}@{}", text("name"), text("version"))
    }

    /// Runs a stage and returns the answer, whatever it is.
    pub async fn try_run(&self, job: i64, point: &str, input: &Value) -> Answer {
        self.post(&format!("/jobs/{job}/stages/{point}/runs"), input)
            .await
    }

    /// Runs the hooks of `post_segment`.
    pub async fn run(&self, job: i64, metadata: Value) -> Value {
        let input = json!({"metadata": metadata});
        self.try_run(job, "post_segment", &input).await.ok()
    }

    /// Tests a hook with this sample input and returns its log.
    pub async fn test(&self, hook: &Hook, input: Value) -> Value {
        let path = format!("/hooks/{}/test", hook.id);
        self.post(&path, &json!({"input": input})).await.ok()
    }

    /// Shows a job.
    pub async fn show_job(&self, job: i64) -> Value {
        self.get(&format!("/jobs/{job}")).await.ok()
    }

    /// Everything that listings show.
    pub async fn everything(&self) -> Vec<Vec<Value>> {
        let mut found = Vec::new();
        for path in [
            "/projects",
            "/scene-types",
            "/jobs",
            "/hooks",
            "/plugins",
            "/scripts",
            "/secrets",
            "/audit",
        ] {
            found.push(self.all(path).await);
        }
        found
    }

    /// The logs of a job, oldest first.
    pub async fn logs_of_job(&self, job: i64) -> Vec<Value> {
        let mut logs = self.all(&format!("/jobs/{job}/hook-logs")).await;
        logs.reverse();
        logs
    }
}

/// The lines of a shell script that answer with this result.
pub fn answer_with(result: &Value) -> String {
    format!("cat > \"$STAGEHOOK_RESULT_FILE\" <<'RESULT'\n{result}\nRESULT\n")
}
