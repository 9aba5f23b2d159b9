//! Plugins as they are shown.

use serde::Serialize;
use stagehook_core::capability::Capability;
use stagehook_core::digest::Digest;
use stagehook_core::plugin::{PluginManifest, PluginVersion};
use stagehook_engine::plugins::{ImportReport, PluginReport, SignatureState};
use utoipa::ToSchema;

/// One reason to reject a component.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleBroken {
    /// Which rule: `size`, `format`, `world`, `import`, `cost`, `manifest`,
    /// `signature`.
    rule: &'static str,
    /// What is wrong and what to do.
    detail: String,
}

/// One import of a component.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportShown {
    /// As `namespace:package/interface@version`.
    import: String,
    /// The capability that it belongs to; `null` where it needs none.
    capability: Option<Capability>,
    /// Whether the manifest asks for that capability; `null` where none is
    /// needed, and where the manifest could not be read.
    declared: Option<bool>,
    /// Why the component is rejected for it, and what to do.
    problem: Option<String>,
}

impl From<ImportReport> for ImportShown {
    fn from(report: ImportReport) -> Self {
        Self {
            import: report.import,
            capability: report.capability,
            declared: report.declared,
            problem: report.problem,
        }
    }
}

/// What was found out about a component, as far as it could be looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidationReport {
    /// Whether it could be published.
    valid: bool,
    /// SHA-256 of the component.
    digest: Digest,
    /// Its size, in bytes.
    size_bytes: u64,
    /// Whether a trusted key signed it.
    signature: SignatureState,
    /// The name of the trusted key that made the signature.
    signed_by: Option<String>,
    /// What it says about itself; `null` when that is wrong, or when it could
    /// not be asked.
    manifest: Option<PluginManifest>,
    /// What it imports; empty when it could not be compiled.
    imports: Vec<ImportShown>,
    /// What is wrong with it; empty when it is valid.
    problems: Vec<RuleBroken>,
}

impl From<PluginReport> for ValidationReport {
    fn from(report: PluginReport) -> Self {
        let problems = report.rejections.into_iter().map(|rejection| RuleBroken {
            rule: rejection.rule,
            detail: rejection.detail,
        });
        let problems: Vec<_> = problems.collect();
        Self {
            valid: problems.is_empty(),
            digest: report.digest,
            size_bytes: report.size_bytes,
            signature: report.signature,
            signed_by: report.signed_by,
            manifest: report.manifest,
            imports: report.imports.into_iter().map(ImportShown::from).collect(),
            problems,
        }
    }
}

/// A version of a plugin, with what is known about it beside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionDetail {
    /// The version.
    #[serde(flatten)]
    version: PluginVersion,
    /// What its imports mean.
    import_reports: Vec<ImportShown>,
    /// How many hooks run it.
    used_by: u64,
}

impl VersionDetail {
    pub(super) fn new(version: PluginVersion, used_by: u64) -> Self {
        let capabilities = &version.manifest.capabilities;
        let reports = version
            .imports
            .iter()
            .map(|import| ImportReport::judged(import, capabilities).into());
        Self {
            import_reports: reports.collect(),
            used_by,
            version,
        }
    }
}
