//! Short texts that people give: names, descriptions, references.

use crate::invalid::Invalid;
use std::ops::RangeInclusive;

/// Longest name, in characters.
pub const NAME_MAX: usize = 128;
/// Longest description or note, in characters.
pub const TEXT_MAX: usize = 4096;

/// A name that people see in lists: 1 to [`NAME_MAX`] characters, no control
/// characters, no white space around it and none but spaces in it, nothing that
/// nobody sees and nothing that turns the direction of text. Two names can look
/// alike all the same: scripts have letters in common, and joiners are not always
/// seen.
pub fn name(pointer: &str, text: &str) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::one(pointer, "must not be empty"));
    }
    if text.trim() != text {
        return Err(Invalid::one(
            pointer,
            "must not begin or end with white space",
        ));
    }
    bounded(pointer, text, NAME_MAX)?;
    if text.chars().any(char::is_control) {
        return Err(Invalid::one(pointer, "must not contain control characters"));
    }
    let mut before = None;
    for c in text.chars() {
        if let Some(why) = objection(c, before) {
            let code = u32::from(c);
            return Err(Invalid::one(
                pointer,
                format!("must not contain U+{code:04X}: {why}"),
            ));
        }
        before = Some(c);
    }
    Ok(text.to_owned())
}

/// Why this character cannot be in a name, behind that one.
fn objection(c: char, before: Option<char>) -> Option<&'static str> {
    if (c.is_whitespace() && c != ' ') || c == BLANK_BRAILLE {
        Some("it looks like a space (U+0020), which is the only blank that a name may have")
    } else if is_one_of(&DECEIVING, c) {
        Some("nobody sees it, or it turns the direction of text")
    } else if changes_what_is_before(c) && !before.is_some_and(|before| is_changed_by(c, before)) {
        Some("nobody sees it there; it can only be behind a character that it changes")
    } else {
        None
    }
}

/// Joiners (zero width non-joiner and joiner) and variation selectors, which take
/// part in writing several scripts, and emoji.
fn changes_what_is_before(c: char) -> bool {
    is_one_of(&JOINERS, c) || is_one_of(&SELECTORS, c)
}

/// Whether a joiner or selector may change a character: none of ASCII, and once.
/// A selector may be between a joiner and what that joins.
fn is_changed_by(c: char, before: char) -> bool {
    let is_twice =
        is_one_of(&JOINERS, before) || (is_one_of(&SELECTORS, before) && is_one_of(&SELECTORS, c));
    !before.is_ascii() && !is_twice
}

fn is_one_of(ranges: &[RangeInclusive<char>], c: char) -> bool {
    ranges.iter().any(|range| range.contains(&c))
}

/// The pattern without a dot.
const BLANK_BRAILLE: char = '\u{2800}';

const JOINERS: [RangeInclusive<char>; 1] = ['\u{200c}'..='\u{200d}'];

const SELECTORS: [RangeInclusive<char>; 4] = [
    // Of Mongolian letters.
    '\u{180b}'..='\u{180d}',
    '\u{180f}'..='\u{180f}',
    // Of emoji and others.
    '\u{fe00}'..='\u{fe0f}',
    // Of ideographs.
    '\u{e0100}'..='\u{e01ef}',
];

/// What Unicode has programs show as nothing (`Default_Ignorable_Code_Point`),
/// without those above; and directions and annotations, which it counts apart.
const DECEIVING: [RangeInclusive<char>; 18] = [
    // Soft hyphen.
    '\u{ad}'..='\u{ad}',
    // Combining grapheme joiner, which joins nothing.
    '\u{34f}'..='\u{34f}',
    // Arabic letter mark.
    '\u{61c}'..='\u{61c}',
    // Letters that are blank.
    '\u{115f}'..='\u{1160}',
    '\u{3164}'..='\u{3164}',
    '\u{ffa0}'..='\u{ffa0}',
    // Vowels that are not written.
    '\u{17b4}'..='\u{17b5}',
    // Mongolian vowel separator.
    '\u{180e}'..='\u{180e}',
    // Zero width space.
    '\u{200b}'..='\u{200b}',
    // Left-to-right and right-to-left marks.
    '\u{200e}'..='\u{200f}',
    // Embedded directions.
    '\u{202a}'..='\u{202e}',
    // Word joiner, operators that nobody sees, isolated directions, and formats of
    // old.
    '\u{2060}'..='\u{206f}',
    // Byte order mark.
    '\u{feff}'..='\u{feff}',
    // Annotations.
    '\u{fff0}'..='\u{fffb}',
    // Formats of shorthand and of music.
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    // Tags, which spell a text of their own.
    '\u{e0000}'..='\u{e00ff}',
    '\u{e01f0}'..='\u{e0fff}',
];

/// A free text of at most [`TEXT_MAX`] characters; line breaks are allowed,
/// NUL is not (PostgreSQL cannot keep it).
pub fn free(pointer: &str, text: &str) -> Result<String, Invalid> {
    bounded(pointer, text, TEXT_MAX)?;
    if text.contains('\0') {
        return Err(Invalid::one(pointer, "must not contain NUL characters"));
    }
    Ok(text.to_owned())
}

fn bounded(pointer: &str, text: &str, most: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    if length > most {
        return Err(Invalid::one(
            pointer,
            format!("must be at most {most} characters, has {length}"),
        ));
    }
    Ok(())
}
