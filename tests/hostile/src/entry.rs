//! Where bytes from outside come in, each with what must hold for any of them.
//!
//! The fuzz targets in `fuzz/` and a bounded test of this crate call these with
//! random and mutated input. A broken promise is a panic.

use crate::raw::{Answer, RawGuest};
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::contract::{HookResult, InvalidResult, RESULT_MAX_BYTES};
use stagehook_core::execution::ExecutionStatus::{
    self, Failed, InvalidResult as Unacceptable, LimitExceeded, NeedsReview, Passed, Skipped,
};
use stagehook_core::plugin::PluginManifest;
use stagehook_runners::wasm::{PreparedPlugin, UploadError, WasmRunner, WasmSettings};
use stagehook_runners::{Invocation, Secrets};
use stagehook_test_support::hook::input;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// Largest component that is compiled, in bytes. What compiles in a child with
/// limits elsewhere is compiled in this process here.
const COMPONENT_BYTES: usize = 16 << 10;
/// Where [`Entry::outcome`] puts its bytes in the guest's memory: where the
/// guest's answer begins.
const ANSWER_BYTES: usize = 8 << 10;

/// A runner, and a guest whose answer is whatever bytes it is given.
#[derive(Debug)]
pub struct Entry {
    runtime: Runtime,
    runner: WasmRunner,
    guest: PreparedPlugin,
}

impl Default for Entry {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a promise that is broken has to end a test or a fuzzer"
)]
impl Entry {
    /// Sets up a runner that compiles in this process.
    ///
    /// # Panics
    ///
    /// Where the host cannot run plugins at all.
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let settings = WasmSettings {
            max_component_bytes: COMPONENT_BYTES,
            max_concurrent: 1,
            max_prepared: 8,
            ..WasmSettings::default()
        };
        let (runner, guest) = runtime.block_on(async {
            let runner = WasmRunner::new(settings, Secrets::default()).unwrap();
            let guest = runner
                .prepare(answering_its_settings().into())
                .await
                .unwrap();
            (runner, guest)
        });
        Self {
            runtime,
            runner,
            guest,
        }
    }

    /// A component that is uploaded: whatever it is, it is taken, or rejected
    /// with reasons that people can read.
    ///
    /// # Panics
    ///
    /// When that does not hold.
    pub fn upload(&self, component: &[u8]) {
        let component = bytes::Bytes::copy_from_slice(component);
        match self.runtime.block_on(self.runner.inspect(component)) {
            Ok(_) => {}
            Err(UploadError::Rejected(rejections)) => {
                assert!(!rejections.is_empty());
                for rejection in rejections {
                    assert!(!rejection.detail.is_empty(), "{rejection:?}");
                    assert!(rejection.detail.len() < 8 << 10, "{rejection:?}");
                }
            }
            Err(UploadError::Broken(error)) => panic!("the compiler broke: {error}"),
        }
    }

    /// An answer of a plugin, as it lies in the plugin's memory: it becomes a
    /// result that can be written and read again, or an execution that says what
    /// is wrong with it.
    ///
    /// # Panics
    ///
    /// When that does not hold.
    pub fn outcome(&self, memory: &[u8]) {
        let memory = &memory[..memory.len().min(ANSWER_BYTES)];
        let hex = memory.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let config = json!({"plugin": "raw-guest@1.0.0", "settings": {"": hex}});
        let Ok(HookConfig::Wasm(config)) = HookConfig::parse(HookType::Wasm, config) else {
            panic!("the config is a good one");
        };
        let input = input();
        let input_json = serde_json::to_string(&input).unwrap();
        let invocation = Invocation {
            input: &input,
            input_json: &input_json,
            timeout: Duration::from_secs(20),
            cancel: &CancellationToken::new(),
        };
        let execution = self
            .runtime
            .block_on(self.runner.run(&config, &self.guest, invocation))
            .unwrap();
        let expected: &[ExecutionStatus] = &[
            Passed,
            Failed,
            Skipped,
            NeedsReview,
            Unacceptable,
            LimitExceeded,
        ];
        assert!(expected.contains(&execution.status), "{execution:?}");
        assert_eq!(
            execution.error.is_none(),
            execution.status.is_success(),
            "{execution:?}"
        );
        if let Some(result) = execution.result {
            reads_again(&result);
        }
    }
}

/// A result that a script wrote to its file, or a receiver answered.
///
/// # Panics
///
/// When what was read cannot be written and read again.
pub fn result(json: &[u8]) {
    if let Ok(result) = HookResult::parse(json) {
        reads_again(&result);
    }
}

/// A config of a hook of each type: what is taken can be written and is taken
/// again.
///
/// # Panics
///
/// When that does not hold.
#[expect(clippy::unwrap_used, reason = "a broken promise has to end a fuzzer")]
pub fn hook_config(json: &[u8]) {
    let Ok(config) = serde_json::from_slice::<Value>(json) else {
        return;
    };
    for hook_type in [
        HookType::Shell,
        HookType::Python,
        HookType::Webhook,
        HookType::Wasm,
    ] {
        if let Ok(taken) = HookConfig::parse(hook_type, config.clone()) {
            let written = serde_json::to_value(&taken).unwrap();
            let again = HookConfig::parse(hook_type, written).unwrap();
            assert_eq!(taken, again);
        }
    }
}

/// A manifest as it is kept and moved: what is read can be written and read
/// again.
///
/// # Panics
///
/// When that does not hold.
#[expect(clippy::unwrap_used, reason = "a broken promise has to end a fuzzer")]
pub fn manifest(json: &[u8]) {
    if let Ok(manifest) = serde_json::from_slice::<PluginManifest>(json) {
        let written = serde_json::to_vec(&manifest).unwrap();
        let again: PluginManifest = serde_json::from_slice(&written).unwrap();
        assert_eq!(manifest, again);
    }
}

#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a promise that is broken has to end a test or a fuzzer"
)]
fn reads_again(result: &HookResult) {
    let written = serde_json::to_vec(result).unwrap();
    match HookResult::parse(&written) {
        Ok(again) => assert_eq!(*result, again),
        // Characters that JSON has to escape take more space than they took.
        Err(InvalidResult::TooLarge { .. }) => assert!(written.len() > RESULT_MAX_BYTES),
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&written)),
    }
}

/// A guest whose settings are `{"":"<hex>"}`: it answers with the bytes that
/// the hex digits are.
fn answering_its_settings() -> Vec<u8> {
    // Arguments come as the address of a block whose last two words are address
    // and length of the settings.
    let at = Answer::at();
    RawGuest {
        fields: "(func $digit (param $c i32) (result i32)
                (select
                    (i32.sub (local.get $c) (i32.const 48))
                    (i32.sub (local.get $c) (i32.const 87))
                    (i32.lt_u (local.get $c) (i32.const 58))))"
            .to_owned(),
        run: format!(
            "(local $from i32) (local $end i32) (local $to i32)
            (local.set $from (i32.load offset={SETTINGS} (local.get 0)))
            (local.set $end (i32.sub
                (i32.add (local.get $from)
                    (i32.load offset={} (local.get 0)))
                (i32.const 2)))
            (local.set $from (i32.add (local.get $from) (i32.const 5)))
            (local.set $to (i32.const {at}))
            (block $done (loop $on
                (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
                (i32.store8 (local.get $to) (i32.or
                    (i32.shl (call $digit (i32.load8_u (local.get $from))) (i32.const 4))
                    (call $digit (i32.load8_u offset=1 (local.get $from)))))
                (local.set $from (i32.add (local.get $from) (i32.const 2)))
                (local.set $to (i32.add (local.get $to) (i32.const 1)))
                (br $on)))
            i32.const {at}",
            SETTINGS + 4
        ),
        ..RawGuest::default()
    }
    .component()
}

/// Where address and length of the settings stand among the arguments of `run`.
const SETTINGS: usize = 192;
