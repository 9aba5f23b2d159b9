//! Sample inputs that are kept, and ids that whoever tests a hook chooses.
//! REQ-API-2

use proptest::prelude::*;
use serde_json::json;
use stagehook_core::ids::ExecutionId;
use stagehook_core::test_case::{INPUT_MAX_BYTES, SampleInput};
use uuid::{Builder, Version};

fn sample(part: &str, text: &str) -> SampleInput {
    let input = match part {
        "segment_path" => json!({"segment_path": text}),
        part => json!({part: {"text": text}}),
    };
    serde_json::from_value(input).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// In whichever part, and as what JSON makes of it.
    #[test]
    fn a_sample_input_is_kept_up_to_its_largest_size(
        part in prop_oneof![Just("segment_path"), Just("metadata"), Just("scene_context"), Just("data")],
        text in prop_oneof![Just("x"), Just("\u{1}"), Just("ß"), Just("\"")],
        over in -3_i64..4,
    ) {
        let empty = serde_json::to_string(&sample(part, "")).unwrap().len();
        let each = serde_json::to_string(&text).unwrap().len() - 2;
        let room = INPUT_MAX_BYTES - empty;
        let many = (room / each).saturating_add_signed(isize::try_from(over).unwrap());
        let full = sample(part, &text.repeat(many));
        let bytes = serde_json::to_string(&full).unwrap().len();
        prop_assert_eq!(full.check_kept("/input").is_ok(), bytes <= INPUT_MAX_BYTES);
        if let Err(wrong) = full.check_kept("/input") {
            prop_assert_eq!(&wrong.0[0].pointer, "/input");
            prop_assert!(wrong.0[0].detail.contains(&bytes.to_string()));
        }
    }

    #[test]
    fn an_id_of_a_server_cannot_be_chosen(bytes: [u8; 16]) {
        prop_assert!(!ExecutionId::generate().may_be_chosen());
        let of_version = |version| {
            let id = Builder::from_bytes(bytes).with_version(version).into_uuid();
            ExecutionId::new(id).may_be_chosen()
        };
        prop_assert!(of_version(Version::Random));
        prop_assert!(!of_version(Version::SortRand));
    }
}
