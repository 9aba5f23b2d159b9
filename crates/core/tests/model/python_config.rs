//! Which packages a Python hook may ask for, and how.

use crate::config::{errors, pointer, with};
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType, Requirement, Requirements};
use utoipa::PartialSchema as _;

#[test]
fn python_takes_an_environment_or_requirements() {
    let python = |more: Value| pointer(HookType::Python, with(HookType::Python, &more));
    assert_eq!(
        python(json!({"venv": "grading", "requirements": ["pillow==11.0"]})),
        "/config/requirements"
    );
    assert_eq!(python(json!({"venv": "../x"})), "/config/venv");
    for option in [
        "--index-url http://x",
        "-r /etc/passwd",
        "",
        "pillow\n--pre",
        "file:///tmp/evil",
        "evil @ file:///tmp/evil",
        "git+https://example.com/evil",
        "http://127.0.0.1:1/evil.tar.gz",
        "tmp/evil",
        "pillow==${HOME}",
        "pillow --index-url=x",
    ] {
        assert_eq!(
            python(json!({"requirements": ["numpy", option]})),
            "/config/requirements/1",
            "{option:?}"
        );
    }
}

#[test]
fn requirements_are_a_list_or_a_file() {
    let parse = |requirements: Value| {
        let config = with(HookType::Python, &json!({"requirements": requirements}));
        match HookConfig::parse(HookType::Python, config) {
            Ok(HookConfig::Python(config)) => config.requirements,
            other => panic!("{other:?}"),
        }
    };
    let file = parse(json!("grading/requirements.txt"));
    assert!(
        matches!(&file, Requirements::File(path) if path.as_str() == "grading/requirements.txt")
    );
    assert_eq!(json!(file), json!("grading/requirements.txt"));
    let list = json!(["pillow==11.0", "numpy >= 2 ; python_version < '3.13'"]);
    assert_eq!(json!(parse(list.clone())), list);

    let refused = |requirements: Value| {
        let more = json!({"requirements": requirements});
        let errors = errors(HookType::Python, with(HookType::Python, &more));
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].clone()
    };
    let (pointer, detail) = refused(json!("../requirements.txt"));
    assert_eq!(pointer, "/config/requirements");
    assert!(detail.contains("relative path below a scripts directory"));
    let (pointer, detail) = refused(json!({"pillow": "11.0"}));
    assert_eq!(pointer, "/config/requirements");
    assert!(detail.contains("a list of requirements, or the path"));
    let (pointer, _) = refused(json!(["pillow", 3]));
    assert_eq!(pointer, "/config/requirements/1");
    let (pointer, detail) = refused(json!(vec!["pillow"; 257]));
    assert_eq!(pointer, "/config/requirements");
    assert_eq!(detail, "must have at most 256 entries");
    let both = json!({"venv": "grading", "requirements": "requirements.txt"});
    assert_eq!(
        crate::config::pointer(HookType::Python, with(HookType::Python, &both)),
        "/config/requirements"
    );
}

#[test]
fn the_schema_of_requirements_has_both_forms() {
    let schema = serde_json::to_value(Requirements::schema()).unwrap();
    let forms = &schema["oneOf"];
    assert_eq!(forms[0]["type"], "array");
    assert_eq!(
        forms[0]["items"],
        json!({"$ref": "#/components/schemas/Requirement"})
    );
    assert_eq!(forms[1]["$ref"], "#/components/schemas/ScriptPath");
    let requirement = serde_json::to_value(Requirement::schema()).unwrap();
    assert_eq!(requirement["type"], "string");
}
