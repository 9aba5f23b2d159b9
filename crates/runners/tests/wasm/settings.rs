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

#[tokio::test]
async fn what_a_plugin_says_of_settings_is_bounded() {
    let stage = Stage::new().await;
    let complaint = settings(json!({"do": "complain", "problems": 150, "bytes": 10_000}));
    let checked = stage.runner.check_settings(&stage.plugin, &complaint).await;
    let Err(SettingsError::Invalid(invalid)) = checked else {
        panic!("it should be invalid: {checked:?}");
    };
    assert_eq!(invalid.0.len(), 100);
    for FieldError { pointer, detail } in &invalid.0 {
        assert!(pointer.starts_with("/ppp"), "{pointer}");
        assert!(pointer.ends_with("… (9801 bytes cut)"), "{pointer}");
        assert!(detail.starts_with("ddd"), "{detail}");
        assert!(detail.ends_with("… (5904 bytes cut)"), "{detail}");
    }
}
