//! Strict JSON in, canonical JSON out.
//!
//! Signatures cover the canonical form of what was received, unknown members included.
//! That is only sound where a document has one meaning: a name that stands twice in an
//! object, a number that is no small integer and nesting without end are refused, for
//! two readers could read two things.

mod canonical;
mod strict;

pub use canonical::canonical;
pub use strict::parse;

/// How deep arrays and objects may lie in each other. Metadata needs 8, `custom` some more.
pub const MAX_DEPTH: usize = 32;

/// The largest integer that every JSON reader holds exactly (RFC 7493, section 2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why bytes are no document of ours. The text names the line and the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(pub String);

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A stranger's words: they may not steer a terminal.
        let harmless = |c: char| {
            if c.is_control() {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        };
        f.write_str(&self.0.chars().map(harmless).collect::<String>())
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests;
