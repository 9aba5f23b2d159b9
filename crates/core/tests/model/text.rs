//! Names that people give.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use stagehook_core::text::{NAME_MAX, name};

/// Looks like a space, or breaks the line.
const BLANK: &str = "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
    \u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{2800}\u{3000}";
/// Letters and marks that nobody sees: no formats to Unicode.
const UNSEEN: &str = "\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{3164}\u{ffa0}";
/// Formats: of no width, or with a direction; and tags.
const FORMATS: &str = "\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\
    \u{202d}\u{202e}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\
    \u{206a}\u{206b}\u{206c}\u{206d}\u{206e}\u{206f}\u{feff}\u{fff9}\u{fffa}\u{fffb}\
    \u{1bca0}\u{1bca3}\u{1d173}\u{1d17a}\u{e0001}\u{e0020}\u{e0061}\u{e007f}";
/// What is seen by the character before it alone.
const JOINERS: &str = "\u{200c}\u{200d}";
const SELECTORS: &str =
    "\u{180b}\u{180c}\u{180d}\u{180f}\u{fe00}\u{fe0e}\u{fe0f}\u{e0100}\u{e01ef}";

fn one_of(characters: &str) -> impl Strategy<Value = char> + use<> {
    select(characters.chars().collect::<Vec<_>>())
}

/// What is seen by itself.
fn seen() -> impl Strategy<Value = char> {
    "[\\PC&&[^\u{180b}-\u{180f}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]]"
        .prop_map(|text| text.chars().next().unwrap())
        .prop_filter("seen", |c| !(BLANK.contains(*c) || UNSEEN.contains(*c)))
}

proptest! {
    #[test]
    fn what_is_seen_and_joins_what_is_seen_is_a_name(
        characters in vec((seen(), option::of(one_of(SELECTORS)), option::of(one_of(JOINERS))), 1..42),
    ) {
        let mut text = String::new();
        for (seen, selector, joiner) in characters {
            text.push(seen);
            if !seen.is_ascii() {
                text.extend(selector);
                text.extend(joiner);
            }
        }
        prop_assume!(text.trim() == text);
        prop_assert_eq!(name("/name", &text), Ok(text));
    }

    #[test]
    fn what_nobody_sees_is_in_no_name(
        (before, after) in ("[\\p{Latin}\\p{Hebrew}. ]{0,20}", "[\\p{Latin}\\p{Hebrew}. ]{0,20}"),
        hidden in one_of(&(BLANK.to_owned() + UNSEEN + FORMATS)),
    ) {
        is_refused(&format!("a{before}{hidden}{after}b"), hidden)?;
    }

    #[test]
    fn joiners_and_selectors_are_behind_what_they_change(
        (before, after) in ("[\\p{Latin}\\p{Hebrew}. ]{0,20}", "[\\p{Latin}\\p{Hebrew}. ]{0,20}"),
        ascii in "[!-~]",
        (joiner, selector) in (one_of(JOINERS), one_of(SELECTORS)),
        (any, other) in (one_of(&(JOINERS.to_owned() + SELECTORS)), one_of(SELECTORS)),
    ) {
        // In front of everything, behind ASCII, and twice.
        is_refused(&format!("{any}{after}b"), any)?;
        is_refused(&format!("a{before}{ascii}{any}{after}b"), any)?;
        is_refused(&format!("a{before}é{joiner}{any}{after}b"), any)?;
        is_refused(&format!("a{before}é{selector}{other}{after}b"), other)?;
        let text = format!("a{before}é{any}{after}b");
        prop_assert_eq!(name("/name", &text), Ok(text));
    }

    #[test]
    fn a_name_has_no_control_characters(hidden in "\\p{Cc}") {
        let text = format!("a{hidden}b");
        prop_assert!(name("/name", &text).is_err());
    }
}

/// For this character.
fn is_refused(text: &str, hidden: char) -> Result<(), TestCaseError> {
    let wrong = name("/name", text).unwrap_err();
    prop_assert_eq!(&wrong.0[0].pointer, "/name");
    let code = format!("must not contain U+{:04X}: ", u32::from(hidden));
    prop_assert!(wrong.0[0].detail.starts_with(&code), "{wrong}");
    Ok(())
}

#[rstest]
#[case("نگاه\u{200c}دار", true)]
#[case("👩\u{200d}🎨 colour ❤\u{fe0f}", true)]
#[case("מחלקה א", true)]
#[case("paid\u{202e}gnp.exe", false)]
#[case("葛\u{e0100}飾区", true)]
#[case("❤\u{fe0f}\u{200d}🔥", true)]
#[case("admin\u{200b}", false)]
#[case("ad\u{200d}min", false)]
#[case("admin\u{fe0f}", false)]
#[case("admin\u{e0061}", false)]
#[case("the\u{a0}admin", false)]
#[case(&"ö".repeat(NAME_MAX), true)]
#[case(&"ö".repeat(NAME_MAX + 1), false)]
fn names_of_all_languages(#[case] text: &str, #[case] is_name: bool) {
    assert_eq!(name("/name", text).is_ok(), is_name, "{text:?}");
}
