//! Plugins that try to reach what they may not.

use super::addresses::{NAMES, NEVER, PRIVATE};
use super::{Ears, Table, closed, name_hosts, open, refused_when_saved};
use serde_json::{Value, json};
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{Database, HookDraft, Studio};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_plugin_reaches_a_forbidden_address() {
    let mut table = Table::default();
    let ears = Ears::open().await;
    let mut studio = Studio::with(Database::Sqlite, open()).await;
    name_hosts(&studio, &NAMES);
    let plugin = studio.plugin("http_guest").await;
    let names = NAMES.map(|(name, _)| name);
    let hosts: Vec<&str> = PRIVATE.into_iter().chain(NEVER).chain(names).collect();
    let authorities: Vec<String> = hosts
        .iter()
        .map(|host| format!("{host}:{}", ears.port))
        .collect();
    let requests: Vec<Value> = authorities
        .iter()
        .map(|authority| json!({"authority": authority}))
        .collect();
    // Granted while it was allowed: what can be granted at all.
    let granted: Vec<String> = [
        "127.0.0.1",
        "127.0.0.2",
        "localhost",
        "a.localhost",
        "10.0.0.1",
    ]
    .iter()
    .chain(&["172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1"])
    .chain(&names)
    .map(|host| format!("{host}:{}", ears.port))
    .collect();
    let config = json!({"plugin": plugin, "settings": {"requests": requests},
        "grants": {"http": granted}, "limits": {"timeout_seconds": 60}});
    let draft = HookDraft::new("tries", "wasm", config);
    let hook = draft.create(&studio).await;
    studio.restart_with(closed()).await;
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["status"], "passed", "{log:#}");
    let answers = log["result"]["metadata"]["answers"].as_array().unwrap();
    assert_eq!(answers.len(), hosts.len());
    for (host, answer) in hosts.iter().zip(answers) {
        let error = answer["error"].as_str().unwrap_or_default();
        let expected = [
            "DestinationIpProhibited",
            "HttpRequestDenied",
            "HttpRequestUriInvalid",
            "authority refused",
        ];
        assert!(expected.contains(&error), "{host}: {answer}");
        table.row(&format!("`{host}`"), error, &ears);
    }
    for host in NEVER {
        let config = json!({"plugin": plugin, "settings": {"requests": []},
            "grants": {"http": [format!("{host}:{}", ears.port)]}});
        let why = refused_when_saved(&studio, &HookDraft::new("never", "wasm", config)).await;
        table.row(&format!("a grant of `{host}`"), &why, &ears);
    }
    table.print("Plugins: addresses and names");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_leads_a_plugin_astray() {
    let mut table = Table::default();
    let ears = Ears::open().await;
    let setup = open().variable("HTTP_PROXY", &format!("http://127.0.0.1:{}/", ears.port));
    let studio = Studio::with(Database::Sqlite, setup).await;
    let plugin = studio.plugin("http_guest").await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://127.0.0.1:{}/", ears.port);
        let answer = Script::Answer(status, vec![("location", location)], String::new());
        // A request without a body is none that this receiver reads.
        let receiver = Receiver::start([answer]).await;
        let url = receiver.url("");
        let authority = url.strip_prefix("http://").unwrap();
        let request = json!({"authority": authority, "method": "POST", "body": "x",
            "headers": [["content-length", "1"]]});
        let config = json!({"plugin": plugin, "settings": {"requests": [request]},
            "grants": {"http": [authority]}});
        let hook = HookDraft::new(&format!("redirected {status}"), "wasm", config);
        let log = studio.test(&hook.create(&studio).await, json!({})).await;
        let told = &log["result"]["metadata"]["answers"][0]["status"];
        assert_eq!(told, status, "{log:#}");
        let ended = format!("the plugin was answered {status}");
        table.row(&format!("a redirect {status}, past a proxy"), &ended, &ears);
    }
    table.print("Plugins: redirects and proxies");
}
