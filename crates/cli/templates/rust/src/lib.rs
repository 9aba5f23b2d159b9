//! Fails media that is shorter than a minimum.

use stagehook_plugin_sdk::{info, prelude::*};

struct MyPlugin;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The shortest that passes.
    #[schemars(range(min = 0))]
    minimum_seconds: f64,
}

impl Plugin for MyPlugin {
    type Settings = Settings;

    fn manifest() -> Manifest {
        manifest!().hook_point("post_segment")
    }

    fn run(input: Input<Settings>) -> Result<Outcome, Failure> {
        let minimum = input.settings.minimum_seconds;
        let seconds = input.metadata["media"]["duration_seconds"]
            .as_f64()
            .ok_or_else(|| {
                Failure::new(
                    "the metadata has no media.duration_seconds: run media-probe before this hook",
                )
            })?;
        info!("{seconds} s, at least {minimum} s are wanted");
        let outcome = if seconds < minimum {
            Outcome::fail(format!("{seconds} s is shorter than {minimum} s"))
        } else {
            Outcome::pass().patch(&json!({"long_enough": true}))
        };
        Ok(outcome.metric("duration_seconds", seconds))
    }
}

export!(MyPlugin);

#[cfg(test)]
mod tests {
    use super::*;
    use stagehook_plugin_sdk::Status;
    use stagehook_plugin_sdk::testing;

    fn run(metadata: Value) -> Result<Outcome, Failure> {
        let settings = json!({"minimum_seconds": 5});
        testing::run::<MyPlugin>(testing::input(settings).metadata(metadata))
    }

    #[test]
    fn long_enough_passes() {
        let outcome = run(json!({"media": {"duration_seconds": 5.3}})).unwrap();
        assert_eq!(outcome.status, Status::Pass);
        assert_eq!(outcome.metadata.as_deref(), Some(r#"{"long_enough":true}"#));
    }

    #[test]
    fn too_short_fails() {
        let outcome = run(json!({"media": {"duration_seconds": 4}})).unwrap();
        assert_eq!(outcome.status, Status::Fail);
        assert_eq!(outcome.message.as_deref(), Some("4 s is shorter than 5 s"));
    }

    #[test]
    fn without_a_duration_it_says_what_to_do() {
        let failure = run(json!({})).unwrap_err();
        assert!(failure.message.contains("run media-probe"), "{}", failure.message);
    }

    #[test]
    fn the_manifest_has_a_schema() {
        let manifest = testing::describe::<MyPlugin>();
        assert_eq!(manifest.name, "my-plugin");
        assert!(manifest.settings_schema.unwrap().contains("minimum_seconds"));
    }
}
