//! Compiling is bounded, and happens once. REQ-WASM-5

use crate::stage::{Stage, component};
use bytes::Bytes;
use rstest::rstest;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus::Passed;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{
    CompileError, CompileLimit, CompileLimits, Compiler, PrepareError, UploadError, WasmRunner,
    WasmSettings,
};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
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
async fn a_compiler_that_takes_too_long_or_talks_too_much_is_ended() {
    let limits = CompileLimits {
        time: Duration::from_millis(200),
        ..CompileLimits::default()
    };
    let talkative = CompileLimits {
        code_bytes: 1 << 20,
        ..CompileLimits::default()
    };
    for (program, arguments, limits, expected) in [
        (
            "sleep",
            vec!["600".into()],
            limits,
            CompileLimit::Time(limits.time),
        ),
        ("yes", vec![], talkative, CompileLimit::Code(1 << 20)),
    ] {
        let settings = WasmSettings {
            compiler: Compiler::Process {
                program: Path::new("/usr/bin").join(program),
                arguments,
            },
            compile_limits: limits,
            ..WasmSettings::default()
        };
        let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
        let error = runner.prepare(component("secret_guest")).await.unwrap_err();
        let PrepareError::Compile(CompileError::TooCostly(limit)) = error else {
            panic!("{program}: {error}");
        };
        assert_eq!(limit, expected, "{program}");
    }
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

async fn rejected(settings: WasmSettings, component: Bytes) -> (&'static str, String) {
    let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
    match runner.inspect(component).await.unwrap_err() {
        UploadError::Rejected(mut rejections) => {
            let rejection = rejections.remove(0);
            (rejection.rule, rejection.detail)
        }
        error @ UploadError::Broken(_) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_component_that_costs_too_much_ends_the_child_and_not_the_server() {
    let large = one_large_function();
    let defaults = CompileLimits::default();
    let memory = CompileLimits {
        memory_bytes: 250 << 20,
        ..defaults
    };
    let processor_time = CompileLimits {
        processor_time: Duration::from_secs(1),
        ..defaults
    };
    let time = CompileLimits {
        time: Duration::from_millis(100),
        ..defaults
    };
    for (compile_limits, told) in [
        (memory, "too much memory (more than 250 MiB)"),
        (processor_time, "too much processor time (more than 1 s)"),
        (time, "too much time (more than 0.1 s)"),
    ] {
        let settings = WasmSettings {
            compile_limits,
            ..compiler()
        };
        let (rule, detail) = rejected(settings, large.clone()).await;
        assert_eq!(rule, "cost", "{detail}");
        assert!(detail.contains(told), "{told}: {detail}");
    }
}

#[rstest]
#[case::bus("BUS")]
#[case::illegal_instruction("ILL")]
#[case::trap("TRAP")]
#[tokio::test]
async fn a_component_that_makes_the_compiler_crash_is_not_taken(#[case] signal: &str) {
    let settings = WasmSettings {
        compiler: Compiler::Process {
            program: "/bin/sh".into(),
            arguments: vec![
                "-c".into(),
                format!("ulimit -c 0; kill -{signal} $$").into(),
            ],
        },
        ..WasmSettings::default()
    };
    let (rule, detail) = rejected(settings, component("secret_guest")).await;
    assert_eq!(rule, "format", "{detail}");
    assert!(
        detail.contains("the compiler gave up on it, which is a defect of the compiler"),
        "{detail}"
    );
    assert!(detail.contains("is not taken"), "{detail}");
}

#[tokio::test]
async fn code_that_is_too_much_is_not_taken() {
    let settings = WasmSettings {
        compile_limits: CompileLimits {
            code_bytes: 100_000,
            ..CompileLimits::default()
        },
        ..compiler()
    };
    let (rule, detail) = rejected(settings, component("test_guest")).await;
    assert_eq!(rule, "cost", "{detail}");
    assert!(detail.contains("too much space"), "{detail}");
}

/// As a plugin that was written to hurt: what is compiled, or too costly, within
/// the limits of a server.
#[tokio::test]
async fn components_of_unusual_size_stay_within_the_limits() {
    let functions = "(func)".repeat(100_000);
    let functions = format!("(component (core module {functions}))");
    let memory = "(component (core module $m (memory 16384) (data (i32.const 0) \"a\")
        (data (i32.const 1073741823) \"z\")) (core instance (instantiate $m)))";
    for (what, text) in [("functions", functions.as_str()), ("memory", memory)] {
        let bytes: Bytes = wat::parse_str(text).unwrap().into();
        let runner = WasmRunner::new(compiler(), Secrets::default()).unwrap();
        let began = std::time::Instant::now();
        let error = runner.inspect(bytes).await.unwrap_err();
        let UploadError::Rejected(rejections) = error else {
            panic!("{what}: {error:?}");
        };
        // Compiled, and then found to be no plugin.
        assert_eq!(rejections[0].rule, "world", "{what}: {rejections:?}");
        assert!(began.elapsed() < Duration::from_mins(1), "{what}");
    }
}

/// Its standard input stays open: the parent that died has a relative who holds
/// the other end, as a hook that it started might.
#[test]
fn a_compiler_ends_with_the_server_that_started_it() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_compile-component"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let limits: [u64; 4] = [100, 4 << 30, 1 << 30, 2];
    for limit in limits {
        stdin.write_all(&limit.to_le_bytes()).unwrap();
    }
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(1), "{status}");
    drop(stdin);
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
