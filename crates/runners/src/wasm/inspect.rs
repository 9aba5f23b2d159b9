//! Looks at an uploaded component. REQ-WASM-5

use super::compile::CompileError;
use super::contract::Version;
use super::imports::{self, ImportReport};
use super::prepared::PreparedPlugin;
use super::runner::WasmRunner;
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
    /// What it imports.
    pub imports: Vec<ImportReport>,
    /// Ready to run.
    pub plugin: PreparedPlugin,
}

/// What was found in a component, whether it can be published or not: as much of
/// it as could be looked at.
#[derive(Debug, Clone)]
pub struct Report {
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Its size.
    pub size_bytes: u64,
    /// What it imports; empty where it could not be compiled.
    pub imports: Vec<ImportReport>,
    /// What it says about itself, where it could be asked and nothing is wrong
    /// with that.
    pub manifest: Option<PluginManifest>,
    /// Everything that is wrong with it. Empty: it can be published.
    pub rejections: Vec<Rejection>,
    plugin: Option<PreparedPlugin>,
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

impl Report {
    fn new(component: &Bytes) -> Self {
        Self {
            digest: Digest::of(component),
            size_bytes: component.len() as u64,
            imports: Vec::new(),
            manifest: None,
            rejections: Vec::new(),
            plugin: None,
        }
    }

    fn has_unknown_imports(&self) -> bool {
        let mut imports = self.imports.iter();
        imports.any(|import| import.problem.is_some() && !import.is_undeclared())
    }

    fn reject(&mut self, rule: &'static str, detail: impl Into<String>) {
        self.rejections.push(Rejection::new(rule, detail));
    }

    /// The component, if nothing is wrong with it.
    ///
    /// # Errors
    ///
    /// [`UploadError::Rejected`].
    pub fn accepted(self) -> Result<Inspection, UploadError> {
        match (self.manifest, self.plugin) {
            (Some(manifest), Some(plugin)) if self.rejections.is_empty() => Ok(Inspection {
                digest: self.digest,
                size_bytes: self.size_bytes,
                manifest,
                imports: self.imports,
                plugin,
            }),
            _ => Err(UploadError::Rejected(self.rejections)),
        }
    }
}

impl WasmRunner {
    /// Looks at a component that somebody wants to publish.
    ///
    /// # Errors
    ///
    /// [`UploadError::Rejected`] with everything that is wrong with it, as far as
    /// it could be looked at ([`report`](Self::report)).
    pub async fn inspect(&self, component: Bytes) -> Result<Inspection, UploadError> {
        let report = self.report(component).await;
        report.map_err(UploadError::Broken)?.accepted()
    }

    /// Looks at a component: size, format, whether it compiles within bounds,
    /// what it exports and imports, what it says about itself. Nothing is granted
    /// to it. One that is good is ready to run afterwards.
    ///
    /// # Errors
    ///
    /// Where the compiler cannot be run. Whatever is wrong with the component is
    /// in the report.
    pub async fn report(&self, component: Bytes) -> Result<Report, std::io::Error> {
        let mut report = Report::new(&component);
        report.rejections = check_format(&component, self.settings.max_component_bytes);
        if !report.rejections.is_empty() {
            return Ok(report);
        }
        let compiled = match self.compile(report.digest, component).await {
            Ok(compiled) => compiled,
            Err(CompileError::Broken(source)) => return Err(source),
            Err(error @ CompileError::Invalid(_)) => {
                report.reject("format", error.to_string());
                return Ok(report);
            }
            Err(error @ CompileError::TooCostly(_)) => {
                report.reject("cost", error.to_string());
                return Ok(report);
            }
        };
        self.look_at_world(&mut report, &compiled).await;
        if let (Some(plugin), true) = (&report.plugin, report.rejections.is_empty()) {
            // What is about to be published is about to be run. Another that came
            // first is the same.
            let _ = self.cache.place(report.digest).set(plugin.clone());
            self.cache.filled(&report.digest, plugin.code_bytes());
        }
        Ok(report)
    }

    async fn look_at_world(&self, report: &mut Report, component: &Component) {
        let component_type = component.component_type();
        report.imports = component_type
            .imports(&self.engine)
            .map(|(name, _)| ImportReport::of(name))
            .collect();
        let exports: Vec<_> = component_type
            .exports(&self.engine)
            .map(|(name, _)| name)
            .collect();
        match Version::exported(exports.iter().copied()) {
            None => report.reject("world", no_plugin(&exports)),
            Some(version) => match self.link_for_a_look(report, component) {
                Ok(plugin) => {
                    self.ask_for_manifest(report, &plugin).await;
                    report.plugin = Some(plugin);
                }
                // With imports that this server does not have, it could not but
                // fail; they are told below.
                Err(_) if report.has_unknown_imports() => {}
                Err(error) => report.reject(
                    "world",
                    format!(
                        "it does not fit the contract {}: {}",
                        version.handler(),
                        error.root_cause()
                    ),
                ),
            },
        }
        let of_imports: Vec<_> = report.imports.iter().filter_map(rejected).collect();
        report.rejections.extend(of_imports);
    }

    /// Links it although there are imports that this server does not have, so
    /// that everything else can be told as well.
    fn link_for_a_look(
        &self,
        report: &Report,
        component: &Component,
    ) -> wasmtime::Result<PreparedPlugin> {
        if !report.has_unknown_imports() {
            return self.link(report.digest, component);
        }
        let mut linker = self.linker.clone();
        for (name, item) in component.component_type().imports(&self.engine) {
            let is_unknown = |import: &&ImportReport| import.import == name;
            let import = report.imports.iter().find(is_unknown);
            if import.is_some_and(|import| import.problem.is_some()) {
                imports::stub(&mut linker, name, &item.ty)?;
            }
        }
        self.link_with(&linker, report.digest, component)
    }

    async fn ask_for_manifest(&self, report: &mut Report, plugin: &PreparedPlugin) {
        let described = match self.describe(plugin).await {
            Ok(described) => described,
            Err(why) => {
                report.reject("manifest", format!("it cannot describe itself: {why}"));
                return;
            }
        };
        for import in &mut report.imports {
            import.judge(&described.capabilities);
        }
        match described.manifest {
            Ok(manifest) => report.manifest = Some(manifest),
            Err(wrong) => {
                for detail in wrong {
                    report.reject("manifest", detail);
                }
            }
        }
    }
}

fn rejected(import: &ImportReport) -> Option<Rejection> {
    let problem = import.problem.as_ref()?;
    let rule = if import.is_undeclared() {
        "manifest"
    } else {
        "import"
    };
    let detail = format!("it imports {}: {problem}", import.import);
    Some(Rejection::new(rule, detail))
}

fn no_plugin(exports: &[&str]) -> String {
    let exported = if exports.is_empty() {
        "nothing".to_owned()
    } else {
        exports.join(", ")
    };
    format!(
        "it does not export {}; it exports {exported}. Build it against the world `plugin` of \
         wit/hook-{}",
        Version::NEWEST.handler(),
        Version::NEWEST.number()
    )
}

/// What is wrong with the bytes, before anything reads them.
fn check_format(component: &[u8], max_bytes: usize) -> Vec<Rejection> {
    let mut rejections = Vec::new();
    if component.len() > max_bytes {
        let detail = format!(
            "it has {} bytes, at most {max_bytes} are taken: build it in release mode, optimized \
             for size and without debug information",
            component.len()
        );
        rejections.push(Rejection::new("size", detail));
    }
    if component.starts_with(&COMPONENT) {
        return rejections;
    }
    let detail = if component.starts_with(&MODULE) {
        "it is a core module, not a component: build it for wasm32-wasip2"
    } else if component.trim_ascii_start().starts_with(b"(") {
        "it is WebAssembly text: send the binary component"
    } else if component.is_empty() {
        "it is empty: send the binary component"
    } else {
        "it is no WebAssembly component"
    };
    rejections.push(Rejection::new("format", detail));
    rejections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_binary_components_are_looked_at() {
        for (bytes, told) in [
            (&b"(component)"[..], "WebAssembly text"),
            (b"\n  (module)", "WebAssembly text"),
            (&MODULE, "core module"),
            (b"\x7fELF", "no WebAssembly component"),
            (b"", "it is empty"),
        ] {
            let rejections = check_format(bytes, 100);
            assert_eq!(rejections.len(), 1, "{rejections:?}");
            assert_eq!(rejections[0].rule, "format");
            assert!(rejections[0].detail.contains(told), "{rejections:?}");
        }
        assert_eq!(check_format(&COMPONENT, 100), []);
        let both: Vec<_> = check_format(b"much too long", 4)
            .into_iter()
            .map(|rejection| rejection.rule)
            .collect();
        assert_eq!(both, ["size", "format"]);
    }
}
