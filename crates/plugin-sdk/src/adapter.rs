//! From the generated interface, with its JSON text, to a typed [`Plugin`].

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::exports::stagehook::hook::handler::Guest;
use crate::bindings::stagehook::hook::call::Context;
use crate::bindings::stagehook::hook::types::{Failure, Manifest, Outcome, Problem};
use crate::input::Input;
use crate::plugin::Plugin;

/// The exported side of a plugin. Named by `export!` alone.
#[derive(Debug)]
pub struct Adapter<P>(PhantomData<P>);

impl<P: Plugin> Guest for Adapter<P> {
    fn run(
        context: Context,
        metadata: String,
        scene_context: String,
        settings: String,
    ) -> Result<Outcome, Failure> {
        let settings = parse_settings(&settings).map_err(|problem| {
            let Problem { pointer, detail } = problem;
            let place = if pointer.is_empty() {
                String::new()
            } else {
                format!(" at {pointer}")
            };
            Failure::new(format!(
                "the hook's settings do not fit this plugin{place}: {detail}"
            ))
        })?;
        P::run(Input {
            context,
            metadata: parse_object("metadata", &metadata)?,
            scene_context: parse_object("scene context", &scene_context)?,
            settings,
        })
    }

    fn describe() -> Manifest {
        let manifest = P::manifest();
        if manifest.settings_schema.is_some() {
            return manifest;
        }
        let schema = schemars::schema_for!(P::Settings);
        manifest.settings_schema(schema.as_value())
    }

    fn check_settings(settings: String) -> Result<(), Vec<Problem>> {
        let settings = parse_settings(&settings).map_err(|problem| vec![problem])?;
        let problems = P::check_settings(&settings);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

fn parse_object(what: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::new(format!("the host sent {what} that is not JSON: {error}")))
}

fn parse_settings<S: DeserializeOwned>(text: &str) -> Result<S, Problem> {
    let text = if text.is_empty() { "{}" } else { text };
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        Problem::new(pointer, error.into_inner().to_string())
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Settings {
        steps: Vec<u32>,
    }

    #[test]
    fn wrong_settings_are_named_by_pointer() {
        let problem = parse_settings::<Settings>(r#"{"steps":[1,"two"]}"#).unwrap_err();
        assert_eq!(problem.pointer, "/steps/1");
        assert!(problem.detail.contains("expected u32"), "{problem:?}");
    }

    #[test]
    fn no_settings_are_an_empty_object() {
        let problem = parse_settings::<Settings>("").unwrap_err();
        assert!(
            problem.detail.contains("missing field `steps`"),
            "{problem:?}"
        );
    }
}
