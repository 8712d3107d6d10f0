//! The documents among the strings of a test: whole ones, and parts that are made whole.

use crate::GoSource;
use std::collections::BTreeSet;

/// Keys of which at least one stands in a part of a document.
const KEYS: [&str; 20] = [
    "name:",
    "version:",
    "type:",
    "apps:",
    "hooks:",
    "plugs:",
    "slots:",
    "layout:",
    "layouts:",
    "epoch:",
    "base:",
    "confinement:",
    "environment:",
    "architectures:",
    "assumes:",
    "license:",
    "description:",
    "title:",
    "links:",
    "system-usernames:",
];

/// The documents in `source`, each once. A part without name or version gets one in front:
/// that it lacks them would be all that is ever said of it.
#[must_use]
pub fn documents_in(source: &GoSource) -> BTreeSet<String> {
    let parts = source.strings().filter(|text| {
        text.lines()
            .any(|line| KEYS.iter().any(|key| line.starts_with(key)))
    });
    parts.map(whole).collect()
}

fn whole(part: &str) -> String {
    let missing = ["name: example-snap\n", "version: 1\n"]
        .iter()
        .filter(|line| {
            let (key, _) = line.split_once(' ').unwrap_or_default();
            !part.lines().any(|line| line.starts_with(key))
        });
    let lines: String = missing.copied().collect();
    lines + part
}
