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
use stagehook_runners::{Invocation, NetworkPolicy, Secrets};
use stagehook_test_support::hook::input;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

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

/// A URL, a line break, and what its name resolves to, 17 bytes an address: of
/// what a webhook may be sent to on a server without private addresses, every
/// address is one that anybody could reach, told apart here in another way.
///
/// # Panics
///
/// When that does not hold.
#[expect(clippy::unwrap_used, reason = "a broken promise has to end a fuzzer")]
pub fn destination(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (text, found) = bytes.split_at(end.unwrap_or(bytes.len()));
    let found = found.get(1..).unwrap_or_default();
    let config = json!({"url": String::from_utf8_lossy(text)});
    let Ok(HookConfig::Webhook(config)) = HookConfig::parse(HookType::Webhook, config) else {
        return;
    };
    let closed = NetworkPolicy::default();
    let host = config.url.host().unwrap();
    if closed.check_host(&host).is_err() {
        return;
    }
    // Whoever reads it once more reads the same host.
    let again = Url::parse(config.url.as_str()).unwrap();
    assert_eq!(again.host(), Some(host.clone()));
    match host {
        Host::Ipv4(address) => assert!(is_public(address.into()), "{}", config.url),
        Host::Ipv6(address) => assert!(is_public(address.into()), "{}", config.url),
        Host::Domain(name) => {
            assert!(name.parse::<IpAddr>().is_err(), "{name}");
            let addresses: Vec<_> = found.chunks_exact(17).map(address).collect();
            if closed.check_addresses(name, &addresses).is_ok() {
                assert!(
                    addresses.iter().all(|at| is_public(at.ip())),
                    "{addresses:?}"
                );
            }
        }
    }
}

/// An address of either family.
fn address(bytes: &[u8]) -> SocketAddr {
    let mut octets = [0; 16];
    octets.copy_from_slice(&bytes[1..17]);
    let address = match bytes[0] % 3 {
        0 => IpAddr::V4([octets[0], octets[1], octets[2], octets[3]].into()),
        1 => IpAddr::V6(octets.into()),
        _ => IpAddr::V6(
            Ipv4Addr::from([octets[0], octets[1], octets[2], octets[3]]).to_ipv6_mapped(),
        ),
    };
    SocketAddr::new(address, 443)
}

/// As the registries have it, by what an address is not.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(a == 0
                || a >= 224
                || address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_documentation()
                || (a == 100 && b & 0xc0 == 64)
                || (a == 198 && b & 0xfe == 18)
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99))
        }
        IpAddr::V6(address) => {
            let [a, b, ..] = address.segments();
            if let Some(mapped) = address.to_ipv4_mapped() {
                return is_public(mapped.into());
            }
            if (a, b) == (0x64, 0xff9b) {
                let [.., g, h] = address.segments();
                let inner = (u32::from(g) << 16) | u32::from(h);
                return address.segments()[2..6] == [0; 4]
                    && is_public(Ipv4Addr::from(inner).into());
            }
            a & 0xe000 == 0x2000
                && a != 0x2002
                && !(a == 0x2001 && (b < 0x200 || b == 0xdb8))
                && !(a == 0x3fff && b < 0x1000)
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
