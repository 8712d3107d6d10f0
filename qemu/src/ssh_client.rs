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
        let mut ssh = self.program("ssh");
        ssh.args(options).arg(format!("{}@127.0.0.1", self.user));
        if command.is_empty() {
            ssh.stdin(fs::File::open(self.logout()?)?);
        } else {
            ssh.arg(command);
        }
        ssh.output()
            .context("cannot run ssh: install openssh-client")
    }

    /// Copies a file there and back by `scp`, and returns what came back.
    ///
    /// # Errors
    /// A copy fails.
    pub fn copy_there_and_back(&self, content: &[u8]) -> Result<Vec<u8>> {
        let [there, back] = ["there", "back"].map(|name| self.directory.join(name));
        fs::write(&there, content)?;
        let device = format!("{}@127.0.0.1:copy", self.user);
        for (from, to) in [
            (there.as_os_str(), device.as_ref()),
            (device.as_ref(), back.as_os_str()),
        ] {
            let output = self.program("scp").args([from, to]).output();
            let output = output.context("cannot run scp: install openssh-client")?;
            ensure!(output.status.success(), "scp to {to:?}: {output:?}");
        }
        Ok(fs::read(back)?)
    }

    /// One of OpenSSH's, with what all of them are told.
    fn program(&self, name: &str) -> Command {
        let mut program = Command::new(name);
        let known = self.directory.join("known-hosts");
        program
            .args(["-F", "none", "-o"])
            .arg(format!("Port={}", self.forward.host_port))
            .arg("-i")
            .arg(self.directory.join("key"))
            .args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"])
            .args(["-o", "StrictHostKeyChecking=accept-new", "-o"])
            .arg(format!("UserKnownHostsFile={}", known.display()))
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null());
        program
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
