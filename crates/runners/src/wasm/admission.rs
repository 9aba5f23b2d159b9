//! Grants that can be seen to be impossible when the hook is saved.

use super::runner::WasmRunner;
use stagehook_core::config::{HostPattern, PluginGrants};
use stagehook_core::invalid::{Findings, Invalid};
use url::Host;

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
        for (i, host) in grants.http.iter().enumerate() {
            if let Err(why) = self.check_host(host) {
                findings.push(format!("/config/grants/http/{i}"), why);
            }
        }
        self.roots
            .check(&mut findings, &grants.directories, grants.segment);
        findings.finish()
    }

    /// Whether this host may be reached as far as can be told without resolving
    /// it.
    fn check_host(&self, host: &HostPattern) -> Result<(), String> {
        let Some(egress) = &self.settings.egress else {
            return Err(
                "plugins cannot reach the network on this server: use a webhook hook, or remove the grant"
                    .to_owned(),
            );
        };
        // A pattern was read as a host before.
        Host::parse(host.host())
            .map_err(|error| error.to_string())
            .and_then(|host| {
                let host = match &host {
                    Host::Domain(name) => Host::Domain(name.as_str()),
                    Host::Ipv4(address) => Host::Ipv4(*address),
                    Host::Ipv6(address) => Host::Ipv6(*address),
                };
                let reached = egress.network().check_host(&host);
                reached.map_err(|forbidden| forbidden.to_string())
            })
    }
}
