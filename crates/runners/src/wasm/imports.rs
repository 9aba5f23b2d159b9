//! What a component imports, and what that means. REQ-WASM-5

use super::contract::Version;
use super::state::State;
use stagehook_core::capability::Capability;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Linker, LinkerInstance, ResourceType};
use wasmtime::{Engine, bail};

/// One import of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// As `namespace:package/interface@version`.
    pub import: String,
    /// The capability that it belongs to. Absent where it needs none, and where
    /// this server does not know it.
    pub capability: Option<Capability>,
    /// Whether the manifest asks for that capability. Absent where none is
    /// needed, and where the component cannot be asked for its manifest.
    pub declared: Option<bool>,
    /// Why the component is rejected for it, and what to do.
    pub problem: Option<String>,
}

/// What is always linked, with nothing behind it but what a hook grants:
/// language runtimes import these whether they use them or not.
const ALWAYS: [&str; 6] = [
    "wasi:cli/",
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:filesystem/",
    // Python's runtime asks for these; every socket is refused.
    "wasi:sockets/",
];

impl ImportReport {
    /// What is to be said of an import of a component that asks for these
    /// capabilities.
    pub fn judged(import: &str, asked_for: &[Capability]) -> Self {
        let mut report = Self::of(import);
        report.judge(asked_for);
        report
    }

    /// What is to be said of an import before its component can be asked.
    pub(super) fn of(import: &str) -> Self {
        let (interface, version) = import.split_once('@').unwrap_or((import, ""));
        // What is not known here belongs to nothing that could be granted.
        let report = |capability: Option<Capability>, problem: Option<String>| Self {
            import: import.to_owned(),
            capability: capability.filter(|_| problem.is_none()),
            declared: None,
            problem,
        };
        let of_wasi = |capability| {
            let problem = (!version.starts_with("0.2."))
                .then(|| "only WASI 0.2 is supported; build it for wasm32-wasip2".to_owned());
            report(capability, problem)
        };
        if ALWAYS.iter().any(|package| interface.starts_with(package)) {
            return of_wasi(None);
        }
        match interface {
            "wasi:http/types" | "wasi:http/outgoing-handler" => of_wasi(Some(Capability::Http)),
            "stagehook:hook/types" | "stagehook:hook/call" | "stagehook:hook/host" => {
                report(None, unknown_version(version))
            }
            "stagehook:hook/secrets" => report(Some(Capability::Secrets), unknown_version(version)),
            other if other.starts_with("wasi:") => report(
                None,
                Some("this WASI interface is not supported; remove what needs it".to_owned()),
            ),
            _ => report(
                None,
                Some(
                    "this server has nothing of that name; a plugin can import WASI 0.2 and \
                     stagehook:hook"
                        .to_owned(),
                ),
            ),
        }
    }

    /// Says whether a manifest that asks for these capabilities declares it.
    pub(super) fn judge(&mut self, asked_for: &[Capability]) {
        let Some(capability) = self.capability else {
            return;
        };
        let declared = asked_for.contains(&capability);
        self.declared = Some(declared);
        if !declared && self.problem.is_none() {
            self.problem = Some(format!(
                "its manifest does not say so: add the capability `{capability}` to it, with a \
                 reason, or remove what needs the import"
            ));
        }
    }

    /// Whether it is the manifest that is at fault.
    pub(super) fn is_undeclared(&self) -> bool {
        self.declared == Some(false)
    }
}

fn unknown_version(version: &str) -> Option<String> {
    let is_known = Version::ALL.iter().any(|known| known.number() == version);
    (!is_known).then(|| {
        format!(
            "this version of the contract is not known here; build against {}",
            Version::NEWEST.number()
        )
    })
}

/// Stands in for an import that this server does not have; calling any of it
/// traps.
pub(super) fn stub(
    linker: &mut Linker<State>,
    name: &str,
    item: &ComponentItem,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    stub_item(&engine, &mut linker.root(), name, item)
}

fn stub_item(
    engine: &Engine,
    linker: &mut LinkerInstance<'_, State>,
    name: &str,
    item: &ComponentItem,
) -> wasmtime::Result<()> {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            let mut linker = linker.instance(name)?;
            instance
                .exports(engine)
                .try_for_each(|(name, export)| stub_item(engine, &mut linker, name, &export.ty))
        }
        ComponentItem::ComponentFunc(_) => {
            linker.func_new(name, |_, _, _, _| bail!("this server does not have it"))
        }
        ComponentItem::Resource(_) => {
            linker.resource(name, ResourceType::host::<()>(), |_, _| Ok(()))
        }
        ComponentItem::Type(_) => Ok(()),
        _ => bail!("`{name}` is neither an interface nor a function"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_import_is_told_with_its_capability_and_advice() {
        for (import, capability) in [
            ("wasi:cli/environment@0.2.6", None),
            ("wasi:io/streams@0.2.0", None),
            ("wasi:sockets/tcp@0.2.6", None),
            ("wasi:http/types@0.2.12", Some(Capability::Http)),
            ("wasi:http/outgoing-handler@0.2.0", Some(Capability::Http)),
            ("stagehook:hook/host@0.1.0", None),
            ("stagehook:hook/call@0.2.0", None),
            ("stagehook:hook/types@0.1.0", None),
            ("stagehook:hook/secrets@0.2.0", Some(Capability::Secrets)),
        ] {
            let report = ImportReport::of(import);
            assert_eq!(report.capability, capability, "{import}");
            assert_eq!(report.problem, None, "{import}");
        }
        for (import, advice) in [
            ("wasi:cli/environment@0.3.0", "only WASI 0.2"),
            ("wasi:http/types@0.3.0", "only WASI 0.2"),
            ("wasi:http/incoming-handler@0.2.6", "is not supported"),
            ("wasi:keyvalue/store@0.2.0", "is not supported"),
            ("stagehook:hook/host@0.9.0", "build against 0.2.0"),
            ("stagehook:hook/secrets@0.9.0", "build against 0.2.0"),
            ("stagehook:hook/vault@0.2.0", "nothing of that name"),
            ("acme:vault/store@1.0.0", "nothing of that name"),
            ("wasi:clippy/x@0.2.0", "is not supported"),
        ] {
            let report = ImportReport::of(import);
            let said = report.problem.unwrap_or_default();
            assert!(said.contains(advice), "{import}: {said}");
            assert_eq!(report.capability, None, "{import}");
        }
    }

    #[test]
    fn what_is_not_declared_is_a_problem() {
        let mut secrets = ImportReport::of("stagehook:hook/secrets@0.2.0");
        let mut http = ImportReport::of("wasi:http/types@0.2.6");
        let mut clocks = ImportReport::of("wasi:clocks/wall-clock@0.2.6");
        for report in [&mut secrets, &mut http, &mut clocks] {
            report.judge(&[Capability::Http]);
        }
        assert_eq!(http.declared, Some(true));
        assert_eq!(http.problem, None);
        assert!(secrets.is_undeclared());
        assert!(secrets.problem.unwrap().contains("`secrets`"));
        assert_eq!(clocks.declared, None);
        assert_eq!(clocks.problem, None);
    }
}
