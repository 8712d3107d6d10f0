//! A service as its file describes it: `NAME.toml`.

use anyhow::{Context, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file's content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    /// The program, by its absolute path, and its arguments.
    pub(crate) command: Vec<String>,
    /// What it is to do.
    #[serde(default)]
    pub(crate) kind: Kind,
    /// When it is started again. A oneshot that succeeded never is.
    #[serde(default)]
    pub(crate) restart: Restart,
    /// Added to its environment.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
}

/// What a service is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// To run, always. It is up once it has run for a while.
    #[default]
    Daemon,
    /// To do something and end. It is up once it has ended with success.
    Oneshot,
}

/// When a service that ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Restart {
    /// Whenever it ended.
    #[default]
    Always,
    /// When it ended with a code other than 0, or by a signal.
    OnFailure,
    /// Not at all.
    Never,
}

/// Parses the content of a service's file.
///
/// # Errors
/// Names the line and what is wrong with it.
pub(crate) fn parse(content: &str) -> anyhow::Result<Definition> {
    let definition: Definition = toml::from_str(content)?;
    let program = definition.command.first().context("`command` is empty")?;
    ensure!(
        program.starts_with('/'),
        "`command` must begin with an absolute path, not {program:?}"
    );
    Ok(definition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_needs_nothing_but_its_command() {
        let definition = parse("command = ['/usr/bin/web', '-p', '80']").unwrap();
        assert_eq!(definition.command, ["/usr/bin/web", "-p", "80"]);
        assert_eq!(
            (definition.kind, definition.restart),
            (Kind::Daemon, Restart::Always)
        );
    }

    #[test]
    fn every_key_is_understood() {
        let definition = parse(
            "command = ['/bin/true']\nkind = 'oneshot'\nrestart = 'on-failure'\n\
             environment = { A = 'b' }",
        )
        .unwrap();
        assert_eq!(
            (definition.kind, definition.restart),
            (Kind::Oneshot, Restart::OnFailure)
        );
        assert_eq!(definition.environment["A"], "b");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (content, words) in [
            ("command = []", "`command` is empty"),
            ("command = ['web']", "an absolute path, not \"web\""),
            ("kind = 'daemon'", "missing field `command`"),
            ("command = ['/a']\ncolour = 1", "unknown field `colour`"),
            ("command = ['/a']\nkind = 'x'", "unknown variant `x`"),
        ] {
            let error = format!("{:#}", parse(content).unwrap_err());
            assert!(error.contains(words), "{content}: {error}");
        }
    }
}
