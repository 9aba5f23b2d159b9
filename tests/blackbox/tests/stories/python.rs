//! What Python hooks need is there when they run, or they are not saved.
//! REQ-SCR-3

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_test_support::packages::wheel;
use stagehook_tests::server::{Layout, Server, TOKEN};
use stagehook_tests::{
    Client, Database, Hook, HookDraft, Setup, Studio, eventually, on_both_databases,
};
use std::fs;
use tempfile::TempDir;

on_both_databases!(
    what_a_hook_requires_is_installed_when_it_is_saved_and_stays_what_it_was,
    what_cannot_be_installed_is_told_in_the_installers_words,
    what_a_server_lost_is_built_again,
);

/// `looks` 1.0, which needs `tables`, and `tables` 2.1; a server that has
/// packages from there alone.
async fn studio(on: Database) -> (Studio, TempDir) {
    let packages = TempDir::new().unwrap();
    let looks = "import tables; LUT = 'rec709'";
    wheel(packages.path(), "looks", "1.0", looks, &["tables>=2"]);
    wheel(packages.path(), "tables", "2.1", "VERSION = '2.1'", &[]);
    let setup = Setup::default()
        .confined()
        .variable("PIP_FIND_LINKS", packages.path().to_str().unwrap())
        .variable("PIP_NO_INDEX", "1");
    (Studio::with(on, setup).await, packages)
}

/// Saves a hook with this changed.
async fn save(studio: &Studio, hook: &mut Hook, body: &Value, enabled: bool) {
    let mut body = body.clone();
    body["enabled"] = json!(enabled);
    body["version"] = hook.document["version"].clone();
    let saved = studio.put(&format!("/hooks/{}", hook.id), &body).await;
    hook.document = saved.ok();
}

async fn what_a_hook_requires_is_installed_when_it_is_saved_and_stays_what_it_was(on: Database) {
    let (studio, packages) = studio(on).await;
    let draft = studio
        .python(
            "grade",
            "import looks, tables; print(looks.LUT, tables.VERSION)",
        )
        .config("requirements", json!(["looks"]));
    let body = draft.body().clone();
    let mut hook = draft.create(&studio).await;
    assert_eq!(hook.document["config"]["requirements"], json!(["looks"]));
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["stdout"], "rec709 2.1\n", "{log:#}");

    // Another server, or one that lost its data, has what this one had. What is
    // switched off is not built again by itself.
    save(&studio, &mut hook, &body, false).await;
    fs::remove_dir_all(studio.layout().data().join("venvs/.managed")).unwrap();
    wheel(packages.path(), "tables", "2.2", "VERSION = '2.2'", &[]);
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["status"], "host_error", "{log:#}");
    assert!(
        log["error"]
            .as_str()
            .unwrap()
            .contains("save the hook again")
    );
    save(&studio, &mut hook, &body, true).await;
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["stdout"], "rec709 2.1\n", "{log:#}");

    // A script that says itself what it needs.
    let draft = studio.python(
        "says",
        "# /// script\n# dependencies = ['looks']\n# ///\nimport looks; print(looks.LUT)",
    );
    let says = draft.create(&studio).await;
    let log = studio.test(&says, json!({})).await;
    assert_eq!(log["stdout"], "rec709\n", "{log:#}");
}

async fn what_cannot_be_installed_is_told_in_the_installers_words(on: Database) {
    let (studio, packages) = studio(on).await;
    let before = studio.everything().await;
    fs::write(
        studio.layout().scripts().join("requirements.txt"),
        "looks\n-r more.txt\n",
    )
    .unwrap();
    let plain = || studio.python("grade", "");
    let newer = "# /// script\n# requires-python = '>=3.99'\n# ///\n";
    let cases = [
        (
            plain().config("requirements", json!(["looks>=3"])),
            "/config/requirements",
            "looks>=3",
        ),
        (
            plain().config("requirements", "requirements.txt"),
            "/config/requirements",
            "line 2 of the requirements file requirements.txt must be one requirement",
        ),
        (
            plain().config("requirements", "missing.txt"),
            "/config/requirements",
            "the requirements file missing.txt does not exist",
        ),
        (
            plain().config("venv", "grading"),
            "/config/venv",
            "the Python environment \"grading\" does not exist on this server",
        ),
        (
            studio.python("grade", newer),
            "/config/script_path",
            "the script requires Python >=3.99",
        ),
    ];
    for (draft, pointer, detail) in cases {
        let refused = studio.post("/hooks", draft.body()).await;
        refused.problem(422, "invalid-request").at([pointer]);
        let told: Value = serde_json::from_str(&refused.text).unwrap();
        let told = told["errors"][0]["detail"].as_str().unwrap();
        assert!(told.contains(detail), "{told}");
        for place in [packages.path(), studio.layout().root()] {
            assert!(!told.contains(place.to_str().unwrap()), "{told}");
        }
    }
    assert_eq!(studio.everything().await, before);
}

/// What a hook printed once it could be run at all; until then it says what it
/// waits for.
async fn printed(client: &Client, hook: &Hook) -> String {
    let path = format!("/hooks/{}/test", hook.id);
    eventually("its environment is built", || async {
        let log = client.post(&path, &json!({})).await.ok();
        if log["status"] == "host_error" {
            let error = log["error"].as_str().unwrap();
            assert!(error.contains("is being built again"), "{error}");
            return None;
        }
        assert_eq!(log["status"], "passed", "{log:#}");
        Some(log["stdout"].as_str().unwrap().to_owned())
    })
    .await
}

async fn what_a_server_lost_is_built_again(on: Database) {
    let (mut studio, packages) = studio(on).await;
    let lines = "import looks, tables; print(looks.LUT, tables.VERSION)";
    let draft = studio.python("grade", lines);
    let draft = draft.config("requirements", json!(["looks"]));
    let hook = draft.create(&studio).await;
    wheel(packages.path(), "tables", "2.2", "VERSION = '2.2'", &[]);
    let managed = studio.layout().data().join("venvs/.managed");

    studio.server().terminate();
    studio.server().stopped().await;
    fs::remove_dir_all(&managed).unwrap();
    studio.start_again().await;
    assert_eq!(printed(&studio, &hook).await, "rec709 2.1\n");

    // While it runs, a run finds out.
    fs::remove_dir_all(&managed).unwrap();
    assert_eq!(printed(&studio, &hook).await, "rec709 2.1\n");
}

/// REQ-OPS-2
async fn what_is_saved_on_one_server_is_built_on_the_others(on: Database) {
    let (studio, packages) = studio(on).await;
    let (layout, setup) = (Layout::default(), studio.setup());
    let other = Server::start(&layout, setup, studio.database_url()).await;
    let on_other = Client::new(other.address(), Some(TOKEN));

    let script = "import looks, tables; print(looks.LUT, tables.VERSION)";
    let push = studio
        .request(Method::PUT, "/scripts/grade.py")
        .body(script);
    studio.send(push).await.expect(201);
    let config = json!({"script_path": "grade.py", "requirements": ["looks"]});
    let hook = HookDraft::new("grade", "python", config);
    let hook = hook.create(&studio).await;
    wheel(packages.path(), "tables", "2.2", "VERSION = '2.2'", &[]);
    assert_eq!(printed(&on_other, &hook).await, "rec709 2.1\n");
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["stdout"], "rec709 2.1\n", "{log:#}");
}

mod what_is_saved_on_one_server_is_built_on_the_others {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        let on = stagehook_tests::Database::Postgres;
        Box::pin(super::what_is_saved_on_one_server_is_built_on_the_others(
            on,
        ))
        .await;
    }
}
