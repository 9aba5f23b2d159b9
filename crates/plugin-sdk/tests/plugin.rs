//! A plugin as an author would write and test it: natively, with plain
//! `cargo test`.

use std::time::Duration;

use stagehook_plugin_sdk::prelude::*;
use stagehook_plugin_sdk::testing::{self, Host, Progress};
use stagehook_plugin_sdk::{ExecutionStatus, Level, info, progress, remaining, secret};

struct Loudness;

/// How loud it may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// In LUFS.
    #[schemars(range(min = -70.0, max = 0.0))]
    maximum_lufs: f64,
    /// The hook that measured it.
    #[serde(default = "measured_by")]
    measured_by: String,
}

fn measured_by() -> String {
    "measure".to_owned()
}

impl Plugin for Loudness {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!()
            .hook_point("post_segment")
            .wants(Capability::Secrets, "to sign what it found")
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let settings = &input.settings;
        let measured = input
            .previous(&settings.measured_by)
            .filter(|previous| previous.status.is_success())
            .and_then(|previous| previous.metric("lufs"))
            .ok_or_else(|| Failure::new("nothing was measured"))?;
        progress(Some(0.5), Some("compared"));
        info!("{measured} LUFS, {} s left", remaining().as_secs());
        let signature = secret("signature").map_err(|error| Failure::new(error.to_string()))?;
        if measured > settings.maximum_lufs {
            let remark = Annotation::warning(format!("{measured} LUFS")).code("loudness");
            return Ok(Outcome::fail("too loud").annotate(remark));
        }
        Ok(Outcome::pass().patch(&json!({"signed": signature.len()})))
    }

    fn check_settings(settings: &Settings) -> Vec<Problem> {
        if settings.maximum_lufs > 0.0 {
            return vec![Problem::new(
                "/maximum_lufs",
                "nothing is louder than 0 LUFS",
            )];
        }
        Vec::new()
    }
}

export!(Loudness);

fn measured(lufs: f64) -> testing::InputBuilder<Value> {
    let outcome = Outcome::pass().metric("lufs", lufs);
    testing::input(json!({"maximum_lufs": -14})).previous(testing::previous(
        "measure",
        ExecutionStatus::Passed,
        outcome,
    ))
}

#[test]
fn the_manifest_says_what_cargo_toml_and_the_type_say() {
    let manifest = testing::describe::<Loudness>();
    assert_eq!(manifest.name, "stagehook-plugin-sdk");
    assert_eq!(manifest.version, "0.2.0");
    assert_eq!(
        manifest.description,
        "For authors of Stagehook plugins in Rust"
    );
    let schema: Value = serde_json::from_str(&manifest.settings_schema.unwrap()).unwrap();
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(schema["required"], json!(["maximum_lufs"]));
    let maximum = &schema["properties"]["maximum_lufs"];
    assert_eq!(maximum["description"], json!("In LUFS."));
    assert_eq!(maximum["maximum"], json!(0.0));
    assert_eq!(
        schema["properties"]["measured_by"]["default"],
        json!("measure")
    );
}

#[test]
fn what_it_says_and_asks_is_recorded() {
    let host = Host::new()
        .secret("signature", "s3cret")
        .remaining(Duration::from_secs(9));
    let outcome = testing::run::<Loudness>(measured(-20.0)).unwrap();
    assert_eq!(outcome, Outcome::pass().patch(&json!({"signed": 6})));
    assert_eq!(
        host.logged(),
        [(Level::Info, "-20 LUFS, 9 s left".to_owned())]
    );
    assert_eq!(
        host.progress(),
        [Progress {
            fraction: Some(0.5),
            message: Some("compared".to_owned())
        }]
    );

    let outcome = testing::run::<Loudness>(measured(-9.0)).unwrap();
    assert_eq!(outcome.message.as_deref(), Some("too loud"));
    assert_eq!(outcome.annotations[0].code.as_deref(), Some("loudness"));
}

#[test]
fn each_test_has_a_host_of_its_own() {
    drop(Host::new().secret("signature", "s3cret"));
    let failure = testing::run::<Loudness>(measured(-20.0)).unwrap_err();
    assert!(failure.message.contains("not-granted"), "{failure:?}");
    let _host = Host::new().missing_secret("signature");
    let failure = testing::run::<Loudness>(measured(-20.0)).unwrap_err();
    assert!(failure.message.contains("not-found"), "{failure:?}");
}

#[test]
fn only_what_succeeded_counts() {
    let outcome = Outcome::pass().metric("lufs", -20.0);
    let input = testing::input(json!({"maximum_lufs": -14})).previous(testing::previous(
        "measure",
        ExecutionStatus::TimedOut,
        outcome,
    ));
    let failure = testing::run::<Loudness>(input).unwrap_err();
    assert_eq!(failure, Failure::new("nothing was measured"));
}

#[test]
fn settings_are_checked_as_the_host_has_them_checked() {
    let check = |settings| testing::check_settings::<Loudness>(&settings);
    assert_eq!(check(json!({"maximum_lufs": -14})), Ok(()));
    let problems = check(json!({"maximum_lufs": 3})).unwrap_err();
    assert_eq!(problems[0].pointer, "/maximum_lufs");
    let problems = check(json!({"maximum_lufs": "loud"})).unwrap_err();
    assert_eq!(problems[0].pointer, "/maximum_lufs");
    let problems = check(json!({"maximum_lufs": -14, "speed": 2})).unwrap_err();
    assert!(
        problems[0].detail.contains("unknown field `speed`"),
        "{problems:?}"
    );
}
