//! Short texts that people give: names, descriptions, references.

use crate::invalid::Invalid;
use std::ops::RangeInclusive;

/// Longest name, in characters.
pub const NAME_MAX: usize = 128;
/// Longest description or note, in characters.
pub const TEXT_MAX: usize = 4096;

/// A name that people see in lists: 1 to [`NAME_MAX`] characters, no control
/// characters, no white space around it, and nothing by which it could look like
/// another one.
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
    if let Some(found) = text.chars().find(|c| deceives(*c)) {
        return Err(Invalid::one(
            pointer,
            format!(
                "must not contain U+{:04X}: nobody sees it, or it turns the direction of text",
                u32::from(found)
            ),
        ));
    }
    Ok(text.to_owned())
}

/// Whether because of this character a name can look like another one: nobody sees
/// it, or it turns the direction of what comes after it. Joiners (U+200C, U+200D)
/// are seen by what they join, which takes them in several scripts and in emoji.
fn deceives(c: char) -> bool {
    DECEIVING.iter().any(|range| range.contains(&c))
}

/// Characters by which a name can look like another one.
const DECEIVING: [RangeInclusive<char>; 13] = [
    // Soft hyphen.
    '\u{ad}'..='\u{ad}',
    // Arabic letter mark.
    '\u{61c}'..='\u{61c}',
    // Letters that are blank.
    '\u{115f}'..='\u{1160}',
    '\u{3164}'..='\u{3164}',
    '\u{ffa0}'..='\u{ffa0}',
    // Mongolian vowel separator.
    '\u{180e}'..='\u{180e}',
    // Zero width space.
    '\u{200b}'..='\u{200b}',
    // Left-to-right and right-to-left marks.
    '\u{200e}'..='\u{200f}',
    // Line and paragraph separators, and embedded directions.
    '\u{2028}'..='\u{202e}',
    // Word joiner, operators that nobody sees.
    '\u{2060}'..='\u{2064}',
    // Isolated directions, and formats of old.
    '\u{2066}'..='\u{206f}',
    // Byte order mark.
    '\u{feff}'..='\u{feff}',
    // Annotations.
    '\u{fff9}'..='\u{fffb}',
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
