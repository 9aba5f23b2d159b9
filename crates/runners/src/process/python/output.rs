//! What an installer prints, fit for people who do not run the server: without
//! credentials and without paths of the host.

use std::ops::ControlFlow;

/// Of an installer's output, the end is what says why it failed.
const LAST_LINES: usize = 20;
/// Longest line that is told, in characters.
const LINE_CHARS: usize = 500;

/// The last lines, clean.
pub(super) fn last_lines(output: &str) -> String {
    let lines: Vec<_> = output.lines().collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    last.iter()
        .map(|line| clean(line))
        .collect::<Vec<_>>()
        .join("\n")
}

/// One line: of addresses neither `user:password@` nor what follows a `?`, of
/// paths the last part alone.
pub(super) fn clean(line: &str) -> String {
    let mut clean = String::with_capacity(line.len());
    let mut rest = line.trim_end();
    while !rest.is_empty() {
        let end = rest.find(is_between).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        clean.push_str(&clean_word(word));
        let gap = after.find(|c| !is_between(c)).unwrap_or(after.len());
        clean.push_str(&after[..gap]);
        rest = &after[gap..];
    }
    match clean.char_indices().nth(LINE_CHARS) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// Whether this stands between words and in no address or path.
fn is_between(c: char) -> bool {
    c.is_whitespace() || "\"'`()<>[]{},;|".contains(c)
}

fn clean_word(word: &str) -> String {
    match word.split_once("://") {
        Some((scheme, path)) if scheme.ends_with("file") => last_part(path).to_owned(),
        Some((scheme, rest)) => {
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => without_path(word),
    }
}

/// A path begins a word, or follows what `name=` or `name:` it is.
fn without_path(word: &str) -> String {
    let begins = word.match_indices('/').try_for_each(|(at, _)| {
        let before = &word[..at];
        if before.is_empty() || before.ends_with(['=', ':', '@']) {
            ControlFlow::Break(at)
        } else {
            ControlFlow::Continue(())
        }
    });
    match begins {
        ControlFlow::Break(at) => format!("{}{}", &word[..at], last_part(&word[at..])),
        ControlFlow::Continue(()) => word.to_owned(),
    }
}

fn last_part(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{clean, last_lines};
    use rstest::rstest;

    #[test]
    fn of_the_installers_output_the_end_is_kept() {
        let mut output = "first\n".repeat(100);
        output.push_str("ERROR: no match at http://x/");
        let kept = last_lines(&output);
        assert_eq!(kept.lines().count(), 20);
        assert!(kept.ends_with("\nERROR: no match at http://x/"));
    }

    #[rstest]
    #[case::credentials(
        "Looking in https://bob:hunter2@index.example.com/simple, ok",
        "Looking in https://index.example.com/simple, ok"
    )]
    #[case::credentials_with_an_at("(https://bob:hun@ter2@h:8/x)", "(https://h:8/x)")]
    #[case::token("GET https://h/a.whl?sig=hunter2#sha256=0", "GET https://h/a.whl")]
    #[case::path(
        "ERROR: [Errno 2]: '/srv/data/venvs/.managed/.building-x/requirements.txt'",
        "ERROR: [Errno 2]: 'requirements.txt'"
    )]
    #[case::file(
        "from file:///opt/wheels/looks-1.0.whl (from -r /tmp/x (line 1))",
        "from looks-1.0.whl (from -r x (line 1))"
    )]
    #[case::directory("Looking in links: /opt/wheels/", "Looking in links: wheels")]
    #[case::after_a_name("prefix=/opt/x at:/opt/y", "prefix=x at:y")]
    #[case::no_paths(
        "wheels/looks and/or 1/2 looks>=2,<3",
        "wheels/looks and/or 1/2 looks>=2,<3"
    )]
    #[case::nothing("  \t", "")]
    fn a_line_is_without_credentials_and_paths(#[case] line: &str, #[case] expected: &str) {
        assert_eq!(clean(line), expected);
    }

    #[test]
    fn a_line_is_bounded() {
        let cleaned = clean(&"ä".repeat(501));
        assert_eq!(cleaned, "ä".repeat(500) + "…");
    }
}
