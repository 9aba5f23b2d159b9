//! Compiling is bounded, and happens once. REQ-WASM-5

use crate::stage::{Stage, component};
use bytes::Bytes;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::Passed;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{
    CompileError, Compiler, PrepareError, UploadError, WasmRunner, WasmSettings,
};
use std::fmt::Write as _;
use std::time::Duration;

fn in_child(program: &str) -> WasmSettings {
    WasmSettings {
        compiler: Compiler::Process {
            program: program.into(),
            arguments: Vec::new(),
        },
        ..WasmSettings::default()
    }
}

fn compiler() -> WasmSettings {
    in_child(env!("CARGO_BIN_EXE_compile-component"))
}

#[tokio::test]
async fn what_the_child_compiled_runs() {
    let stage = Stage::with("test_guest", compiler(), Secrets::default()).await;
    let execution = stage.act(json!({"do": "everything"})).await;
    assert_eq!(execution.status, Passed, "{execution:?}");
}

#[tokio::test]
async fn what_the_child_rejects_is_told() {
    let runner = WasmRunner::new(compiler(), Secrets::default()).unwrap();
    let error = runner
        .inspect(b"\0asm\x0d\0\x01\0garbage".to_vec().into())
        .await
        .unwrap_err();
    let UploadError::Rejected(rejections) = error else {
        panic!("{error}");
    };
    assert_eq!(rejections[0].rule, "format");
    assert!(rejections[0].detail.len() > 40, "{rejections:?}");
}

#[tokio::test]
async fn a_compiler_that_takes_too_long_is_ended() {
    let settings = WasmSettings {
        compile_timeout: Duration::from_millis(200),
        ..in_child("/usr/bin/yes")
    };
    let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
    let error = runner.prepare(component("secret_guest")).await.unwrap_err();
    assert!(
        matches!(error, PrepareError::Compile(CompileError::TooCostly(_))),
        "{error}"
    );
}

#[tokio::test]
async fn a_compiler_that_is_missing_is_no_fault_of_the_component() {
    let runner = WasmRunner::new(in_child("/nonexistent"), Secrets::default()).unwrap();
    let error = runner.inspect(component("secret_guest")).await.unwrap_err();
    assert!(matches!(error, UploadError::Broken(_)), "{error}");
}

/// One function of megabytes, which takes a compiler a lot of time and memory.
fn one_large_function() -> Bytes {
    let mut body = String::new();
    for step in 0..400_000 {
        let (to, from) = (step % 1_000, (step * 7) % 1_000);
        let _ = write!(
            body,
            "(local.set {to} (i32.add (local.get {from}) (i32.const {step})))"
        );
    }
    let locals = "i32 ".repeat(1_000);
    wat::parse_str(format!(
        "(component (core module (func (export \"f\") (local {locals}) {body})))"
    ))
    .unwrap()
    .into()
}

#[tokio::test]
async fn a_component_that_costs_too_much_ends_the_child_and_not_the_server() {
    let large = one_large_function();
    let compiler = env!("CARGO_BIN_EXE_compile-component");
    for (limit, timeout, told) in [
        ("--as=250000000", Duration::from_mins(1), "too much memory"),
        ("--cpu=1", Duration::from_mins(1), "too much processor time"),
        ("--core=0", Duration::from_millis(100), "too much time"),
    ] {
        let settings = WasmSettings {
            compiler: Compiler::Process {
                program: "/usr/bin/prlimit".into(),
                arguments: vec![limit.into(), compiler.into()],
            },
            compile_timeout: timeout,
            ..WasmSettings::default()
        };
        let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
        let error = runner.inspect(large.clone()).await.unwrap_err();
        let UploadError::Rejected(rejections) = error else {
            panic!("{limit}: {error:?}");
        };
        assert_eq!(rejections[0].rule, "cost", "{limit}: {rejections:?}");
        assert!(
            rejections[0].detail.contains(told),
            "{limit}: {rejections:?}"
        );
    }
}

#[tokio::test]
async fn however_many_ask_a_plugin_is_compiled_once() {
    let runner = WasmRunner::new(WasmSettings::default(), Secrets::default()).unwrap();
    let bytes = component("secret_guest");
    let all = (0..16).map(|_| runner.prepare(bytes.clone()));
    let prepared = futures_util::future::try_join_all(all).await.unwrap();
    let digest = prepared[0].digest();
    assert!(prepared.iter().all(|plugin| plugin.digest() == digest));
    assert!(runner.prepared(&digest).is_some());
    assert!(prepared.windows(2).all(|pair| pair[0].is_same_as(&pair[1])));
}
