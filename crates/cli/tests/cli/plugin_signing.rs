//! Keys and signatures of plugins.

use crate::binary::{Ran, run, stagehook};
use crate::fake_server::FakeServer;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// A directory with a component and a key in it.
struct Desk {
    directory: TempDir,
    public_key: String,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            directory: tempfile::tempdir().unwrap(),
            public_key: String::new(),
        };
        desk.write("probe.wasm", "\0asm and so on");
        desk.public_key = desk.keygen("key.pem");
        desk
    }

    fn plugin(&self, arguments: &[&str]) -> Ran {
        let arguments: Vec<_> = ["plugin"].iter().chain(arguments).collect();
        run(&mut stagehook(self.directory.path(), &arguments))
    }

    fn keygen(&self, file: &str) -> String {
        let made = self.plugin(&["keygen", "--out", file, "--json"]).ok();
        let made: Value = serde_json::from_str(&made).unwrap();
        made["public_key"].as_str().unwrap().to_owned()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.directory.path().join(file), text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(file)).unwrap()
    }

    fn allow(&self, file: &str, mode: u32) {
        let path = self.directory.path().join(file);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_key_is_for_its_owner_alone_and_never_written_over() {
    let desk = Desk::new();
    let path = desk.directory.path().join("key.pem");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pem = desk.read("key.pem");
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "PKCS#8");
    let error = desk.plugin(&["keygen", "--out", "key.pem"]).failed();
    assert!(error.contains("key.pem exists"), "{error}");
    assert_eq!(desk.read("key.pem"), pem);
}

#[test]
fn a_new_key_comes_with_what_the_server_is_told() {
    let desk = Desk::new();
    let said = desk.plugin(&["keygen", "--out", "other.pem"]).ok();
    let public = said
        .lines()
        .find_map(|line| line.strip_prefix("public key   "))
        .unwrap();
    assert!(
        said.contains(&format!("stagehook serve --trusted-key NAME={public}\n")),
        "{said}"
    );
    assert!(!said.contains("PRIVATE KEY"));
}

#[test]
fn what_was_signed_is_verified() {
    let desk = Desk::new();
    desk.plugin(&["sign", "probe.wasm", "--key", "key.pem"])
        .ok();
    for key in [
        desk.public_key.clone(),
        format!("studio={}", desk.public_key),
    ] {
        let said = desk.plugin(&["verify", "probe.wasm", "--key", &key]).ok();
        assert!(said.ends_with("\nthe signature is good\n"), "{said}");
    }
    desk.write("key.pub", &format!("{}\n", desk.public_key));
    desk.write("elsewhere.sig", &desk.read("probe.wasm.sig"));
    std::fs::remove_file(desk.directory.path().join("probe.wasm.sig")).unwrap();
    desk.plugin(&[
        "verify",
        "probe.wasm",
        "--key",
        "key.pub",
        "--signature",
        "elsewhere.sig",
    ])
    .ok();
}

#[test]
fn another_component_or_another_key_is_found_out() {
    let desk = Desk::new();
    desk.plugin(&["sign", "probe.wasm", "--key", "key.pem"])
        .ok();
    let other = desk.keygen("other.pem");
    let error = desk
        .plugin(&["verify", "probe.wasm", "--key", &other])
        .failed();
    assert!(error.contains("another key signed it"), "{error}");
    desk.write("probe.wasm", "\0asm and so om");
    let key = desk.public_key.clone();
    let error = desk
        .plugin(&["verify", "probe.wasm", "--key", &key])
        .failed();
    assert!(error.contains("the component was changed"), "{error}");
    let report = desk.plugin(&["verify", "probe.wasm", "--key", &key, "--json"]);
    assert_eq!(report.code, Some(1));
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["verified"], false);
}

#[test]
fn a_key_that_others_can_read_signs_nothing() {
    let desk = Desk::new();
    desk.allow("key.pem", 0o640);
    let error = desk
        .plugin(&["sign", "probe.wasm", "--key", "key.pem"])
        .failed();
    assert_eq!(
        error,
        "error: key.pem can be read by others (mode 640), and with it they could sign in your \
         name: chmod 600 key.pem\n"
    );
    assert!(!desk.directory.path().join("probe.wasm.sig").exists());
}

#[test]
fn what_is_no_key_and_no_signature_is_told_so() {
    let desk = Desk::new();
    desk.write("words.pem", "open sesame");
    desk.allow("words.pem", 0o600);
    let error = desk
        .plugin(&["sign", "probe.wasm", "--key", "words.pem"])
        .failed();
    assert!(
        error.contains("words.pem is no private Ed25519 key"),
        "{error}"
    );
    let error = desk
        .plugin(&["verify", "probe.wasm", "--key", &desk.public_key])
        .failed();
    assert!(
        error.starts_with("error: cannot read probe.wasm.sig"),
        "{error}"
    );
    desk.write("probe.wasm.sig", "AAAA");
    let error = desk
        .plugin(&["verify", "probe.wasm", "--key", &desk.public_key])
        .failed();
    assert!(error.contains("probe.wasm.sig is no signature"), "{error}");
    let error = desk
        .plugin(&["verify", "probe.wasm", "--key", "key.pem"])
        .failed();
    assert!(error.contains("key.pem is a private key"), "{error}");
    let error = desk
        .plugin(&["verify", "probe.wasm", "--key", "c2hvcnQ="])
        .failed();
    assert!(error.contains("32 bytes in base64"), "{error}");
}

#[test]
fn a_signature_goes_with_the_upload() {
    let desk = Desk::new();
    let server = FakeServer::start();
    let published = json!({"name": "probe", "version": "1.0.0", "signed_by": "studio"});
    let publish = |arguments: &[&str]| {
        server.answers("POST /plugins", 201, published.clone());
        let arguments: Vec<_> = ["plugin", "publish", "probe.wasm"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let table = server.run_in(desk.directory.path(), &arguments).ok();
        assert!(table.contains("studio"), "{table}");
        let asked = server.asked().pop().unwrap();
        asked.headers.get("x-stagehook-plugin-signature").cloned()
    };
    assert_eq!(publish(&[]), None);
    let made_on_the_way = publish(&["--key", "key.pem"]);
    desk.plugin(&["sign", "probe.wasm", "--key", "key.pem"])
        .ok();
    let signature = desk.read("probe.wasm.sig").trim().to_owned();
    assert_eq!(made_on_the_way.as_deref(), Some(signature.as_str()));
    assert_eq!(publish(&[]).as_deref(), Some(signature.as_str()));
    desk.write("other.sig", &format!("{signature}\n"));
    std::fs::remove_file(desk.directory.path().join("probe.wasm.sig")).unwrap();
    assert_eq!(
        publish(&["--signature", "other.sig"]).as_deref(),
        Some(signature.as_str())
    );
}

#[test]
fn a_refusal_names_the_signature_that_was_sent_unasked() {
    let desk = Desk::new();
    let server = FakeServer::start();
    let refusal = json!({"title": "Invalid plugin", "status": 422, "detail": "who signed it?"});
    let refused = || {
        server.answers("POST /plugins", 422, refusal.clone());
        let arguments = ["plugin", "publish", "probe.wasm"];
        server.run_in(desk.directory.path(), &arguments).failed()
    };
    let unsigned = refused();
    assert_eq!(unsigned, "error: Invalid plugin (422)\n  who signed it?\n");
    desk.plugin(&["sign", "probe.wasm", "--key", "key.pem"])
        .ok();
    let told = unsigned.replace("error: ", "error: sent with the signature probe.wasm.sig: ");
    assert_eq!(refused(), told);
}
