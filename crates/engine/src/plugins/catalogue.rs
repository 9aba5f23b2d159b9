//! Looks at components, and keeps those that are good.

use crate::engine::Engine;
use crate::error::EngineError;
use bytes::Bytes;
use serde::Serialize;
use stagehook_core::digest::Digest;
use stagehook_core::plugin::{PluginManifest, PluginVersion};
use stagehook_core::schema::JsonSchema;
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
        report.check_schema();
        self.check_signature(&mut report, signature);
        Ok(report)
    }

    /// Looks at a component and keeps it as a version of its plugin. REQ-WASM-6
    pub async fn publish_plugin(
        &self,
        actor: &str,
        component: Bytes,
        signature: Option<PluginSignature>,
    ) -> Result<PluginVersion, EngineError> {
        let report = self
            .report_plugin(component.clone(), signature.as_ref())
            .await?;
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
                    bytes: component.into(),
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
    fn check_schema(&mut self) {
        let Some(manifest) = &self.manifest else {
            return;
        };
        if let Err(invalid) = JsonSchema::compile(&manifest.settings_schema) {
            let wrong = invalid.0.into_iter().map(|error| {
                let at = if error.pointer.is_empty() {
                    "it".to_owned()
                } else {
                    error.pointer
                };
                Rejection {
                    rule: "manifest",
                    detail: format!(
                        "its settings schema is no JSON Schema: {at} {}",
                        error.detail
                    ),
                }
            });
            self.rejections.extend(wrong);
            self.manifest = None;
        }
    }
}
