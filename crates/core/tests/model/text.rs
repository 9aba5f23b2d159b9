//! Names that people give.

use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use stagehook_core::text::{NAME_MAX, name};

/// Letters that nobody sees, and what breaks the line: no formats to Unicode.
const BLANK: &str = "\u{115f}\u{1160}\u{2028}\u{2029}\u{3164}\u{ffa0}";
/// Formats: of no width, or with a direction.
const FORMATS: &str = "\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\
    \u{202d}\u{202e}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\
    \u{206a}\u{206b}\u{206c}\u{206d}\u{206e}\u{206f}\u{feff}\u{fff9}\u{fffa}\u{fffb}";

proptest! {
    #[test]
    fn what_is_seen_and_joins_what_is_seen_is_a_name(text in "[\\PC\u{200c}\u{200d}]{1,128}") {
        prop_assume!(text.trim() == text && !text.contains(|c| BLANK.contains(c)));
        prop_assert_eq!(name("/name", &text), Ok(text));
    }

    #[test]
    fn a_name_looks_like_no_other(
        (before, after) in ("[\\p{Latin}\\p{Hebrew}. ]{0,20}", "[\\p{Latin}\\p{Hebrew}. ]{0,20}"),
        hidden in select((BLANK.to_owned() + FORMATS).chars().collect::<Vec<_>>()),
    ) {
        let text = format!("a{before}{hidden}{after}b");
        let wrong = name("/name", &text).unwrap_err();
        prop_assert_eq!(&wrong.0[0].pointer, "/name");
        let code = format!("U+{:04X}:", u32::from(hidden));
        prop_assert!(wrong.0[0].detail.contains(&code), "{wrong}");
    }

    #[test]
    fn a_name_has_no_control_characters(hidden in "\\p{Cc}") {
        let text = format!("a{hidden}b");
        prop_assert!(name("/name", &text).is_err());
    }
}

#[rstest]
#[case("نگاه\u{200c}دار", true)]
#[case("👩\u{200d}🎨 colour ❤\u{fe0f}", true)]
#[case("מחלקה א", true)]
#[case("paid\u{202e}gnp.exe", false)]
#[case("admin\u{200b}", false)]
#[case(&"ö".repeat(NAME_MAX), true)]
#[case(&"ö".repeat(NAME_MAX + 1), false)]
fn names_of_all_languages(#[case] text: &str, #[case] is_name: bool) {
    assert_eq!(name("/name", text).is_ok(), is_name, "{text:?}");
}
