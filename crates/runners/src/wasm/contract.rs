//! The versions of the contract, and what is the same to everybody else
//! whichever of them a plugin is built against.

use super::answer::{self, Unacceptable};
use super::state::State;
use super::v0_1::{self, json, types};
use super::v0_2;
use serde_json::{Map, Value};
use stagehook_core::contract::{HookInput, HookResult};
use stagehook_core::invalid::FieldError;
use wasmtime::component::{InstancePre, Linker};
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
pub(super) enum PluginPre {
    V0_1(v0_1::PluginPre<State>),
    V0_2(v0_2::PluginPre<State>),
}

/// The calls are the same in each version; the types that they take are not.
macro_rules! perform {
    ($version:ident, $plugin:expr, $store:expr, $call:expr) => {{
        let plugin = $plugin.instantiate_async(&mut *$store).await?;
        let handler = plugin.stagehook_hook_handler();
        match $call {
            Call::Run(run) => {
                let answered = handler
                    .call_run(
                        $store,
                        &$version::context(run.input, run.segment_path),
                        &json(&run.input.metadata),
                        &json(&run.input.scene_context),
                        &json(run.settings),
                    )
                    .await?;
                Answer::Run(answered.map(answer::result))
            }
            Call::Describe => Answer::Describe(handler.call_describe($store).await?),
            Call::CheckSettings(settings) => {
                let checked = handler.call_check_settings($store, &json(settings)).await?;
                Answer::CheckSettings(checked.map_err(answer::problems))
            }
        }
    }};
}

impl PluginPre {
    /// Finds the functions that this version exports.
    pub(super) fn new(version: Version, instance: InstancePre<State>) -> wasmtime::Result<Self> {
        Ok(match version {
            Version::V0_1 => Self::V0_1(v0_1::PluginPre::new(instance)?),
            Version::V0_2 => Self::V0_2(v0_2::PluginPre::new(instance)?),
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        match self {
            Self::V0_1(plugin) => plugin.engine(),
            Self::V0_2(plugin) => plugin.engine(),
        }
    }

    /// Makes an instance and calls it.
    pub(super) async fn perform(
        &self,
        store: &mut Store<State>,
        call: Call<'_>,
    ) -> wasmtime::Result<Answer> {
        Ok(match self {
            Self::V0_1(plugin) => perform!(v0_1, plugin, store, call),
            Self::V0_2(plugin) => perform!(v0_2, plugin, store, call),
        })
    }
}
