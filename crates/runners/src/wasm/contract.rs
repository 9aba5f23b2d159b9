//! The versions of the contract, and what is the same to everybody else
//! whichever of them a plugin is built against.

use super::answer::{self, Unacceptable};
use super::state::State;
use super::v0_1::{self, json, types};
use super::v0_2;
use serde_json::{Map, Value};
use stagehook_core::contract::{HookInput, HookResult};
use stagehook_core::invalid::FieldError;
use v0_1::types::{Manifest, Outcome, Problem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use wasmtime::{Engine, Store};

pub(super) use v0_1::types::Failure;

/// A published version of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V0_1,
    V0_2,
}

impl Version {
    /// Oldest first.
    pub(super) const ALL: [Self; 2] = [Self::V0_1, Self::V0_2];
    /// What new plugins are built against.
    pub(super) const NEWEST: Self = Self::V0_2;

    /// Such as `0.2.0`.
    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
        }
    }

    /// The interface that a plugin exports.
    pub(super) const fn handler(self) -> &'static str {
        match self {
            Self::V0_1 => v0_1::HANDLER,
            Self::V0_2 => v0_2::HANDLER,
        }
    }

    /// The interface that needs a grant of secrets.
    pub(super) const fn secrets(self) -> &'static str {
        match self {
            Self::V0_1 => v0_1::SECRETS,
            Self::V0_2 => v0_2::SECRETS,
        }
    }

    /// The newest version that a component with these exports follows.
    pub(super) fn exported<'a>(exports: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let exports: Vec<_> = exports.into_iter().collect();
        Self::ALL
            .into_iter()
            .rfind(|version| exports.contains(&version.handler()))
    }
}

/// Links every version.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    v0_1::add_to_linker(linker)?;
    v0_2::add_to_linker(linker)
}

/// What is called.
pub(super) enum Call<'a> {
    Run(Run<'a>),
    Describe,
    CheckSettings(&'a Map<String, Value>),
}

/// What `run` is called with.
pub(super) struct Run<'a> {
    pub(super) input: &'a HookInput,
    pub(super) settings: &'a Map<String, Value>,
    /// As the plugin sees it.
    pub(super) segment_path: Option<String>,
}

/// What it answered.
pub(super) enum Answer {
    Run(Result<Result<HookResult, Unacceptable>, Failure>),
    Describe(types::Manifest),
    CheckSettings(Result<(), Vec<FieldError>>),
}

/// A plugin that is ready to be instantiated.
pub(super) struct PluginPre {
    version: Version,
    instance: InstancePre<State>,
    run: ComponentExportIndex,
    describe: ComponentExportIndex,
    check_settings: ComponentExportIndex,
}

impl PluginPre {
    /// Finds the functions that this version exports. Their types are checked
    /// when they are called, each call its own: looking at all of them, as the
    /// generated bindings do, takes a tenth of a short call.
    pub(super) fn new(version: Version, instance: InstancePre<State>) -> wasmtime::Result<Self> {
        let find = |name| function(instance.component(), version.handler(), name);
        Ok(Self {
            version,
            run: find("run")?,
            describe: find("describe")?,
            check_settings: find("check-settings")?,
            instance,
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        self.instance.engine()
    }

    pub(super) fn instance_pre(&self) -> &InstancePre<State> {
        &self.instance
    }

    /// Makes an instance and calls it.
    pub(super) async fn perform(
        &self,
        store: &mut Store<State>,
        call: Call<'_>,
    ) -> wasmtime::Result<Answer> {
        let instance = self.instance.instantiate_async(&mut *store).await?;
        Ok(match call {
            Call::Run(run) => {
                let input = run.input;
                let metadata = json(&input.metadata);
                let scene_context = json(&input.scene_context);
                let settings = json(run.settings);
                // The same in each version but for the type of the context.
                macro_rules! run {
                    ($version:ident) => {{
                        let context = $version::context(input, run.segment_path);
                        let function = instance.get_typed_func::<
                                                (&$version::Context, &str, &str, &str),
                                                (Result<Outcome, Failure>,),
                                            >(&mut *store, &self.run)?;
                        let args = (&context, &*metadata, &*scene_context, &*settings);
                        function.call_async(store, args).await?
                    }};
                }
                let (answered,) = match self.version {
                    Version::V0_1 => run!(v0_1),
                    Version::V0_2 => run!(v0_2),
                };
                Answer::Run(answered.map(answer::result))
            }
            Call::Describe => {
                let describe =
                    instance.get_typed_func::<(), (Manifest,)>(&mut *store, &self.describe)?;
                let (manifest,) = describe.call_async(store, ()).await?;
                Answer::Describe(manifest)
            }
            Call::CheckSettings(settings) => {
                let check = instance.get_typed_func::<(&str,), (Result<(), Vec<Problem>>,)>(
                    &mut *store,
                    &self.check_settings,
                )?;
                let (checked,) = check.call_async(store, (&json(settings),)).await?;
                Answer::CheckSettings(checked.map_err(answer::problems))
            }
        })
    }
}

fn function(
    component: &Component,
    interface: &str,
    name: &str,
) -> wasmtime::Result<ComponentExportIndex> {
    component
        .get_export_index(None, interface)
        .and_then(|interface| component.get_export_index(Some(&interface), name))
        .ok_or_else(|| wasmtime::Error::msg(format!("{interface} has no function {name}")))
}
