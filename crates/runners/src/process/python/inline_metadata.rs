//! What a script says of itself: its inline metadata (PEP 723).
//!
//! ```text
//! # /// script
//! # requires-python = ">=3.11"
//! # dependencies = ["pillow==11.0"]
//! # ///
//! ```
//!
//! A block begins with a line `# /// <type>`. All lines of comments that follow
//! without a gap, each `#` alone or `# ` and anything, are searched for the
//! *last* `# ///`, which closes it; there is at least one line between. What is
//! between, without `# `, is TOML. A block that is not closed is none. Two
//! blocks of the type `script` are an error.

use super::EnvironmentError;
use super::wanted::Wanted;
use serde::Deserialize;
use stagehook_core::config::{Requirement, Requirements, ScriptPath};

const BEGIN: &str = "# /// ";
const END: &str = "# ///";
/// The type of the blocks that are about running a script.
const SCRIPT: &str = "script";

/// What is of use of a block; tools keep settings of their own in there.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    #[serde(default)]
    dependencies: Vec<String>,
    requires_python: Option<String>,
}

/// What a script requires by its inline metadata; nothing if it has none.
pub(super) fn wanted(script: &ScriptPath, content: &[u8]) -> Result<Wanted, EnvironmentError> {
    let invalid = |reason: String| EnvironmentError::InlineMetadata {
        script: script.to_string(),
        reason,
    };
    let content = String::from_utf8_lossy(content);
    let mut blocks = blocks(&content).filter(|block| block.kind == SCRIPT);
    let Some(block) = blocks.next() else {
        return Ok(Wanted::default());
    };
    if blocks.next().is_some() {
        return Err(invalid(
            "there are several blocks '# /// script'".to_owned(),
        ));
    }
    let metadata: Metadata = toml::from_str(&block.content())
        .map_err(|error| invalid(error.to_string().trim_end().to_owned()))?;
    if metadata.dependencies.len() > Requirements::MAX {
        return Err(EnvironmentError::TooManyRequirements(format!(
            "the inline metadata of the script {script}"
        )));
    }
    let requirements = (0..)
        .zip(metadata.dependencies)
        .map(|(i, dependency)| {
            Requirement::try_from(dependency).map_err(|source| EnvironmentError::Requirement {
                place: format!("dependencies[{i}] in the inline metadata of the script {script}"),
                source,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Wanted {
        requirements,
        requires_python: metadata.requires_python,
    })
}

struct Block<'a> {
    kind: &'a str,
    lines: Vec<&'a str>,
}

impl Block<'_> {
    fn content(&self) -> String {
        let bare = self.lines.iter().map(|line| {
            let bare = line.strip_prefix("# ").or_else(|| line.strip_prefix('#'));
            bare.unwrap_or(line)
        });
        bare.collect::<Vec<_>>().join("\n")
    }
}

fn blocks(script: &str) -> impl Iterator<Item = Block<'_>> {
    let mut lines = script.lines();
    std::iter::from_fn(move || {
        loop {
            let Some(kind) = kind(lines.next()?) else {
                continue;
            };
            let comments: Vec<_> = lines.clone().take_while(|line| is_comment(line)).collect();
            let end = comments.iter().rposition(|line| *line == END);
            if let Some(end @ 1..) = end {
                lines.nth(end);
                let mut block = comments;
                block.truncate(end);
                return Some(Block { kind, lines: block });
            }
        }
    })
}

/// The type of the block that begins in this line, if one does.
fn kind(line: &str) -> Option<&str> {
    let kind = line.strip_prefix(BEGIN)?;
    let named = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    named.then_some(kind)
}

fn is_comment(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

#[cfg(test)]
mod tests {
    use super::wanted;
    use rstest::rstest;
    use stagehook_core::config::{Requirement, ScriptPath};

    type Read = (Vec<String>, Option<String>);

    fn read(content: &str) -> Result<Read, String> {
        let script = ScriptPath::try_from("qc/grade.py".to_owned()).unwrap();
        let wanted = wanted(&script, content.as_bytes()).map_err(|error| error.to_string())?;
        let requirements = wanted.requirements.iter().map(Requirement::as_str);
        let requirements = requirements.map(str::to_owned).collect();
        Ok((requirements, wanted.requires_python))
    }

    #[rstest]
    #[case::whole(
        "#!/usr/bin/env python3\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n\
         #   \"requests<3\",\n#   \"rich\",\n# ]\n#\n# [tool.uv]\n# x = 1\n# ///\nimport rich\n",
        &["requests<3", "rich"], Some(">=3.11")
    )]
    #[case::crlf("# /// script\r\n# dependencies = ['rich']\r\n# ///\r\n", &["rich"], None)]
    #[case::at_the_very_end("# /// script\n# dependencies = ['rich']\n# ///", &["rich"], None)]
    #[case::after_code("x = 1\n# /// script\n# dependencies = ['rich']\n# ///", &["rich"], None)]
    #[case::in_a_text("'''\n# /// script\n# dependencies = ['rich']\n# ///\n'''", &["rich"], None)]
    #[case::the_last_end_counts(
        "# /// script\n# dependencies = ['rich']\n# [tool.x]\n# y = '''\n# ///\n# '''\n# ///\n# z\n",
        &["rich"], None
    )]
    #[case::no_dependencies("# /// script\n# requires-python = '>=3'\n# ///\n", &[], Some(">=3"))]
    #[case::of_another_type("# /// other\n# dependencies = 3\n# ///\n", &[], None)]
    #[case::within_another("# /// other\n# /// script\n# dependencies = 3\n# ///\n", &[], None)]
    #[case::after_another(
        "# /// other\n# ///// x\n# ///\n\n# /// script\n# dependencies = ['rich']\n# ///\n",
        &["rich"], None
    )]
    #[case::not_closed("# /// script\n# dependencies = 3\n", &[], None)]
    #[case::not_closed_before_code("# /// script\n# dependencies = 3\nx = 1\n# ///\n", &[], None)]
    #[case::not_closed_and_one_that_is(
        "# /// script\n# dependencies = 3\n\n# /// script\n# dependencies = ['rich']\n# ///\n",
        &["rich"], None
    )]
    #[case::no_comment_between("# /// script\n#dependencies = 3\n# ///\n", &[], None)]
    #[case::nothing_between("# /// script\n# ///\n", &[], None)]
    #[case::indented(" # /// script\n # dependencies = 3\n # ///\n", &[], None)]
    #[case::space_after_the_type("# /// script \n# dependencies = 3\n# ///\n", &[], None)]
    #[case::space_after_the_end("# /// script\n# dependencies = 3\n# /// \n", &[], None)]
    #[case::none("print('hi')\n", &[], None)]
    fn reads_the_block_as_the_specification_has_it(
        #[case] script: &str,
        #[case] requirements: &[&str],
        #[case] python: Option<&str>,
    ) {
        let (read, requires_python) = read(script).unwrap();
        assert_eq!(read, requirements);
        assert_eq!(requires_python.as_deref(), python);
    }

    #[rstest]
    #[case::two(
        "# /// script\n# dependencies = []\n# ///\n\n# /// script\n# dependencies = []\n# ///\n",
        "there are several blocks"
    )]
    #[case::no_toml(
        "# /// script\n# dependencies = [\n# ///\n",
        "TOML parse error at line 1"
    )]
    #[case::ill_typed("# /// script\n# dependencies = 3\n# ///\n", "invalid type")]
    fn what_cannot_be_read_is_an_error(#[case] script: &str, #[case] reason: &str) {
        let error = read(script).unwrap_err();
        let begin = "the inline metadata of the script qc/grade.py is invalid: ";
        assert!(error.starts_with(begin), "{error}");
        assert!(error.contains(reason), "{error}");
    }

    #[test]
    fn dependencies_are_held_to_the_rules_of_requirements() {
        let error = read("# /// script\n# dependencies = ['rich', 'x @ file:///x.whl']\n# ///\n");
        assert!(
            error
                .unwrap_err()
                .starts_with("dependencies[1] in the inline metadata of the script qc/grade.py must be one requirement")
        );
    }
}
