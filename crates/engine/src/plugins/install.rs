//! Makes a hook out of a plugin in one step. REQ-WASM-9

use crate::engine::Engine;
use crate::error::EngineError;
use semver::{Comparator, Op, VersionReq};
use serde_json::{Map, Value, json};
use stagehook_core::capability::Capability;
use stagehook_core::config::{HookConfig, PluginGrants, PluginRef};
use stagehook_core::hook::{Hook, HookRequest};
use stagehook_core::invalid::{Findings, Invalid};
use stagehook_core::plugin::{PluginManifest, PluginName};
use stagehook_core::token::Actor;
use std::collections::BTreeSet;

/// The hook that is to be made; what is left away is taken from the plugin.
#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// `1.2.3` or a requirement such as `^1.2`; by default what is compatible
    /// with the newest version.
    pub version: Option<String>,
    /// The hook's name; by default the plugin's.
    pub name: Option<String>,
    /// For people; by default the plugin's description.
    pub description: Option<String>,
    /// Where it applies.
    pub scope_type: String,
    /// The project's or the scene type's id.
    pub scope_id: Option<i64>,
    /// The stage that triggers it; by default the plugin's only one.
    pub hook_point: Option<String>,
    /// The events that trigger it.
    pub event: Option<String>,
    /// What its failure does.
    pub failure_mode: Option<String>,
    /// What the plugin is told.
    pub settings: Option<Value>,
    /// What it may touch.
    pub grants: Option<Value>,
    /// How much it may use.
    pub limits: Option<Value>,
    /// Lower runs earlier.
    pub sort_order: i64,
    /// Whether it runs.
    pub enabled: bool,
}

/// A hook that was made out of a plugin.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The hook.
    pub hook: Hook,
    /// What may not be as it was meant: grants that the plugin does not ask
    /// for, and capabilities that it asks for and does not get.
    pub warnings: Vec<String>,
}

impl Engine {
    /// Makes a hook out of a plugin. Pointers of what is wrong lead into the
    /// [`Installation`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`](stagehook_store::StoreError::NotFound) when there is
    /// no such plugin;
    /// [`EngineError::Invalid`] for everything that [`Engine::create_hook`]
    /// finds.
    pub async fn install_plugin(
        &self,
        actor: &Actor,
        name: &PluginName,
        installation: Installation,
    ) -> Result<Installed, EngineError> {
        self.require_plugin(name).await?;
        let plugin = match &installation.version {
            Some(version) => named(name, version)?,
            None => self.newest_compatible(name).await?,
        };
        let manifest = self.shown_manifest(&plugin).await?;
        let request = request(&plugin, manifest.as_ref(), installation)?;
        let spec = request.check().map_err(of_installation)?;
        let warnings = match (&spec.config, &manifest) {
            (HookConfig::Wasm(config), Some(manifest)) => warnings(&config.grants, manifest),
            _ => Vec::new(),
        };
        let hook = self
            .create_hook(actor, &spec)
            .await
            .map_err(|error| match error {
                EngineError::Invalid(invalid) => EngineError::Invalid(of_installation(invalid)),
                error => error,
            })?;
        Ok(Installed { hook, warnings })
    }

    /// What is compatible with the newest version.
    async fn newest_compatible(&self, name: &PluginName) -> Result<PluginRef, EngineError> {
        let names = BTreeSet::from([name.clone()]);
        let usable = self.store.usable_versions(&names).await?.remove(name);
        let newest = usable
            .unwrap_or_default()
            .into_iter()
            .max_by(|a, b| (a.pre.is_empty(), a).cmp(&(b.pre.is_empty(), b)));
        let Some(newest) = newest else {
            let detail = format!(
                "every version of {name} was yanked: name nothing that was, or upload a new one"
            );
            return Err(Invalid::one("/version", detail).into());
        };
        let compatible = Comparator {
            op: Op::Caret,
            major: newest.major,
            minor: Some(newest.minor),
            patch: Some(newest.patch),
            pre: newest.pre,
        };
        let requirement = VersionReq {
            comparators: vec![compatible],
        };
        Ok(PluginRef::Requirement(name.clone(), requirement))
    }

    /// The manifest of the version that will be installed, if there is one; what
    /// is wrong with the reference is told later, together with everything else.
    async fn shown_manifest(
        &self,
        plugin: &PluginRef,
    ) -> Result<Option<PluginManifest>, EngineError> {
        let version = match plugin {
            PluginRef::Requirement(name, requirement) => {
                self.store.newest_plugin(name, requirement).await?
            }
            exact => self.store.find_plugin(exact).await?,
        };
        Ok(version.map(|version| version.manifest))
    }
}

fn named(name: &PluginName, version: &str) -> Result<PluginRef, Invalid> {
    format!("{name}@{version}").parse().map_err(|_| {
        Invalid::one(
            "/version",
            "must be a version such as 1.2.3, or a requirement such as ^1.2",
        )
    })
}

fn request(
    plugin: &PluginRef,
    manifest: Option<&PluginManifest>,
    installation: Installation,
) -> Result<HookRequest, Invalid> {
    let hook_point = match (&installation.hook_point, &installation.event, manifest) {
        (None, None, Some(manifest)) => match manifest.hook_points.as_slice() {
            [only] => Some(only.as_str().to_owned()),
            points => {
                let points: Vec<_> = points.iter().map(|point| point.as_str()).collect();
                let made_for = if points.is_empty() {
                    "any stage".to_owned()
                } else {
                    points.join(", ")
                };
                let detail = format!("is required, or event: the plugin is made for {made_for}");
                return Err(Invalid::one("/hook_point", detail));
            }
        },
        // Without a version nobody knows what it is made for: that is what to
        // mend first.
        (None, None, None) => {
            let detail = format!(
                "no version that was not yanked is {plugin}: list the versions of the plugin, or \
                 leave 'version' away for the newest"
            );
            return Err(Invalid::one("/version", detail));
        }
        (point, ..) => point.clone(),
    };
    let mut config = Map::new();
    config.insert("plugin".to_owned(), json!(plugin));
    for (key, value) in [
        ("settings", installation.settings),
        ("grants", installation.grants),
        ("limits", installation.limits),
    ] {
        if let Some(value) = value {
            config.insert(key.to_owned(), value);
        }
    }
    let own_name = match plugin {
        PluginRef::Version(name, _) | PluginRef::Requirement(name, _) => name.to_string(),
        PluginRef::Digest(digest) => digest.to_string(),
    };
    Ok(HookRequest {
        name: installation.name.unwrap_or(own_name),
        description: installation
            .description
            .or_else(|| manifest.map(|manifest| manifest.description.clone()))
            .unwrap_or_default(),
        hook_type: "wasm".to_owned(),
        hook_point,
        event: installation.event,
        scope_type: installation.scope_type,
        scope_id: installation.scope_id,
        failure_mode: installation.failure_mode,
        config: Value::Object(config),
        sort_order: installation.sort_order,
        enabled: installation.enabled,
        extends: false,
    })
}

/// The same, with pointers into the installation instead of the hook.
fn of_installation(mut invalid: Invalid) -> Invalid {
    for error in &mut invalid.0 {
        if let Some(below) = error.pointer.strip_prefix("/config") {
            error.pointer = match below {
                "/plugin" | "/pinned" => "/version".to_owned(),
                below => below.to_owned(),
            };
        }
    }
    invalid
}

/// What is granted and not asked for, and the other way round.
fn warnings(grants: &PluginGrants, manifest: &PluginManifest) -> Vec<String> {
    let asked = &manifest.capabilities;
    let given = granted(grants);
    let unasked = given
        .iter()
        .filter(|capability| !asked.contains(capability))
        .map(|capability| format!("the plugin does not ask for {capability}, which is granted"));
    let ungiven = asked
        .iter()
        .filter(|capability| !given.contains(capability))
        .map(|capability| format!("the plugin asks for {capability}, which is not granted"));
    unasked.chain(ungiven).collect()
}

/// The capabilities that grants come to. Writing includes reading.
fn granted(grants: &PluginGrants) -> Vec<Capability> {
    use stagehook_core::config::Access;
    let mut given = Vec::new();
    if grants.segment.is_some() {
        given.push(Capability::SegmentRead);
    }
    if grants.segment == Some(Access::Write) {
        given.push(Capability::SegmentWrite);
    }
    for (capability, is_given) in [
        (Capability::Directories, !grants.directories.is_empty()),
        (Capability::Http, !grants.http.is_empty()),
        (Capability::Environment, !grants.env.is_empty()),
        (Capability::Secrets, !grants.secrets.is_empty()),
    ] {
        if is_given {
            given.push(capability);
        }
    }
    given
}

/// Notes what is wrong between a hook and the plugin that it is to run.
pub(crate) fn check_trigger(
    findings: &mut Findings,
    hook_point: Option<stagehook_core::trigger::HookPoint>,
    manifest: &PluginManifest,
) {
    let Some(point) = hook_point else {
        return;
    };
    if manifest.hook_points.is_empty() || manifest.hook_points.contains(&point) {
        return;
    }
    let points: Vec<_> = manifest.hook_points.iter().map(|p| p.as_str()).collect();
    findings.push(
        "/hook_point",
        format!(
            "the plugin is made for {} alone, not for {point}",
            points.join(", ")
        ),
    );
}
