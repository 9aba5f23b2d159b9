//! The scripts of the store: on their way in, on their way out, and on their way
//! to the hooks that run them.
//!
//! A hook finds what was pushed under its `script_path` before what lies on the
//! disk, and beside it everything of the same folder that was pushed, too.

mod contents;
mod diff;

pub(crate) use contents::Contents;
pub use diff::ScriptDiff;

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use bytes::Bytes;
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use stagehook_core::script::ScriptVersion;
use stagehook_core::token::Actor;
use stagehook_runners::process::{BroughtScript, ConfinementLevel};
use stagehook_store::{NewScript, Pushed, ScriptGuard};

/// A version of a script, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Which one.
    pub version: ScriptVersion,
    /// What it says.
    pub content: Bytes,
}

impl Engine {
    /// Makes this what hooks with the path run, from now on. `only_if` is what
    /// the newest version has to say for that.
    pub async fn push_script(
        &self,
        actor: &Actor,
        path: ScriptPath,
        content: Bytes,
        only_if: Option<Digest>,
    ) -> Result<Pushed, EngineError> {
        let guard = self.script_guard(actor, only_if)?;
        let hashed = content.clone();
        let new = NewScript {
            path,
            digest: blocking(move || Digest::of(&hashed)).await?,
            content,
            guard,
        };
        Ok(self.store.push_script(actor.name(), new).await?)
    }

    /// Takes a script away: hooks with the path run what lies on the disk again.
    pub async fn delete_script(
        &self,
        actor: &Actor,
        path: &ScriptPath,
        only_if: Option<Digest>,
    ) -> Result<(), EngineError> {
        let guard = self.script_guard(actor, only_if)?;
        self.store.delete_script(actor.name(), path, guard).await?;
        Ok(())
    }

    /// Without a sandbox, who pushes a script can do all that the server can.
    /// REQ-SCR-6
    fn script_guard(
        &self,
        actor: &Actor,
        only_if: Option<Digest>,
    ) -> Result<ScriptGuard, EngineError> {
        let trusted = actor.is_admin();
        if !trusted && self.confinement() == ConfinementLevel::Off {
            return Err(EngineError::ScriptsNeedAdministrator);
        }
        Ok(ScriptGuard { only_if, trusted })
    }

    /// A version of a script, the newest one where none is named, with what it
    /// says.
    pub async fn script(
        &self,
        path: &ScriptPath,
        version: Option<i64>,
    ) -> Result<Script, EngineError> {
        let version = match version {
            Some(version) => self.store.get_script_version(path, version).await?,
            None => self.store.get_script(path).await?,
        };
        let content = self.script_content(&version).await?;
        Ok(Script { version, content })
    }

    /// The script of a hook, where one was pushed.
    pub(crate) async fn brought_script(
        &self,
        path: &ScriptPath,
    ) -> Result<Option<BroughtScript>, EngineError> {
        let (folder, _) = path.split();
        let versions = self.store.scripts_of_folder(folder).await?;
        if !versions.iter().any(|version| version.path == *path) {
            return Ok(None);
        }
        let mut brought = BroughtScript {
            content: Bytes::new(),
            beside: Vec::with_capacity(versions.len() - 1),
        };
        for version in versions {
            let content = self.script_content(&version).await?;
            if version.path == *path {
                brought.content = content;
            } else {
                let (_, name) = version.path.split();
                brought.beside.push((name.to_owned(), content));
            }
        }
        Ok(Some(brought))
    }

    /// What a version says.
    async fn script_content(&self, version: &ScriptVersion) -> Result<Bytes, EngineError> {
        let digest = version.digest;
        if let Some(content) = self.script_contents.get(&digest) {
            return Ok(content);
        }
        let content = Bytes::from(self.store.script_content(&digest).await?);
        let hashed = content.clone();
        if blocking(move || Digest::of(&hashed)).await? != digest {
            tracing::error!(path = %version.path, %digest, "a script in the database is not what was pushed");
            return Err(EngineError::Broken);
        }
        self.script_contents.put(digest, content.clone());
        Ok(content)
    }
}
