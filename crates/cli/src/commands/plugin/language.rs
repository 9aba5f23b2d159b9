//! The languages that plugins are written in.

use clap::ValueEnum;
use std::fmt;

/// A language with a template, and with a way to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
    /// The smallest and fastest components
    Rust,
    /// TypeScript, and the packages of npm
    #[value(name = "typescript", aliases = ["javascript", "ts", "js"])]
    TypeScript,
    /// Python 3, and packages that are pure Python
    Python,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::TypeScript => "TypeScript",
            Self::Python => "Python",
        })
    }
}
