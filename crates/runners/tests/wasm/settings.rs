//! A plugin checks the settings of its hooks.

use crate::stage::Stage;
use serde_json::{Map, Value, json};
use stagehook_core::invalid::FieldError;
use stagehook_runners::wasm::SettingsError;

fn settings(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(settings) => settings,
        other => panic!("{other} is no object"),
    }
}

#[tokio::test]
async fn a_plugin_says_what_is_wrong_and_where() {
    let stage = Stage::new().await;
    let check = async |value: Value| {
        stage
            .runner
            .check_settings(&stage.plugin, &settings(value))
            .await
    };
    check(json!({"do": "sleep", "ms": 10})).await.unwrap();

    let Err(SettingsError::Invalid(invalid)) = check(json!({"do": "sleep", "ms": 4_000_000})).await
    else {
        panic!("it should be invalid");
    };
    assert_eq!(
        invalid.0,
        [FieldError::new("/ms", "is longer than an hour")]
    );

    let Err(SettingsError::Invalid(invalid)) = check(json!({"do": "dance"})).await else {
        panic!("it should be invalid");
    };
    assert!(invalid.0[0].detail.contains("dance"), "{invalid}");
}
