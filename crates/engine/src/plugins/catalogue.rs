//! Looks at components, and keeps those that are good.

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use bytes::Bytes;
use serde::Serialize;
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::plugin::{PluginManifest, PluginVersion};
use stagehook_core::signature::{PluginSignature, Unaccepted};
use stagehook_runners::wasm::{ImportReport, Rejection};
use stagehook_store::NewPlugin;
use utoipa::ToSchema;

/// Where a component stands with this server's trusted keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// It came without a signature.
    Unsigned,
    /// A trusted key made its signature.
    Trusted,
    /// No trusted key made its signature.
    Untrusted,
}

/// What was found out about a component.
#[derive(Debug, Clone)]
pub struct PluginReport {
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Its size.
    pub size_bytes: u64,
    /// What it imports, as far as it could be looked at.
    pub imports: Vec<ImportReport>,
    /// What it says about itself, where nothing is wrong with that.
    pub manifest: Option<PluginManifest>,
    /// Whether a trusted key signed it.
    pub signature: SignatureState,
    /// The name of the trusted key that made the signature.
    pub signed_by: Option<String>,
    /// Everything that is wrong with it; empty: it can be published.
    pub rejections: Vec<Rejection>,
}

impl Engine {
    /// Looks at a component without keeping it. REQ-WASM-5
    pub async fn report_plugin(
        &self,
        component: Bytes,
        signature: Option<&PluginSignature>,
    ) -> Result<PluginReport, EngineError> {
        let _turn = self.turn().await?;
        let found = self.runners.wasm.report(component).await.map_err(|error| {
            tracing::error!(%error, "a component could not be looked at");
            EngineError::PluginNotInspected
        })?;
        let mut report = PluginReport {
            digest: found.digest,
            size_bytes: found.size_bytes,
            imports: found.imports,
            manifest: found.manifest,
            signature: SignatureState::Unsigned,
            signed_by: None,
            rejections: found.rejections,
        };
        self.check_signature(&mut report, signature);
        Ok(report)
    }

    /// Looks at a component and keeps it as a version of its plugin. One that is
    /// kept already is not looked at again: compiling takes seconds, and what it
    /// is was decided by then. REQ-WASM-6
    pub async fn publish_plugin(
        &self,
        actor: &str,
        component: Bytes,
        signature: Option<PluginSignature>,
    ) -> Result<PluginVersion, EngineError> {
        let hashed = component.clone();
        let digest = blocking(move || Digest::of(&hashed)).await?;
        let known = self.store.find_plugin(&PluginRef::Digest(digest)).await?;
        let report = match known {
            Some(known) => {
                let mut report = PluginReport::of(known);
                self.check_signature(&mut report, signature.as_ref());
                report
            }
            None => {
                self.report_plugin(component.clone(), signature.as_ref())
                    .await?
            }
        };
        let manifest = match report.manifest {
            Some(manifest) if report.rejections.is_empty() => manifest,
            _ => return Err(EngineError::PluginRejected(report.rejections)),
        };
        let version = self
            .store
            .publish_plugin(
                actor,
                NewPlugin {
                    manifest,
                    digest: report.digest,
                    imports: report.imports.into_iter().map(|i| i.import).collect(),
                    bytes: component,
                    signature: signature.zip(report.signed_by),
                },
            )
            .await?;
        Ok(version)
    }

    fn check_signature(&self, report: &mut PluginReport, signature: Option<&PluginSignature>) {
        let wrong = match self.settings.signatures.signer(&report.digest, signature) {
            Ok(None) => return,
            Ok(Some(key)) => {
                report.signature = SignatureState::Trusted;
                report.signed_by = Some(key.name().to_owned());
                return;
            }
            Err(wrong) => wrong,
        };
        if wrong == Unaccepted::Untrusted {
            report.signature = SignatureState::Untrusted;
        }
        report.rejections.push(Rejection {
            rule: "signature",
            detail: wrong.to_string(),
        });
    }
}

impl PluginReport {
    /// What is known about a component that was published.
    fn of(version: PluginVersion) -> Self {
        let judged = |import: &String| ImportReport::judged(import, &version.manifest.capabilities);
        Self {
            digest: version.digest,
            size_bytes: u64::try_from(version.size_bytes).unwrap_or_default(),
            imports: version.imports.iter().map(judged).collect(),
            manifest: Some(version.manifest),
            signature: SignatureState::Unsigned,
            signed_by: None,
            rejections: Vec::new(),
        }
    }
}
