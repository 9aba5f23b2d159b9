//! What an upload is looked at for. REQ-WASM-5

use crate::stage::component;
use bytes::Bytes;
use stagehook_core::capability::Capability;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{ImportReport, Rejection, UploadError, WasmRunner, WasmSettings};

fn runner() -> WasmRunner {
    WasmRunner::new(WasmSettings::default(), Secrets::default()).unwrap()
}

async fn rejections(runner: &WasmRunner, component: impl Into<Bytes>) -> Vec<Rejection> {
    match runner.inspect(component.into()).await {
        Err(UploadError::Rejected(rejections)) => rejections,
        other => panic!("it should be rejected: {other:?}"),
    }
}

#[tokio::test]
async fn a_plugin_is_taken_and_described() {
    let runner = runner();
    let inspection = runner.inspect(component("media_probe")).await.unwrap();
    assert_eq!(inspection.manifest.name.as_str(), "media-probe");
    assert_eq!(inspection.manifest.version.to_string(), "0.1.0");
    assert_eq!(inspection.manifest.capabilities, [Capability::SegmentRead]);
    assert_eq!(inspection.manifest.settings_schema["type"], "object");
    assert_eq!(inspection.manifest.hook_points.len(), 3);
    let imports: Vec<_> = inspection
        .imports
        .iter()
        .map(|found| &found.import)
        .collect();
    assert!(
        imports
            .iter()
            .any(|import| import.starts_with("wasi:filesystem/types@0.2.")),
        "{imports:?}"
    );
    for import in &inspection.imports {
        assert_eq!(import.capability, None, "{import:?}");
        assert_eq!(import.declared, None, "{import:?}");
        assert_eq!(import.problem, None, "{import:?}");
    }
    assert_eq!(inspection.size_bytes, component("media_probe").len() as u64);
    assert!(runner.prepared(&inspection.digest).is_some());

    let secret = runner.inspect(component("secret_guest")).await.unwrap();
    assert_eq!(secret.manifest.capabilities, [Capability::Secrets]);
    assert!(secret.imports.contains(&ImportReport {
        import: "stagehook:hook/secrets@0.2.0".to_owned(),
        capability: Some(Capability::Secrets),
        declared: Some(true),
        problem: None,
    }));
}

/// The author sees all of it at once, not one thing an upload.
#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let report = runner().report(component("liar_guest")).await.unwrap();
    for (rule, told) in [
        ("manifest", "its name must be 1 to 64 lower-case letters"),
        ("manifest", "its version must be a semantic version"),
        ("manifest", "its hook point `nowhere`"),
        (
            "manifest",
            "its settings schema cannot be used: /properties/a/type",
        ),
        (
            "manifest",
            "it imports stagehook:hook/secrets@0.2.0: its manifest does not say so",
        ),
        ("manifest", "add the capability `http` to it"),
    ] {
        assert!(
            report
                .rejections
                .iter()
                .any(|rejection| rejection.rule == rule && rejection.detail.contains(told)),
            "{told}: {:#?}",
            report.rejections
        );
    }
    assert_eq!(report.manifest, None);
    let undeclared: Vec<_> = report
        .imports
        .iter()
        .filter(|import| import.declared == Some(false))
        .map(|import| import.capability)
        .collect();
    assert!(
        undeclared.contains(&Some(Capability::Http)),
        "{undeclared:?}"
    );
    assert!(
        undeclared.contains(&Some(Capability::Secrets)),
        "{undeclared:?}"
    );
    assert!(runner().prepared(&report.digest).is_none());
}

/// The component is linked to nothing where it asks for what we do not have, so
/// that it can be asked all the same.
#[tokio::test]
async fn an_unknown_import_does_not_hide_the_rest() {
    let (known, unknown) = (
        "stagehook:hook/secrets@0.2.0",
        "stagehook:hook/secrets@0.9.0",
    );
    let mut bytes = component("liar_guest").to_vec();
    for at in 0..bytes.len() - known.len() {
        if bytes[at..].starts_with(known.as_bytes()) {
            bytes[at..at + known.len()].copy_from_slice(unknown.as_bytes());
        }
    }
    let rejected = rejections(&runner(), bytes).await;
    for (rule, told) in [
        (
            "import",
            "it imports stagehook:hook/secrets@0.9.0: this version",
        ),
        ("manifest", "its hook point `nowhere`"),
        ("manifest", "add the capability `http` to it"),
    ] {
        assert!(
            rejected
                .iter()
                .any(|rejection| rejection.rule == rule && rejection.detail.contains(told)),
            "{told}: {rejected:#?}"
        );
    }
}

#[tokio::test]
async fn another_world_is_rejected_by_name() {
    let rejected = rejections(&runner(), component("foreign_world")).await;
    assert_eq!(rejected[0].rule, "world");
    assert!(
        rejected[0]
            .detail
            .contains("does not export stagehook:hook/handler@0.2.0")
    );
    assert!(rejected[0].detail.contains("wasi:cli/run"), "{rejected:?}");
}

#[tokio::test]
async fn every_import_is_reported_and_unknown_ones_are_rejected() {
    let component = wat::parse_str(
        r#"(component
            (import "acme:vault/store@1.0.0" (instance))
            (import "wasi:cli/environment@0.3.0" (instance))
            (import "wasi:http/outgoing-handler@0.2.6" (instance)))"#,
    )
    .unwrap();
    let report = runner().report(component.into()).await.unwrap();
    let rules: Vec<_> = report
        .rejections
        .iter()
        .map(|rejection| rejection.rule)
        .collect();
    assert_eq!(rules, ["world", "import", "import"], "{report:?}");
    for (rejection, import) in report.rejections[1..].iter().zip(&report.imports) {
        assert!(rejection.detail.contains(&import.import), "{rejection:?}");
        assert!(import.problem.is_some(), "{import:?}");
        assert_eq!(import.capability, None, "{import:?}");
    }
    assert_eq!(report.imports[2].capability, Some(Capability::Http));
    assert_eq!(report.imports[2].declared, None, "it could not be asked");
    assert_eq!(report.imports[2].problem, None);
}

#[tokio::test]
async fn an_export_of_the_right_name_and_another_type_is_rejected() {
    let text = r#"(component
            (instance $handler)
            (export "stagehook:hook/handler@VERSION" (instance $handler)))"#;
    for version in ["0.1.0", "0.2.0"] {
        let component = wat::parse_str(text.replace("VERSION", version)).unwrap();
        let rejected = rejections(&runner(), component).await;
        assert_eq!(rejected[0].rule, "world", "{rejected:?}");
        let detail = &rejected[0].detail;
        assert!(detail.contains(version), "{detail}");
        assert!(
            detail.contains("describe") || detail.contains("run"),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn what_is_no_component_is_rejected() {
    let runner = runner();
    for (bytes, rule) in [
        (&b"(component)"[..], "format"),
        (b"\0asm\x01\0\0\0", "format"),
        (b"\0asm\x0d\0\x01\0garbage", "format"),
        (b"", "format"),
    ] {
        let rejected = rejections(&runner, bytes.to_vec()).await;
        assert_eq!(rejected[0].rule, rule, "{rejected:?}");
    }
    let mut half = component("test_guest").to_vec();
    half.truncate(half.len() / 2);
    assert_eq!(rejections(&runner, half).await[0].rule, "format");
}

#[tokio::test]
async fn what_is_too_large_is_rejected_before_it_is_looked_at() {
    let settings = WasmSettings {
        max_component_bytes: 1_000,
        ..WasmSettings::default()
    };
    let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
    let rejected = rejections(&runner, component("test_guest")).await;
    assert_eq!(rejected[0].rule, "size");
    assert!(rejected[0].detail.contains("at most 1000"));
}

/// A loop before the first call is ended like one within it.
#[tokio::test]
async fn a_plugin_that_never_starts_cannot_be_published() {
    let rejected = rejections(&runner(), component("start_guest")).await;
    assert_eq!(rejected[0].rule, "manifest");
    assert!(rejected[0].detail.contains("units of fuel"), "{rejected:?}");
}

/// Neither instantiation nor a declared size gets around the limits.
#[tokio::test]
async fn modules_that_want_too_much_are_rejected() {
    let runner = runner();
    let memories = "(memory 1)".repeat(50);
    for (module, told) in [
        (format!("(module {memories})"), "memories"),
        ("(module (table 1000000000 funcref))".to_owned(), "table"),
        ("(module (memory 40000))".to_owned(), "memory"),
    ] {
        let component = format!("(component (core {module}) )");
        let component = component
            .replace("(core (module", "(core module")
            .replacen("))", ")", 1);
        let component =
            wat::parse_str(&component).unwrap_or_else(|error| panic!("{component}: {error}"));
        let rejected = rejections(&runner, component).await;
        let all = format!("{rejected:?}");
        assert!(all.contains(told), "{all}");
    }
}
