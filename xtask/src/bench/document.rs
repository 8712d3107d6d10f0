//! docs/performance.md: what a boot costs, and behind it the sections of other commands.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::workspace;

/// A part of the document that one command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Of `bench boot`: all in front of the others.
    Boots,
    /// Of `bench first-boot`.
    FirstBoots,
    /// Of `bench memory`.
    Memory,
    /// Of `bench snaps`.
    Snaps,
    /// Of `bench update`.
    Updates,
}

impl Section {
    /// In the order of the document.
    const ALL: [Self; 5] = [
        Self::Boots,
        Self::FirstBoots,
        Self::Memory,
        Self::Snaps,
        Self::Updates,
    ];

    /// What it begins with.
    fn heading(self) -> &'static str {
        match self {
            Self::Boots => "# Performance\n",
            Self::FirstBoots => "## First boots\n",
            Self::Memory => "## Memory\n",
            Self::Snaps => "## Snaps\n",
            Self::Updates => "## Updates\n",
        }
    }
}

/// Writes the text of one section, heading included, and leaves the others as they are.
pub(super) fn write(section: Section, text: &str) -> Result<()> {
    let path = path();
    let document =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    fs::write(&path, replaced(&document, section, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn replaced(document: &str, section: Section, text: &str) -> String {
    let parts = Section::ALL.map(|one| match one == section {
        true => text,
        false => text_of(document, one),
    });
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.trim_end())
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n\n") + "\n"
}

/// From its heading to the next one of the others; nothing where it is not there yet.
fn text_of(document: &str, section: Section) -> &str {
    let place = |of: Section| {
        let at_line = format!("\n{}", of.heading());
        match document.starts_with(of.heading()) {
            true => Some(0),
            false => document.find(&at_line).map(|at| at + 1),
        }
    };
    let Some(start) = place(section) else {
        return "";
    };
    let others = Section::ALL.into_iter().filter_map(place);
    let end = others.filter(|at| *at > start).min();
    &document[start..end.unwrap_or(document.len())]
}

fn path() -> PathBuf {
    workspace::root().join("docs/performance.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "# Performance\n\n## board\n\nboots\n\n## Memory\n\nleast\n\n## Updates\n\n\
                         ### The pair\n\nbytes\n";

    #[test]
    fn a_section_is_replaced_and_the_others_stay() {
        let text = replaced(WHOLE, Section::Memory, "## Memory\n\nmore\n");
        assert_eq!(text, WHOLE.replace("least", "more"));
        let text = replaced(WHOLE, Section::Boots, "# Performance\n\nnew\n");
        assert_eq!(text, WHOLE.replace("## board\n\nboots", "new"));
        let text = replaced(WHOLE, Section::Updates, "## Updates\n");
        assert!(text.ends_with("least\n\n## Updates\n"), "{text}");
    }

    #[test]
    fn a_new_section_comes_in_its_place() {
        let text = replaced(WHOLE, Section::FirstBoots, "## First boots\n\nseconds\n");
        let expected = WHOLE.replace("## Memory", "## First boots\n\nseconds\n\n## Memory");
        assert_eq!(text, expected);
    }
}
