//! Snaps of a few small files that scenarios make on the device itself.

use anyhow::Result;

use crate::guest::Guest;

/// A snap of texts: a path and a content each. Every file can be executed.
pub(crate) struct SmallSnap<'a> {
    /// Where its files are put on the device; the snap lies beside it, with `.snap` behind.
    pub(crate) directory: &'a str,
    pub(crate) files: &'a [(&'a str, &'a str)],
}

impl SmallSnap<'_> {
    /// The snap file.
    pub(crate) fn file(&self) -> String {
        format!("{}.snap", self.directory)
    }

    /// The commands that make the snap file, one a line of a shell.
    pub(crate) fn commands(&self) -> Vec<String> {
        let write = |(path, content): &(&str, &str)| {
            let path = format!("{}/{path}", self.directory);
            // A line for a shell at a console: its newlines are escaped.
            let content = content.replace('\\', "\\\\").replace('\n', "\\n");
            let content = content.replace('\'', "'\\''");
            format!(
                "mkdir -p $(dirname {path}) && printf '%b' '{content}' > {path} && \
                 chmod 755 {path}"
            )
        };
        let build = format!("snappy build {} --output {}", self.directory, self.file());
        self.files
            .iter()
            .map(write)
            .chain(std::iter::once(build))
            .collect()
    }

    /// The command that installs it, once it is made.
    pub(crate) fn install_command(&self) -> String {
        format!("snappy install --allow-unauthenticated {}", self.file())
    }

    /// Makes it on the device.
    ///
    /// # Errors
    /// A command fails.
    pub(crate) fn make(&self, guest: &mut Guest) -> Result<()> {
        for command in self.commands() {
            guest.run(&command)?;
        }
        Ok(())
    }

    /// Makes it on the device, installs it, and returns what that says.
    ///
    /// # Errors
    /// A command fails.
    pub(crate) fn install(&self, guest: &mut Guest) -> Result<String> {
        self.make(guest)?;
        guest.run(&self.install_command())
    }
}
