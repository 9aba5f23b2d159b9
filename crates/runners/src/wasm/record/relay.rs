//! The component through which a recorded call reaches the host.
//!
//! The host's functions take and give Rust types; what is recorded are values
//! of any type. Between the two stands a small component, written here for the
//! plugin at hand: it imports every function that the plugin imports, and
//! exports each under a number, handing arguments and results on as they are.

use super::imports::{Function, Imports, Instance};
use std::fmt::Write as _;
use wasmtime::bail;
use wasmtime::component::ResourceType;
use wasmtime::component::types::{ComponentFunc, Type};

/// Above so many core values, arguments go through memory.
const FLAT_PARAMS: usize = 16;

/// The export that relays the function with this number.
pub(super) fn export(number: usize) -> String {
    format!("f{number}")
}

/// The component, as text.
///
/// # Errors
///
/// Types that no interface of a plugin has: streams, futures, and borrowed
/// handles deep within others.
pub(super) fn component(imports: &Imports) -> wasmtime::Result<String> {
    let mut text = Relay {
        resources: &imports.resources,
        imports: String::new(),
        lowered: String::new(),
        module: String::new(),
        host: String::new(),
        lifted: String::new(),
    };
    let mut introduced = vec![false; imports.resources.len()];
    for (i, instance) in imports.instances.iter().enumerate() {
        text.instance(i, instance, &mut introduced)?;
    }
    Ok(text.finish())
}

/// The parts, in the order in which they stand in the end.
struct Relay<'a> {
    resources: &'a [ResourceType],
    imports: String,
    lowered: String,
    module: String,
    host: String,
    lifted: String,
}

/// The types of one interface that need a name.
struct Named<'a> {
    resources: &'a [ResourceType],
    types: Vec<Type>,
    declarations: String,
}

/// What a core function takes or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Core {
    I32,
    I64,
    F32,
    F64,
}

impl Core {
    fn as_str(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

impl Relay<'_> {
    fn instance(
        &mut self,
        i: usize,
        instance: &Instance,
        introduced: &mut [bool],
    ) -> wasmtime::Result<()> {
        let mut named = Named {
            resources: self.resources,
            types: Vec::new(),
            declarations: String::new(),
        };
        let mut exported = Vec::new();
        for (name, number) in &instance.resources {
            let bound = if introduced[*number] {
                let _ = writeln!(
                    named.declarations,
                    "    (alias outer 1 $r{number} (type $outer{number}))"
                );
                format!("(eq $outer{number})")
            } else {
                "(sub resource)".to_owned()
            };
            let _ = writeln!(
                named.declarations,
                "    (export \"{name}\" (type $r{number} {bound}))"
            );
            if !introduced[*number] {
                introduced[*number] = true;
                exported.push((name, *number));
            }
        }
        // Resources that its functions use without an export of that name.
        for (number, is_introduced) in introduced.iter().enumerate() {
            let is_exported = instance.resources.iter().any(|(_, known)| *known == number);
            if *is_introduced && !is_exported {
                let _ = writeln!(
                    named.declarations,
                    "    (alias outer 1 $r{number} (type $r{number}))"
                );
            }
        }
        for function in &instance.functions {
            let ty = named.function(&function.ty, "$t")?;
            let _ = writeln!(
                named.declarations,
                "    (export \"{}\" (func {ty}))",
                function.name
            );
        }
        let _ = writeln!(
            self.imports,
            "  (import \"{}\" (instance $i{i}\n{}  ))",
            instance.name, named.declarations
        );
        for (name, number) in exported {
            let _ = writeln!(
                self.imports,
                "  (alias export $i{i} \"{name}\" (type $r{number}))"
            );
        }
        for t in 0..named.types.len() {
            let _ = writeln!(
                self.imports,
                "  (alias export $i{i} \"t{t}\" (type $i{i}t{t}))"
            );
        }
        for function in &instance.functions {
            self.function(i, function, &mut named)?;
        }
        Ok(())
    }

    fn function(
        &mut self,
        i: usize,
        function: &Function,
        named: &mut Named<'_>,
    ) -> wasmtime::Result<()> {
        let n = function.number;
        let Shape {
            params,
            result,
            is_indirect,
            borrowed,
        } = Shape::of(function, self.resources)?;
        let _ = writeln!(
            self.lowered,
            "  (alias export $i{i} \"{}\" (func $i{n}f))\n  (core func $h{n} (canon lower (func $i{n}f) (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\"))))",
            function.name
        );
        let _ = writeln!(self.host, "    (export \"{n}\" (func $h{n}))");

        let core = |kinds: &[Core]| -> String {
            kinds
                .iter()
                .map(|kind| format!(" {}", kind.as_str()))
                .collect()
        };
        let mut lowered = params.clone();
        if is_indirect {
            lowered.push(Core::I32);
        }
        let direct: Vec<Core> = result.iter().copied().filter(|_| !is_indirect).collect();
        let lifted = if is_indirect {
            vec![Core::I32]
        } else {
            direct.clone()
        };
        let _ = writeln!(
            self.module,
            "    (import \"host\" \"{n}\" (func $h{n} (param{}) (result{})))",
            core(&lowered),
            core(&direct)
        );
        let mut body = String::new();
        if is_indirect {
            let _ = write!(
                body,
                "(local.set $ret (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const {})))",
                8 * result.len()
            );
        }
        for at in 0..params.len() {
            let _ = write!(body, "(local.get {at})");
        }
        if is_indirect {
            body.push_str("(local.get $ret)");
        }
        let _ = write!(body, "(call $h{n})");
        for (at, resource, is_list) in borrowed {
            if is_list {
                let _ = write!(
                    body,
                    "(call $each{resource} (local.get {at}) (local.get {}))",
                    at + 1
                );
            } else {
                let _ = write!(body, "(call $d{resource} (local.get {at}))");
            }
        }
        if is_indirect {
            body.push_str("(local.get $ret)");
        }
        let _ = writeln!(
            self.module,
            "    ;;body (func (export \"{n}\") (param{}) (result{}) (local $ret i32) {body})\n    ;;body (func (export \"post{n}\") (param{}) (call $reset))",
            core(&params),
            core(&lifted),
            core(&lifted)
        );
        let ty = named.function(&function.ty, &format!("$i{i}t"))?;
        let _ = writeln!(
            self.lifted,
            "  (func $x{n} {ty} (canon lift (core func $relay \"{n}\") (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\")) (post-return (core func $relay \"post{n}\"))))\n  (export \"{}\" (func $x{n}))",
            export(n)
        );
        Ok(())
    }

    fn finish(self) -> String {
        let mut drops = String::new();
        let mut drop_imports = String::new();
        let mut drop_exports = String::new();
        let mut each = String::new();
        for number in 0..self.resources.len() {
            let _ = writeln!(
                drops,
                "  (core func $d{number} (canon resource.drop $r{number}))"
            );
            let _ = writeln!(
                drop_imports,
                "    (import \"drop\" \"{number}\" (func $d{number} (param i32)))"
            );
            let _ = writeln!(drop_exports, "    (export \"{number}\" (func $d{number}))");
            let _ = writeln!(
                each,
                "    (func $each{number} (param $at i32) (param $left i32)
      (block $done (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (call $d{number} (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next))))"
            );
        }
        // Imports of a module stand before its functions.
        let (bodies, imports): (Vec<&str>, Vec<&str>) = self
            .module
            .lines()
            .partition(|line| line.trim_start().starts_with(";;body "));
        let bodies = bodies.join("\n").replace(";;body ", "");
        format!(
            "(component
{}  (core module $libc-module {LIBC})
  (core instance $libc (instantiate $libc-module))
{}{drops}  (core module $relay-module
    (import \"libc\" \"memory\" (memory 1))
    (import \"libc\" \"realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import \"libc\" \"reset\" (func $reset))
{}
{drop_imports}{each}{bodies}
  )
  (core instance $host
{}  )
  (core instance $drop
{drop_exports}  )
  (core instance $relay (instantiate $relay-module
    (with \"libc\" (instance $libc))
    (with \"host\" (instance $host))
    (with \"drop\" (instance $drop))))
{})
",
            self.imports,
            self.lowered,
            imports.join("\n"),
            self.host,
            self.lifted
        )
    }
}

/// Memory that is taken from its beginning to its end, and all given back when
/// a call is over.
const LIBC: &str = r#"
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $top (i32.const 1024)))
    (func (export "realloc") (param $old i32) (param $old-bytes i32) (param $align i32) (param $bytes i32) (result i32)
      (local $new i32) (local $missing i32)
      (local.set $new (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $new) (local.get $bytes)))
      (local.set $missing (i32.sub
        (i32.add (i32.shr_u (global.get $top) (i32.const 16)) (i32.const 1))
        (memory.size)))
      (if (i32.gt_s (local.get $missing) (i32.const 0))
        (then (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1)) (then unreachable))))
      (memory.copy (local.get $new) (local.get $old)
        (select (local.get $old-bytes) (local.get $bytes)
          (i32.lt_u (local.get $old-bytes) (local.get $bytes))))
      (local.get $new))
  "#;

/// A function as core WebAssembly has it.
struct Shape {
    params: Vec<Core>,
    /// Flat, also where it goes through memory.
    result: Vec<Core>,
    is_indirect: bool,
    /// Handles that were lent to the relay, which it has to give back: where
    /// they stand, of which kind, and whether they are a list.
    borrowed: Vec<(usize, usize, bool)>,
}

impl Shape {
    fn of(function: &Function, resources: &[ResourceType]) -> wasmtime::Result<Self> {
        let mut params = Vec::new();
        let mut borrowed = Vec::new();
        let number = |ty: &ResourceType| resources.iter().position(|known| known == ty);
        for (_, ty) in function.ty.params() {
            let at = params.len();
            match &ty {
                Type::Borrow(resource) => borrowed.extend(number(resource).map(|n| (at, n, false))),
                Type::List(list) => match list.ty() {
                    Type::Borrow(resource) => {
                        borrowed.extend(number(&resource).map(|n| (at, n, true)));
                    }
                    item => refuse_borrows(&item, &function.name)?,
                },
                other => refuse_borrows(other, &function.name)?,
            }
            flatten(&ty, &mut params)?;
        }
        if params.len() > FLAT_PARAMS {
            if !borrowed.is_empty() {
                bail!(
                    "`{}` takes too many arguments to be recorded",
                    function.name
                );
            }
            params = vec![Core::I32];
        }
        let mut result = Vec::new();
        for ty in function.ty.results() {
            flatten(&ty, &mut result)?;
        }
        Ok(Self {
            params,
            is_indirect: result.len() > 1,
            result,
            borrowed,
        })
    }
}

fn refuse_borrows(ty: &Type, function: &str) -> wasmtime::Result<()> {
    let mut result = Ok(());
    inner(ty, &mut |ty| {
        let refused = match ty {
            Type::Borrow(_) => Err(wasmtime::format_err!(
                "`{function}` takes borrowed handles within a value, and cannot be recorded"
            )),
            ty => refuse_borrows(ty, function),
        };
        if result.is_ok() {
            result = refused;
        }
    });
    result
}

/// The types right within a type.
fn inner(ty: &Type, visit: &mut dyn FnMut(&Type)) {
    match ty {
        Type::List(list) => visit(&list.ty()),
        Type::Option(option) => visit(&option.ty()),
        Type::Result(result) => result.ok().iter().chain(&result.err()).for_each(visit),
        Type::Tuple(tuple) => tuple.types().for_each(|ty| visit(&ty)),
        Type::Record(record) => record.fields().for_each(|field| visit(&field.ty)),
        Type::Variant(variant) => variant
            .cases()
            .filter_map(|case| case.ty)
            .for_each(|ty| visit(&ty)),
        _ => {}
    }
}

/// The canonical ABI's flattening.
fn flatten(ty: &Type, flat: &mut Vec<Core>) -> wasmtime::Result<()> {
    match ty {
        Type::Bool
        | Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::Char
        | Type::Enum(_)
        | Type::Own(_)
        | Type::Borrow(_) => flat.push(Core::I32),
        Type::S64 | Type::U64 => flat.push(Core::I64),
        Type::Float32 => flat.push(Core::F32),
        Type::Float64 => flat.push(Core::F64),
        Type::String | Type::List(_) => flat.extend([Core::I32, Core::I32]),
        Type::Record(record) => {
            for field in record.fields() {
                flatten(&field.ty, flat)?;
            }
        }
        Type::Tuple(tuple) => {
            for ty in tuple.types() {
                flatten(&ty, flat)?;
            }
        }
        Type::Flags(flags) => flat.extend(vec![Core::I32; flags.names().len().div_ceil(32)]),
        Type::Option(option) => flatten_cases(&[None, Some(option.ty())], flat)?,
        Type::Result(result) => flatten_cases(&[result.ok(), result.err()], flat)?,
        Type::Variant(variant) => {
            let cases: Vec<_> = variant.cases().map(|case| case.ty).collect();
            flatten_cases(&cases, flat)?;
        }
        Type::Map(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::FixedLengthList(_) => bail!("values of type {ty:?} cannot be recorded"),
    }
    Ok(())
}

fn flatten_cases(cases: &[Option<Type>], flat: &mut Vec<Core>) -> wasmtime::Result<()> {
    let mut joined: Vec<Core> = Vec::new();
    for ty in cases.iter().flatten() {
        let mut of_case = Vec::new();
        flatten(ty, &mut of_case)?;
        for (at, kind) in of_case.into_iter().enumerate() {
            match joined.get_mut(at) {
                None => joined.push(kind),
                Some(before) => *before = join(*before, kind),
            }
        }
    }
    flat.push(Core::I32);
    flat.extend(joined);
    Ok(())
}

fn join(one: Core, other: Core) -> Core {
    match (one, other) {
        (one, other) if one == other => one,
        (Core::I32, Core::F32) | (Core::F32, Core::I32) => Core::I32,
        _ => Core::I64,
    }
}

impl Named<'_> {
    /// The type of a function. Types that need a name are declared on the way.
    fn function(&mut self, ty: &ComponentFunc, prefix: &str) -> wasmtime::Result<String> {
        let mut text = String::new();
        for (name, ty) in ty.params() {
            let ty = self.value(&ty, prefix)?;
            let _ = write!(text, "(param \"{name}\" {ty}) ");
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
                    let _ = write!(text, " (field \"{}\" {ty})", field.name);
                }
            }
            Type::Variant(variant) => {
                text.push_str("(variant");
                for case in variant.cases() {
                    let payload = match case.ty {
                        Some(ty) => format!(" {}", self.value(&ty, "$t")?),
                        None => String::new(),
                    };
                    let _ = write!(text, " (case \"{}\"{payload})", case.name);
                }
            }
            Type::Enum(names) => {
                text.push_str("(enum");
                for name in names.names() {
                    let _ = write!(text, " \"{name}\"");
                }
            }
            Type::Flags(flags) => {
                text.push_str("(flags");
                for name in flags.names() {
                    let _ = write!(text, " \"{name}\"");
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
