//! Values of any type as JSON, and back.
//!
//! Text is `{"$text": …}`, a list of bytes is `{"$text": …}` where it reads as
//! text and `{"$base64": …}` otherwise, a handle is `{"$handle": number}`. A case
//! of a variant is its name, or `{name: payload}`; an option is `null` or
//! `{"some": …}`; a result is `{"ok": …}` or `{"err": …}`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Number, Value, json};
use wasmtime::component::types::Type;
use wasmtime::component::{ResourceAny, ResourceType, Val};
use wasmtime::{bail, format_err};

pub(super) const TEXT: &str = "$text";
pub(super) const BYTES: &str = "$base64";
const HANDLE: &str = "$handle";

/// Bytes as they are recorded.
pub(super) fn of_bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text)
            if !text
                .chars()
                .any(|c| c.is_control() && !"\n\r\t".contains(c)) =>
        {
            json!({TEXT: text})
        }
        Ok(text) => json!({BYTES: BASE64.encode(text)}),
        Err(error) => json!({BYTES: BASE64.encode(error.as_bytes())}),
    }
}

/// The bytes of text, or of bytes.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    if let Some(text) = object.get(TEXT).and_then(Value::as_str) {
        return Some(text.as_bytes().to_vec());
    }
    BASE64.decode(object.get(BYTES)?.as_str()?).ok()
}

/// The number of a handle.
pub(super) fn handle(value: &Value) -> Option<u32> {
    value.get(HANDLE)?.as_u64()?.try_into().ok()
}

/// A value as JSON. `number` gives the number of a handle, which it consumes.
pub(super) fn encode(
    value: Val,
    number: &mut dyn FnMut(ResourceAny) -> wasmtime::Result<u32>,
) -> wasmtime::Result<Value> {
    Ok(match value {
        Val::Bool(value) => json!(value),
        Val::S8(value) => json!(value),
        Val::U8(value) => json!(value),
        Val::S16(value) => json!(value),
        Val::U16(value) => json!(value),
        Val::S32(value) => json!(value),
        Val::U32(value) => json!(value),
        Val::S64(value) => json!(value),
        Val::U64(value) => json!(value),
        Val::Float32(value) => float(f64::from(value)),
        Val::Float64(value) => float(value),
        Val::Char(value) => json!(value),
        Val::String(text) => json!({TEXT: text}),
        Val::List(items) => match items.first() {
            Some(Val::U8(_)) => {
                let bytes = items.into_iter().filter_map(|item| match item {
                    Val::U8(byte) => Some(byte),
                    _ => None,
                });
                of_bytes(bytes.collect())
            }
            _ => encode_all(items, number)?,
        },
        Val::Tuple(items) => encode_all(items, number)?,
        Val::Record(fields) => {
            let mut object = Map::new();
            for (name, value) in fields {
                object.insert(name, encode(value, number)?);
            }
            object.into()
        }
        Val::Variant(name, None) | Val::Enum(name) => json!(name),
        Val::Variant(name, Some(payload)) => json!({name: encode(*payload, number)?}),
        Val::Option(None) => Value::Null,
        Val::Option(Some(value)) => json!({"some": encode(*value, number)?}),
        Val::Result(Ok(value)) => json!({"ok": encode_optional(value, number)?}),
        Val::Result(Err(value)) => json!({"err": encode_optional(value, number)?}),
        Val::Flags(names) => json!(names),
        Val::Resource(resource) => json!({HANDLE: number(resource)?}),
        other => bail!("a value cannot be recorded: {other:?}"),
    })
}

fn encode_all(
    items: Vec<Val>,
    number: &mut dyn FnMut(ResourceAny) -> wasmtime::Result<u32>,
) -> wasmtime::Result<Value> {
    items.into_iter().map(|item| encode(item, number)).collect()
}

fn encode_optional(
    value: Option<Box<Val>>,
    number: &mut dyn FnMut(ResourceAny) -> wasmtime::Result<u32>,
) -> wasmtime::Result<Value> {
    value.map_or(Ok(Value::Null), |value| encode(*value, number))
}

/// JSON has no name for what is no number.
fn float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| json!(value.to_string()), Value::Number)
}

/// A value of this type out of JSON. `resource` gives the handle with a number.
pub(super) fn decode(
    ty: &Type,
    value: &Value,
    resource: &mut dyn FnMut(u32, &ResourceType) -> wasmtime::Result<ResourceAny>,
) -> wasmtime::Result<Val> {
    let wrong = || format_err!("{value} is no value of its type");
    macro_rules! integer {
        ($as:ident, $variant:ident) => {
            Val::$variant(
                value
                    .$as()
                    .and_then(|number| number.try_into().ok())
                    .ok_or_else(wrong)?,
            )
        };
    }
    Ok(match ty {
        Type::Bool => Val::Bool(value.as_bool().ok_or_else(wrong)?),
        Type::S8 => integer!(as_i64, S8),
        Type::U8 => integer!(as_u64, U8),
        Type::S16 => integer!(as_i64, S16),
        Type::U16 => integer!(as_u64, U16),
        Type::S32 => integer!(as_i64, S32),
        Type::U32 => integer!(as_u64, U32),
        Type::S64 => integer!(as_i64, S64),
        Type::U64 => integer!(as_u64, U64),
        #[expect(clippy::cast_possible_truncation, reason = "it was an f32 before")]
        Type::Float32 => Val::Float32(real(value).ok_or_else(wrong)? as f32),
        Type::Float64 => Val::Float64(real(value).ok_or_else(wrong)?),
        Type::Char => Val::Char(serde_json::from_value(value.clone()).map_err(|_| wrong())?),
        Type::String => {
            let text = value.get(TEXT).and_then(Value::as_str);
            Val::String(text.ok_or_else(wrong)?.to_owned())
        }
        Type::List(list) => match (list.ty(), bytes(value)) {
            (Type::U8, Some(bytes)) => Val::List(bytes.into_iter().map(Val::U8).collect()),
            (item, _) => {
                let items = value.as_array().ok_or_else(wrong)?;
                let items = items.iter().map(|value| decode(&item, value, resource));
                Val::List(items.collect::<Result<_, _>>()?)
            }
        },
        Type::Tuple(tuple) => {
            let items = value.as_array().ok_or_else(wrong)?;
            if items.len() != tuple.types().len() {
                return Err(wrong());
            }
            let items = tuple
                .types()
                .zip(items)
                .map(|(ty, value)| decode(&ty, value, resource));
            Val::Tuple(items.collect::<Result<_, _>>()?)
        }
        Type::Record(record) => {
            let fields = record.fields().map(|field| {
                let value = value.get(field.name).ok_or_else(wrong)?;
                Ok((field.name.to_owned(), decode(&field.ty, value, resource)?))
            });
            Val::Record(fields.collect::<wasmtime::Result<_>>()?)
        }
        Type::Enum(_) => Val::Enum(value.as_str().ok_or_else(wrong)?.to_owned()),
        Type::Variant(variant) => {
            let (name, payload) = match value {
                Value::String(name) => (name, None),
                Value::Object(object) => {
                    let (name, payload) = object.iter().next().ok_or_else(wrong)?;
                    (name, Some(payload))
                }
                _ => return Err(wrong()),
            };
            let case = variant.cases().find(|case| case.name == name);
            let ty = case.ok_or_else(wrong)?.ty;
            let payload = optional(ty, payload.unwrap_or(&Value::Null), resource)?;
            Val::Variant(name.clone(), payload)
        }
        Type::Option(_) if value.is_null() => Val::Option(None),
        Type::Option(option) => {
            let value = value.get("some").ok_or_else(wrong)?;
            Val::Option(Some(Box::new(decode(&option.ty(), value, resource)?)))
        }
        Type::Result(result) => match (value.get("ok"), value.get("err")) {
            (Some(value), None) => Val::Result(Ok(optional(result.ok(), value, resource)?)),
            (None, Some(value)) => Val::Result(Err(optional(result.err(), value, resource)?)),
            _ => return Err(wrong()),
        },
        Type::Flags(_) => Val::Flags(serde_json::from_value(value.clone()).map_err(|_| wrong())?),
        Type::Own(ty) | Type::Borrow(ty) => {
            Val::Resource(resource(handle(value).ok_or_else(wrong)?, ty)?)
        }
        other => bail!("values of type {other:?} are not recorded"),
    })
}

fn optional(
    ty: Option<Type>,
    value: &Value,
    resource: &mut dyn FnMut(u32, &ResourceType) -> wasmtime::Result<ResourceAny>,
) -> wasmtime::Result<Option<Box<Val>>> {
    ty.map(|ty| decode(&ty, value, resource).map(Box::new))
        .transpose()
}

fn real(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}
