//! Types as the text of a component has them.

use std::fmt::Write as _;
use wasmtime::bail;
use wasmtime::component::ResourceType;
use wasmtime::component::types::{ComponentFunc, Type};

/// The types of one interface that need a name.
pub(super) struct Named<'a> {
    pub(super) resources: &'a [ResourceType],
    pub(super) types: Vec<Type>,
    pub(super) declarations: String,
}

/// A name of the plugin's as a string of the text, whatever stands in it: most
/// of what a component calls its imports is checked by nobody.
pub(super) fn quoted(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || "-_:/@.[]".contains(c) {
            text.push(c);
        } else {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
        }
    }
    text.push('"');
    text
}

impl Named<'_> {
    /// The type of a function. Types that need a name are declared on the way.
    pub(super) fn function(
        &mut self,
        ty: &ComponentFunc,
        prefix: &str,
    ) -> wasmtime::Result<String> {
        let mut text = String::new();
        for (name, ty) in ty.params() {
            let ty = self.value(&ty, prefix)?;
            let _ = write!(text, "(param {} {ty}) ", quoted(name));
        }
        for ty in ty.results() {
            let ty = self.value(&ty, prefix)?;
            let _ = write!(text, "(result {ty})");
        }
        Ok(text)
    }

    fn value(&mut self, ty: &Type, prefix: &str) -> wasmtime::Result<String> {
        Ok(match ty {
            Type::Bool => "bool".to_owned(),
            Type::S8 => "s8".to_owned(),
            Type::U8 => "u8".to_owned(),
            Type::S16 => "s16".to_owned(),
            Type::U16 => "u16".to_owned(),
            Type::S32 => "s32".to_owned(),
            Type::U32 => "u32".to_owned(),
            Type::S64 => "s64".to_owned(),
            Type::U64 => "u64".to_owned(),
            Type::Float32 => "f32".to_owned(),
            Type::Float64 => "f64".to_owned(),
            Type::Char => "char".to_owned(),
            Type::String => "string".to_owned(),
            Type::List(list) => format!("(list {})", self.value(&list.ty(), prefix)?),
            Type::Option(option) => format!("(option {})", self.value(&option.ty(), prefix)?),
            Type::Result(result) => {
                let mut text = "(result".to_owned();
                if let Some(ok) = result.ok() {
                    let _ = write!(text, " {}", self.value(&ok, prefix)?);
                }
                if let Some(err) = result.err() {
                    let _ = write!(text, " (error {})", self.value(&err, prefix)?);
                }
                text.push(')');
                text
            }
            Type::Tuple(tuple) => {
                let mut text = "(tuple".to_owned();
                for ty in tuple.types() {
                    let _ = write!(text, " {}", self.value(&ty, prefix)?);
                }
                text.push(')');
                text
            }
            Type::Own(resource) => format!("(own $r{})", self.resource(resource)?),
            Type::Borrow(resource) => format!("(borrow $r{})", self.resource(resource)?),
            Type::Record(_) | Type::Variant(_) | Type::Enum(_) | Type::Flags(_) => {
                format!("{prefix}{}", self.name(ty)?)
            }
            _ => bail!("values of type {ty:?} cannot be recorded"),
        })
    }

    fn resource(&self, ty: &ResourceType) -> wasmtime::Result<usize> {
        match self.resources.iter().position(|known| known == ty) {
            Some(number) => Ok(number),
            None => bail!("a resource without a name cannot be recorded"),
        }
    }

    /// The number of a type that needs a name.
    fn name(&mut self, ty: &Type) -> wasmtime::Result<usize> {
        if let Some(number) = self.types.iter().position(|known| known == ty) {
            return Ok(number);
        }
        let mut text = String::new();
        match ty {
            Type::Record(record) => {
                text.push_str("(record");
                for field in record.fields() {
                    let ty = self.value(&field.ty, "$t")?;
                    let _ = write!(text, " (field {} {ty})", quoted(field.name));
                }
            }
            Type::Variant(variant) => {
                text.push_str("(variant");
                for case in variant.cases() {
                    let payload = match case.ty {
                        Some(ty) => format!(" {}", self.value(&ty, "$t")?),
                        None => String::new(),
                    };
                    let _ = write!(text, " (case {}{payload})", quoted(case.name));
                }
            }
            Type::Enum(names) => {
                text.push_str("(enum");
                for name in names.names() {
                    let _ = write!(text, " {}", quoted(name));
                }
            }
            Type::Flags(flags) => {
                text.push_str("(flags");
                for name in flags.names() {
                    let _ = write!(text, " {}", quoted(name));
                }
            }
            _ => {}
        }
        text.push(')');
        let number = self.types.len();
        let _ = writeln!(
            self.declarations,
            "    (type $d{number} {text})\n    (export \"t{number}\" (type $t{number} (eq $d{number})))"
        );
        self.types.push(ty.clone());
        Ok(number)
    }
}
