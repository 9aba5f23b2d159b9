//! Puts a tape between a plugin and the host.

use super::super::state::State;
use super::imports::Imports;
use super::tape::Imported;
use std::sync::Arc;
use wasmtime::component::{Linker, ResourceType};
use wasmtime::{StoreContextMut, format_err};

/// The host's linker, with everything that is recorded going through the tape of
/// the store.
pub(super) fn linker(host: &Linker<State>, imports: &Imports) -> wasmtime::Result<Linker<State>> {
    let mut linker = host.clone();
    linker.allow_shadowing(true);
    for instance in &imports.instances {
        if instance.functions.is_empty() && instance.resources.is_empty() {
            continue;
        }
        let mut at = linker.instance(&instance.name)?;
        for (name, number) in &instance.resources {
            let ty = ResourceType::host_dynamic(u32::try_from(*number)?);
            at.resource_async(name, ty, |store: StoreContextMut<'_, State>, handle| {
                let tape = store.data().tape.clone();
                Box::new(async move {
                    match tape {
                        Some(tape) => tape.drop_handle(handle).await,
                        None => Ok(()),
                    }
                })
            })?;
        }
        for function in &instance.functions {
            let imported = Arc::new(Imported {
                name: format!("{}#{}", instance.name, function.name),
                number: function.number,
            });
            at.func_new_async(&function.name, move |store, ty, args, results| {
                let imported = Arc::clone(&imported);
                let tape = store.data().tape.clone();
                Box::new(async move {
                    let tape = tape.ok_or_else(|| format_err!("there is no tape"))?;
                    tape.call(store, &imported, &ty, args, results).await
                })
            })?;
        }
    }
    Ok(linker)
}
