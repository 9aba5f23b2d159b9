//! The URL's template.

use std::fmt::Write;

use stagehook_plugin_sdk::{Failure, Input, Trigger};

use crate::body;
use crate::settings::Settings;

const PLACES: [&str; 5] = ["job_id", "project_id", "external_ref", "segment", "trigger"];

/// What is wrong with a template.
pub(crate) fn problem(template: &str) -> Option<String> {
    let Some((scheme, rest)) = template.split_once("://") else {
        return Some("must begin with https:// or http://".to_owned());
    };
    if !matches!(scheme, "https" | "http") {
        return Some(format!(
            "has the scheme `{scheme}`: it must be https or http"
        ));
    }
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    if host.is_empty() {
        return Some("names no host".to_owned());
    }
    // The hook grants one host; which one must not depend on metadata.
    if host.contains(['{', '}']) {
        return Some("must name its host as it is: only what is behind it is filled in".to_owned());
    }
    if host.contains('@') {
        return Some("must not hold credentials: use the setting authorization".to_owned());
    }
    parts(template).err()
}

/// The URL of one call, with every value percent-encoded.
pub(crate) fn filled(template: &str, input: &Input<Settings>) -> Result<String, Failure> {
    let mut url = String::new();
    for part in parts(template).map_err(|detail| Failure::new(format!("url: {detail}")))? {
        match part {
            Part::Text(text) => url.push_str(text),
            Part::Place(name) => {
                // A step up the path is another address, however it is encoded.
                let value = value(name, input)
                    .filter(|value| !matches!(value.as_str(), "" | "." | ".."))
                    .ok_or_else(|| missing(name))?;
                encode(&value, &mut url);
            }
        }
    }
    Ok(url)
}

fn missing(name: &str) -> Failure {
    let grant = if name == "segment" {
        ", or grant the segment with \"segment\": \"read\""
    } else {
        ""
    };
    Failure::new(format!(
        "url: there is no {name} in this call: remove {{{name}}} from the setting url{grant}"
    ))
}

enum Part<'a> {
    Text(&'a str),
    Place(&'a str),
}

fn parts(template: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once('{') {
        let (name, behind) = behind
            .split_once('}')
            .ok_or_else(|| "has a { without its }".to_owned())?;
        if !PLACES.contains(&name) {
            return Err(format!(
                "{{{name}}} is not known; known: {}",
                PLACES.map(|place| format!("{{{place}}}")).join(", ")
            ));
        }
        parts.push(Part::Text(text));
        parts.push(Part::Place(name));
        rest = behind;
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn value(name: &str, input: &Input<Settings>) -> Option<String> {
    let context = &input.context;
    let job = context.job.as_ref();
    match name {
        "job_id" => job.map(|job| job.id.to_string()),
        "project_id" => job.map(|job| job.project_id.to_string()),
        "external_ref" => job.and_then(|job| job.external_ref.clone()),
        "segment" => body::segment(input).map(str::to_owned),
        _ => Some(match &context.trigger {
            Trigger::Stage(hook_point) => hook_point.clone(),
            Trigger::Event(event) => event.name.clone(),
        }),
    }
}

/// All but RFC 3986's unreserved characters.
fn encode(value: &str, url: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
