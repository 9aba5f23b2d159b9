//! The environment of a script: nothing of the server's own, then what the
//! contract names. REQ-SCR-2, REQ-EVT-3

use super::interpreter::PATH;
use super::work_dir;
use serde_json::Value;
use stagehook_core::config::ENV_VALUE_MAX;
use stagehook_core::contract::{HookInput, TriggerRef};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

const PREFIX: &str = "STAGEHOOK_";
/// Longest name made of a key of an event's data, in bytes.
const NAME_MAX: usize = 128;
/// Most bytes of variables made of an event's data: the system bounds the
/// whole environment, and the input file holds everything anyway.
const DATA_MAX_BYTES: usize = 256 * 1024;

/// Names that a key of an event's data never takes, also where they are unset.
const RESERVED: [&str; 9] = [
    "STAGEHOOK_EVENT",
    "STAGEHOOK_EVENT_DATA",
    "STAGEHOOK_EVENT_DATA_TRUNCATED",
    "STAGEHOOK_EXECUTION_ID",
    "STAGEHOOK_HOOK_POINT",
    "STAGEHOOK_INPUT_FILE",
    "STAGEHOOK_JOB_ID",
    "STAGEHOOK_RESULT_FILE",
    "STAGEHOOK_SEGMENT_PATH",
];

/// The variable that tells whose process a process is.
pub(super) const EXECUTION_ID: &str = RESERVED[3];

/// The whole environment. `work` is the work directory as the script sees it.
pub(super) fn all(
    input: &HookInput,
    config: &BTreeMap<String, String>,
    work: &Path,
) -> BTreeMap<String, OsString> {
    let mut variables: BTreeMap<String, OsString> = config
        .iter()
        .map(|(name, value)| (name.clone(), cut(value).0.into()))
        .collect();
    for (name, value) in contract(input) {
        variables.insert(name, value.into());
    }
    let paths = [
        ("HOME", work.into()),
        ("TMPDIR", work.into()),
        ("STAGEHOOK_INPUT_FILE", work.join(work_dir::INPUT).into()),
        ("STAGEHOOK_RESULT_FILE", work.join(work_dir::RESULT).into()),
        ("PATH", PATH.into()),
        ("LANG", "C.UTF-8".into()),
    ];
    for (name, value) in paths {
        variables.insert(name.to_owned(), value);
    }
    variables
}

/// Whether a variable is another one in each run.
pub(super) fn is_of_the_run(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// What the contract says of the trigger, the job and the event.
fn contract(input: &HookInput) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    if let Some(Value::Object(data)) = &input.data {
        let mut room = DATA_MAX_BYTES;
        for (key, value) in data {
            let name = name_of(key);
            if name.len() <= PREFIX.len()
                || name.len() > NAME_MAX
                || RESERVED.contains(&name.as_str())
            {
                continue;
            }
            let value = cut(&text_of(value)).0;
            let Some(left) = room.checked_sub(name.len() + value.len()) else {
                break;
            };
            room = left;
            variables.insert(name, value);
        }
    }
    let mut set = |name: &str, value: &str| {
        variables.insert(name.to_owned(), cut(value).0);
    };
    set(EXECUTION_ID, &input.execution_id.to_string());
    match &input.trigger {
        TriggerRef::Stage { hook_point } => set("STAGEHOOK_HOOK_POINT", hook_point.as_str()),
        TriggerRef::Event { event, .. } => set("STAGEHOOK_EVENT", event),
    }
    if let Some(job) = &input.job {
        set("STAGEHOOK_JOB_ID", &job.id.to_string());
    }
    if let Some(path) = &input.segment_path {
        set("STAGEHOOK_SEGMENT_PATH", path);
    }
    if let Some(data) = &input.data {
        let (data, truncated) = cut(&data.to_string());
        set("STAGEHOOK_EVENT_DATA", &data);
        if truncated {
            set("STAGEHOOK_EVENT_DATA_TRUNCATED", "1");
        }
    }
    variables
}

fn name_of(key: &str) -> String {
    let mut name = PREFIX.to_owned();
    name.extend(key.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    }));
    name
}

/// Texts as they are, the rest as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Cuts a value on a character boundary, without NULs; tells whether it was
/// cut.
fn cut(value: &str) -> (String, bool) {
    let mut rest = value.chars().filter(|&c| c != '\0');
    let kept = rest.by_ref().take(ENV_VALUE_MAX).collect();
    (kept, rest.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::{contract, cut};
    use serde_json::{Value, json};
    use stagehook_core::contract::{HookInput, HookRef, JobRef, SCHEMA, TriggerRef};
    use stagehook_core::ids::{EventId, ExecutionId, HookId, JobId, ProjectId};
    use stagehook_core::scope::ScopeType;

    fn event(data: Value) -> HookInput {
        HookInput {
            schema: SCHEMA.to_owned(),
            execution_id: ExecutionId::generate(),
            hook: HookRef {
                id: HookId::new(7),
                name: "notify".to_owned(),
                version: 1,
                source: ScopeType::Studio,
            },
            job: Some(JobRef {
                id: JobId::new(42),
                project_id: ProjectId::new(1),
                scene_type_id: None,
                external_ref: None,
            }),
            trigger: TriggerRef::Event {
                event: "job_failed".to_owned(),
                event_id: EventId::generate(),
            },
            segment_path: None,
            metadata: serde_json::Map::new(),
            scene_context: serde_json::Map::new(),
            hook_config: json!({}),
            data: Some(data),
            attempt: 1,
            deadline_ms: 1000,
            dry_run: false,
            previous_results: Vec::new(),
            inherited: None,
        }
    }

    // REQ-EVT-4
    #[test]
    fn every_key_of_the_data_becomes_a_variable() {
        let variables = contract(&event(json!({
            "title": "Shot 10",
            "frame-count": 24,
            "größe": null,
            "tags": ["a", "b"],
            "nul": "a\0b",
        })));
        assert_eq!(variables["STAGEHOOK_TITLE"], "Shot 10");
        assert_eq!(variables["STAGEHOOK_FRAME_COUNT"], "24");
        assert_eq!(variables["STAGEHOOK_GR__E"], "");
        assert_eq!(variables["STAGEHOOK_TAGS"], r#"["a","b"]"#);
        assert_eq!(variables["STAGEHOOK_NUL"], "ab");
        assert_eq!(variables["STAGEHOOK_EVENT"], "job_failed");
    }

    #[test]
    fn reserved_names_win_over_the_data_also_where_they_are_unset() {
        let variables = contract(&event(json!({
            "job_id": "666", "event": "forged", "execution_id": "forged",
            "result_file": "/etc/passwd", "segment_path": "/etc/shadow", "": "nameless",
        })));
        assert_eq!(variables["STAGEHOOK_JOB_ID"], "42");
        assert_eq!(variables["STAGEHOOK_EVENT"], "job_failed");
        assert_ne!(variables["STAGEHOOK_EXECUTION_ID"], "forged");
        assert!(!variables.contains_key("STAGEHOOK_RESULT_FILE"));
        assert!(!variables.contains_key("STAGEHOOK_SEGMENT_PATH"));
        assert!(!variables.contains_key("STAGEHOOK_"));
    }

    #[test]
    fn long_data_is_cut_on_a_character_and_says_so() {
        let variables = contract(&event(json!({"text": "ß".repeat(5000)})));
        assert_eq!(variables["STAGEHOOK_TEXT"], "ß".repeat(4096));
        assert_eq!(variables["STAGEHOOK_EVENT_DATA"].chars().count(), 4096);
        assert_eq!(variables["STAGEHOOK_EVENT_DATA_TRUNCATED"], "1");
        let whole = contract(&event(json!({"text": "short"})));
        assert!(!whole.contains_key("STAGEHOOK_EVENT_DATA_TRUNCATED"));
    }

    #[test]
    fn ten_thousand_keys_do_not_burst_the_environment() {
        let data: serde_json::Map<String, Value> = (0..10_000)
            .map(|i| (format!("key{i}"), Value::from("x".repeat(4096))))
            .collect();
        let bytes: usize = contract(&event(Value::Object(data)))
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(bytes < 300 * 1024, "{bytes} bytes");
    }

    #[test]
    fn a_value_of_just_the_limit_is_not_cut() {
        assert_eq!(cut(&"x".repeat(4096)), ("x".repeat(4096), false));
        assert_eq!(cut(&"x".repeat(4097)), ("x".repeat(4096), true));
    }
}
