//! Short texts that people give: names, descriptions, references.

use crate::invalid::Invalid;

/// Longest name, in characters.
pub const NAME_MAX: usize = 128;
/// Longest description or note, in characters.
pub const TEXT_MAX: usize = 4096;

/// A name that people see in lists: 1 to [`NAME_MAX`] characters, no control
/// characters, no white space around it.
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
    Ok(text.to_owned())
}

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
