//! Functions as core WebAssembly has them: the canonical ABI.

use super::super::imports::Function;
use wasmtime::bail;
use wasmtime::component::ResourceType;
use wasmtime::component::types::Type;

/// Above so many core values, arguments go through memory.
const FLAT_PARAMS: usize = 16;

/// What a core function takes or gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Core {
    I32,
    I64,
    F32,
    F64,
}

impl Core {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// A function as core WebAssembly has it.
pub(super) struct Shape {
    pub(super) params: Vec<Core>,
    /// Flat, also where it goes through memory.
    pub(super) result: Vec<Core>,
    pub(super) is_indirect: bool,
    /// Handles that were lent to the relay, which it has to give back: where
    /// they stand, of which kind, and whether they are a list.
    pub(super) borrowed: Vec<(usize, usize, bool)>,
}

impl Shape {
    pub(super) fn of(function: &Function, resources: &[ResourceType]) -> wasmtime::Result<Self> {
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
