//! Runs the programs of this machine that make parts of an image.
//!
//! Each runs in the same surroundings wherever it is started: no locale, no time zone,
//! the administrator's search path added.

use std::env;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::process::{Command, Output};

use anyhow::{Context, Result, anyhow, bail};

/// A command for the program `name`.
pub(crate) fn host_tool(name: impl AsRef<OsStr>) -> Command {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    let mut command = Command::new(name);
    command
        .env("PATH", path)
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    command
}

/// Runs it to its end and returns what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = output_of(command)?;
    if !output.status.success() {
        bail!("{}", failure(command, &output));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("cannot read the output of {}", name_of(command)))
}

/// Runs it to its end, whatever that is.
pub(crate) fn output_of(command: &mut Command) -> Result<Output> {
    let started = command.output();
    started.map_err(|error| {
        let name = name_of(command);
        if error.kind() == ErrorKind::NotFound {
            anyhow!("cannot run {name}: it is not installed (`cargo xtask setup` installs it)")
        } else {
            anyhow!(error).context(format!("cannot run {name}"))
        }
    })
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// What went wrong, in the program's own last words.
pub(crate) fn failure(command: &Command, output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = errors.lines().collect();
    let last = lines.len().saturating_sub(20);
    format!(
        "cannot do without {}: it ended with {}\n{}",
        name_of(command),
        output.status,
        lines.get(last..).unwrap_or_default().join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_the_remedy() {
        let error = run(&mut host_tool("mkfs.nowhere")).expect_err("there is no such program");
        assert_eq!(
            error.to_string(),
            "cannot run mkfs.nowhere: it is not installed (`cargo xtask setup` installs it)"
        );
    }

    #[test]
    fn a_failing_program_is_quoted() {
        let error =
            run(host_tool("sh").args(["-c", "echo too bad >&2; exit 3"])).expect_err("it fails");
        let text = error.to_string();
        assert!(
            text.contains("exit status: 3") && text.contains("too bad"),
            "{text}"
        );
    }

    #[test]
    fn every_program_lives_in_the_same_time_zone() -> Result<()> {
        assert_eq!(
            run(host_tool("sh").args(["-c", "echo $TZ $LC_ALL"]))?,
            "UTC C\n"
        );
        Ok(())
    }
}
