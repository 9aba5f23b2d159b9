//! What a hook requires: of its config, of a file, or of the script itself.

use super::super::BroughtScript;
use super::super::script::{self, ScriptError};
use super::{EnvironmentError, inline_metadata};
use bytes::Bytes;
use stagehook_core::config::{Requirement, Requirements, ScriptPath};
use std::path::PathBuf;

/// What an environment has to have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) requirements: Vec<Requirement>,
    /// The versions of Python that do (PEP 440).
    pub(super) requires_python: Option<String>,
}

impl Wanted {
    pub(super) fn is_nothing(&self) -> bool {
        self.requirements.is_empty() && self.requires_python.is_none()
    }
}

/// What this hook requires. Where its config says nothing the script has the
/// word; a script that cannot be read requires nothing, and its run says why.
/// What is not brought is read below the roots.
pub(super) fn of(
    roots: &[PathBuf],
    script: &ScriptPath,
    brought: Option<&BroughtScript>,
    requirements: &Requirements,
) -> Result<Wanted, EnvironmentError> {
    let read = |path: &ScriptPath| -> Result<Bytes, ScriptError> {
        match brought.and_then(|brought| brought.content_of(script, path)) {
            Some(content) => Ok(content.clone()),
            None => script::read(roots, path).map(|script| script.content.into()),
        }
    };
    let requirements = match requirements {
        Requirements::List(list) if list.is_empty() => {
            return match read(script) {
                Ok(content) => inline_metadata::wanted(script, &content),
                Err(_) => Ok(Wanted::default()),
            };
        }
        Requirements::List(list) => list.clone(),
        Requirements::File(path) => of_file(path, &read(path)?)?,
    };
    Ok(Wanted {
        requirements,
        requires_python: None,
    })
}

/// The requirements of a file, one a line. Whatever else an installer takes in
/// such files (options, other files, addresses) is refused.
fn of_file(path: &ScriptPath, content: &[u8]) -> Result<Vec<Requirement>, EnvironmentError> {
    let file = format!("the requirements file {path}");
    let text = str::from_utf8(content)
        .map_err(|_| EnvironmentError::RequirementsFile(format!("{file} is no UTF-8 text")))?;
    let mut requirements = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = without_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        let requirement = Requirement::try_from(line.to_owned()).map_err(|source| {
            EnvironmentError::Requirement {
                place: format!("line {number} of {file}"),
                source,
            }
        })?;
        requirements.push(requirement);
        if requirements.len() > Requirements::MAX {
            return Err(EnvironmentError::TooManyRequirements(file));
        }
    }
    Ok(requirements)
}

/// A comment begins with a `#` at the start of a line or after white space.
fn without_comment(line: &str) -> &str {
    let begins = line.match_indices('#').find(|&(at, _)| {
        let before = &line[..at];
        before.is_empty() || before.ends_with(char::is_whitespace)
    });
    begins.map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::of_file;
    use rstest::rstest;
    use stagehook_core::config::{Requirement, ScriptPath};

    fn path() -> ScriptPath {
        ScriptPath::try_from("qc/requirements.txt".to_owned()).unwrap()
    }

    #[test]
    fn of_a_file_the_requirements_are_read_and_the_comments_are_not() {
        let file = "\u{feff}# for the grade\r\n\npillow==11.0  # pinned\r\n\t\n  numpy>=2,<3\n\
                    rich ; python_version < '3.13'";
        let read = of_file(&path(), file.as_bytes()).unwrap();
        let read: Vec<_> = read.iter().map(Requirement::as_str).collect();
        assert_eq!(
            read,
            [
                "pillow==11.0",
                "numpy>=2,<3",
                "rich ; python_version < '3.13'"
            ]
        );
    }

    #[rstest]
    #[case::option("pillow\n--index-url https://bob:hunter2@example.com\n", 2)]
    #[case::another_file("-r more.txt\n", 1)]
    #[case::option_of_a_requirement("pillow --hash=sha256:00", 1)]
    #[case::address("\n\nevil @ https://bob:hunter2@example.com/evil.whl", 3)]
    #[case::archive("https://example.com/evil.whl", 1)]
    #[case::path("./evil", 1)]
    #[case::continued("pillow==\\\n11", 1)]
    #[case::comment_without_a_space("pillow#==11", 1)]
    fn what_is_no_requirement_is_refused_by_its_line(#[case] file: &str, #[case] line: usize) {
        let error = of_file(&path(), file.as_bytes()).unwrap_err().to_string();
        let place = format!("line {line} of the requirements file qc/requirements.txt must be one");
        assert!(error.starts_with(&place), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_file_of_more_than_an_environment_can_have_is_refused() {
        let error = of_file(&path(), "pillow\n".repeat(257).as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the requirements file qc/requirements.txt has more than 256 requirements"
        );
        let error = of_file(&path(), b"pillow\xff").unwrap_err();
        assert!(error.to_string().ends_with("is no UTF-8 text"), "{error}");
    }
}
