//! What a component imports, as far as it is recorded.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ResourceType};
use wasmtime::{Engine, bail};

/// The interface whose `log` and `progress` stay what they are: what they are
/// given is output, and nothing comes back.
const HOST: &str = "stagehook:hook/host@";

/// The functions and resources that a component imports.
pub(super) struct Imports {
    pub(super) instances: Vec<Instance>,
    /// Every kind of resource, in the order in which they are introduced.
    pub(super) resources: Vec<ResourceType>,
}

/// An imported interface.
pub(super) struct Instance {
    /// Such as `wasi:io/streams@0.2.6`.
    pub(super) name: String,
    /// Resources by name, each with its number.
    pub(super) resources: Vec<(String, usize)>,
    pub(super) functions: Vec<Function>,
}

/// An imported function.
pub(super) struct Function {
    /// Such as `[method]input-stream.read`.
    pub(super) name: String,
    pub(super) ty: ComponentFunc,
    /// Counted over all interfaces.
    pub(super) number: usize,
}

impl Imports {
    /// # Errors
    ///
    /// Imports that are no interface, which no plugin has.
    pub(super) fn of(component: &Component, engine: &Engine) -> wasmtime::Result<Self> {
        let mut resources: Vec<ResourceType> = Vec::new();
        let mut instances = Vec::new();
        let mut functions = 0;
        let ty = component.component_type();
        for (name, import) in ty.imports(engine) {
            let ComponentItem::ComponentInstance(import) = import.ty else {
                bail!("the import `{name}` is no interface, and cannot be recorded");
            };
            let mut instance = Instance {
                name: name.to_owned(),
                resources: Vec::new(),
                functions: Vec::new(),
            };
            for (item, export) in import.exports(engine) {
                match export.ty {
                    ComponentItem::Resource(ty) => {
                        let number = resources.iter().position(|known| *known == ty);
                        let number = number.unwrap_or_else(|| {
                            resources.push(ty);
                            resources.len() - 1
                        });
                        instance.resources.push((item.to_owned(), number));
                    }
                    ComponentItem::ComponentFunc(ty) => {
                        if is_recorded(name, item) {
                            instance.functions.push(Function {
                                name: item.to_owned(),
                                ty,
                                number: functions,
                            });
                            functions += 1;
                        }
                    }
                    ComponentItem::Type(_) => {}
                    _ => bail!("`{item}` of `{name}` cannot be recorded"),
                }
            }
            instances.push(instance);
        }
        Ok(Self {
            instances,
            resources,
        })
    }
}

fn is_recorded(interface: &str, function: &str) -> bool {
    !(interface.starts_with(HOST) && matches!(function, "log" | "progress"))
}
