//! Grants that can be seen to be impossible when the hook is saved.

use super::runner::WasmRunner;
use stagehook_core::config::PluginGrants;
use stagehook_core::invalid::{Findings, Invalid};
use std::path::{Path, PathBuf};

impl WasmRunner {
    /// Whether these grants could be given on this server. Pointers begin with
    /// `/config`. A directory need not exist yet; whether it is really below a
    /// media root is decided when it is opened.
    ///
    /// # Errors
    ///
    /// Every grant that can never be given.
    pub fn check_grants(&self, grants: &PluginGrants) -> Result<(), Invalid> {
        let mut findings = Findings::default();
        for i in 0..grants.http.len() {
            findings.push(
                format!("/config/grants/http/{i}"),
                "plugins cannot reach the network on this server: use a webhook hook, or remove the grant",
            );
        }
        let canonical: Vec<PathBuf> = self
            .settings
            .media_roots
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .collect();
        for (i, directory) in grants.directories.iter().enumerate() {
            let host = Path::new(&directory.host);
            let below = self
                .settings
                .media_roots
                .iter()
                .chain(&canonical)
                .any(|root| host.starts_with(root));
            findings.require(
                below,
                format!("/config/grants/directories/{i}/host"),
                "must be at or below a media root of this server (--media-root)",
            );
        }
        if grants.segment.is_some() {
            findings.require(
                !self.settings.media_roots.is_empty(),
                "/config/grants/segment",
                "cannot be given: this server has no media root (--media-root)",
            );
        }
        findings.finish()
    }
}
