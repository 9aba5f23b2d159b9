//! Looks at an uploaded component. REQ-WASM-5

use super::compile::CompileError;
use super::prepared::PreparedPlugin;
use super::runner::WasmRunner;
use super::v0_1;
use bytes::Bytes;
use stagehook_core::digest::Digest;
use stagehook_core::plugin::PluginManifest;
use wasmtime::component::Component;

/// What every binary component begins with: `\0asm`, version 13, layer 1.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// What every binary core module begins with.
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

/// A component that can be published.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Its size.
    pub size_bytes: u64,
    /// What it says about itself.
    pub manifest: PluginManifest,
    /// What it imports, as `namespace:package/interface@version`.
    pub imports: Vec<String>,
    /// Ready to run.
    pub plugin: PreparedPlugin,
}

/// One reason to reject a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Which rule it breaks: `size`, `format`, `world`, `import`, `cost`,
    /// `manifest`.
    pub rule: &'static str,
    /// What is wrong with it and what to do.
    pub detail: String,
}

impl Rejection {
    fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self {
            rule,
            detail: detail.into(),
        }
    }
}

/// Why a component was not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The component is at fault. Never empty.
    #[error("the component was rejected: {}", joined(.0))]
    Rejected(Vec<Rejection>),
    /// The compiler could not be run.
    #[error("the compiler could not be run")]
    Broken(#[source] std::io::Error),
}

fn joined(rejections: &[Rejection]) -> String {
    let details: Vec<_> = rejections
        .iter()
        .map(|rejection| rejection.detail.as_str())
        .collect();
    details.join("; ")
}

impl From<CompileError> for UploadError {
    fn from(error: CompileError) -> Self {
        match error {
            CompileError::Broken(source) => Self::Broken(source),
            CompileError::Invalid(_) => rejected("format", error.to_string()),
            CompileError::TooCostly(_) => rejected("cost", error.to_string()),
        }
    }
}

impl WasmRunner {
    /// Looks at a component that somebody wants to publish: size, format, what
    /// it exports and imports, whether it compiles within bounds, what it says
    /// about itself. Nothing is granted to it.
    ///
    /// # Errors
    ///
    /// [`UploadError::Rejected`] with everything that is wrong, as far as it
    /// could be looked at.
    pub async fn inspect(&self, component: Bytes) -> Result<Inspection, UploadError> {
        let size = component.len();
        check_format(&component, self.settings.max_component_bytes)?;
        let digest = Digest::of(&component);
        let compiled = self.compile(digest, component).await?;
        let imports = self.imports(&compiled);
        self.check_world(&compiled, &imports)?;
        let plugin = self.link(digest, &compiled).map_err(|error| {
            let detail = format!(
                "it does not fit the contract {}: {}",
                v0_1::HANDLER,
                error.root_cause()
            );
            rejected("world", detail)
        })?;
        let manifest = self
            .describe(&plugin)
            .await
            .map_err(|why| rejected("manifest", format!("it cannot describe itself: {why}")))?;
        let manifest = v0_1::manifest(manifest).map_err(|wrong| {
            let rejections = wrong
                .into_iter()
                .map(|detail| Rejection::new("manifest", detail));
            UploadError::Rejected(rejections.collect())
        })?;
        check_declared(&plugin, &manifest)?;
        // What was just published is about to be run. Another that came first
        // is the same.
        let _ = self.cache.place(digest).set(plugin.clone());
        self.cache.filled(&digest, plugin.code_bytes());
        Ok(Inspection {
            digest,
            size_bytes: size as u64,
            manifest,
            imports,
            plugin,
        })
    }

    fn imports(&self, component: &Component) -> Vec<String> {
        component
            .component_type()
            .imports(&self.engine)
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    fn check_world(&self, component: &Component, imports: &[String]) -> Result<(), UploadError> {
        let mut rejections = Vec::new();
        let exports: Vec<String> = component
            .component_type()
            .exports(&self.engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        if !exports.iter().any(|export| export == v0_1::HANDLER) {
            let exported = if exports.is_empty() {
                "nothing".to_owned()
            } else {
                exports.join(", ")
            };
            rejections.push(Rejection::new(
                "world",
                format!(
                    "it does not export {}; it exports {exported}. Build it against the world \
                     `plugin` of wit/hook-0.1.0",
                    v0_1::HANDLER
                ),
            ));
        }
        for import in imports {
            if let Some(advice) = unknown(import) {
                rejections.push(Rejection::new(
                    "import",
                    format!("it imports {import}: {advice}"),
                ));
            }
        }
        if rejections.is_empty() {
            Ok(())
        } else {
            Err(UploadError::Rejected(rejections))
        }
    }
}

fn rejected(rule: &'static str, detail: impl Into<String>) -> UploadError {
    UploadError::Rejected(vec![Rejection::new(rule, detail)])
}

fn check_format(component: &[u8], max_bytes: usize) -> Result<(), UploadError> {
    if component.len() > max_bytes {
        return Err(rejected(
            "size",
            format!(
                "it has {} bytes, at most {max_bytes} are taken: build it in release mode, \
                 optimized for size and without debug information",
                component.len()
            ),
        ));
    }
    if component.starts_with(&COMPONENT) {
        return Ok(());
    }
    let detail = if component.starts_with(&MODULE) {
        "it is a core module, not a component: build it for wasm32-wasip2"
    } else if component.trim_ascii_start().starts_with(b"(") {
        "it is WebAssembly text: send the binary component"
    } else {
        "it is no WebAssembly component"
    };
    Err(rejected("format", detail))
}

/// What to do about an import that this server does not have.
fn unknown(import: &str) -> Option<&'static str> {
    const LINKED: [&str; 6] = [
        "wasi:cli/",
        "wasi:io/",
        "wasi:clocks/",
        "wasi:random/",
        "wasi:filesystem/",
        // Python's runtime asks for these; every socket is refused.
        "wasi:sockets/",
    ];
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    if LINKED.iter().any(|package| interface.starts_with(package)) {
        return (!version.starts_with("0.2."))
            .then_some("only WASI 0.2 is supported; build it for wasm32-wasip2");
    }
    if interface.starts_with("wasi:http/") {
        return Some("plugins cannot reach the network on this server; use a webhook hook");
    }
    if interface.starts_with("wasi:") {
        return Some("this WASI interface is not supported; remove what needs it");
    }
    if interface.starts_with("stagehook:hook/") {
        return (version != "0.1.0")
            .then_some("this version of the contract is not known here; build against 0.1.0");
    }
    Some("this server has nothing of that name; a plugin can import wasi 0.2 and stagehook:hook")
}

fn check_declared(plugin: &PreparedPlugin, manifest: &PluginManifest) -> Result<(), UploadError> {
    let declared = manifest
        .capabilities
        .iter()
        .any(|capability| capability == v0_1::SECRETS_CAPABILITY);
    if plugin.imports_secrets() && !declared {
        return Err(rejected(
            "manifest",
            format!(
                "it imports {} without saying so: add the capability `secrets` to its manifest, \
                 with a reason",
                v0_1::SECRETS
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_imports_come_with_advice() {
        for known in [
            "wasi:cli/environment@0.2.6",
            "wasi:io/streams@0.2.0",
            "wasi:sockets/tcp@0.2.6",
            "stagehook:hook/host@0.1.0",
            "stagehook:hook/secrets@0.1.0",
            "stagehook:hook/types@0.1.0",
        ] {
            assert_eq!(unknown(known), None, "{known}");
        }
        for (import, advice) in [
            ("wasi:cli/environment@0.3.0", "only WASI 0.2"),
            (
                "wasi:http/outgoing-handler@0.2.6",
                "cannot reach the network",
            ),
            ("wasi:keyvalue/store@0.2.0", "is not supported"),
            ("stagehook:hook/host@0.9.0", "build against 0.1.0"),
            ("acme:vault/store@1.0.0", "nothing of that name"),
            ("wasi:clippy/x@0.2.0", "is not supported"),
        ] {
            let said = unknown(import).unwrap_or_default();
            assert!(said.contains(advice), "{import}: {said}");
        }
    }

    #[test]
    fn only_binary_components_are_looked_at() {
        for (bytes, told) in [
            (&b"(component)"[..], "WebAssembly text"),
            (b"\n  (module)", "WebAssembly text"),
            (&MODULE, "core module"),
            (b"\x7fELF", "no WebAssembly component"),
            (b"", "no WebAssembly component"),
        ] {
            let error = check_format(bytes, 100).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(check_format(&COMPONENT, 100).is_ok());
        assert!(check_format(&COMPONENT, 4).is_err());
    }
}
