//! OpenSSH's client of this machine, for a guest whose SSH port is forwarded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use accounts::AuthorizedKey;
use anyhow::{Context, Result, ensure};

use crate::command_line::Forward;

/// Where the device's SSH server listens.
const SSH: u16 = 22;

/// The client, its key, and the hosts that it knows.
pub struct SshClient {
    directory: PathBuf,
    user: &'static str,
    forward: Forward,
}

impl SshClient {
    /// A new key in `directory`, where the known hosts are kept, too.
    ///
    /// # Errors
    /// There is no OpenSSH.
    pub fn new(directory: &Path, user: &'static str) -> Result<Self> {
        let output = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(directory.join("key"))
            .output()
            .context("cannot run ssh-keygen: install openssh-client")?;
        ensure!(output.status.success(), "cannot make a key: {output:?}");
        Ok(Self {
            directory: directory.to_owned(),
            user,
            forward: Forward::to(SSH)?,
        })
    }

    /// The way in that it needs.
    #[must_use]
    pub fn forward(&self) -> Forward {
        self.forward
    }

    /// What lets the client in.
    ///
    /// # Errors
    /// The key is gone.
    pub fn key(&self) -> Result<AuthorizedKey> {
        let line = fs::read_to_string(self.directory.join("key.pub"))?;
        Ok(AuthorizedKey::parse(&line)?)
    }

    /// Runs a command there, or without one a shell whose user has gone before it could ask.
    /// The first host key is believed, and no other one after it.
    ///
    /// # Errors
    /// The client cannot be started.
    pub fn ssh(&self, options: &[&str], command: &str) -> Result<Output> {
        let mut ssh = Command::new("ssh");
        let known = self.directory.join("known-hosts");
        ssh.args([
            "-F",
            "none",
            "-p",
            &self.forward.host_port.to_string(),
            "-i",
        ])
        .arg(self.directory.join("key"))
        .args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"])
        .args(["-o", "StrictHostKeyChecking=accept-new", "-o"])
        .arg(format!("UserKnownHostsFile={}", known.display()))
        .args(options)
        .arg(format!("{}@127.0.0.1", self.user))
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null());
        if command.is_empty() {
            ssh.stdin(fs::File::open(self.logout()?)?);
        } else {
            ssh.arg(command);
        }
        ssh.output()
            .context("cannot run ssh: install openssh-client")
    }

    fn logout(&self) -> Result<PathBuf> {
        let path = self.directory.join("logout");
        fs::write(&path, "exit\n")?;
        Ok(path)
    }

    /// Runs a command that has to print exactly that.
    ///
    /// # Errors
    /// It fails, or prints something else.
    pub fn require(&self, command: &str, expected: &str) -> Result<()> {
        let said = self.require_success(command)?;
        ensure!(said == expected, "`{command}` says {said:?}");
        Ok(())
    }

    /// Runs a command that has to succeed, and returns what it printed.
    ///
    /// # Errors
    /// It fails.
    pub fn require_success(&self, command: &str) -> Result<String> {
        let output = self.ssh(&[], command)?;
        ensure!(output.status.success(), "`{command}`: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a command that has to fail by itself, and returns what it complained of.
    ///
    /// # Errors
    /// It succeeds, or SSH fails.
    pub fn require_failure(&self, command: &str) -> Result<String> {
        let output = self.ssh(&[], command)?;
        ensure!(
            output
                .status
                .code()
                .is_some_and(|code| code != 0 && code != 255),
            "`{command}`: {output:?}"
        );
        Ok(String::from_utf8(output.stderr)?)
    }
}
