//! A person logs in by SSH, with the OpenSSH client of this machine.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use accounts::{Account, AuthorizedKey, Logins, PasswordHash, Sudo, UserName};
use anyhow::{Context, Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::guest::Guest;
use crate::ssh_access;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ssh-login",
    behaviour: "a key lets its user in by SSH, sudo runs commands as root, and the root stays as it is",
    tier: Tier::Everyday,
    run,
};

/// Of the port that the device's is forwarded to.
const PORT: u16 = 22;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let client = Client::new(bench)?;
    let mut account = Account::new(UserName::parse("ubuntu")?, 1000);
    account.sudo = Sudo::Allowed;
    account.authorized_keys = vec![client.key()?];
    // It is there, and does not count: the settings say keys.
    account.password_hash = Some(PasswordHash::of("ubuntu")?);
    ssh_access::let_in(&disk, &account, Logins::Keys)?;
    let mut guest = bench.start_forwarded(&disk, client.port, PORT)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    wait_for_address(&mut guest)?;

    client.require("id -un; pwd", "ubuntu\n/home/ubuntu\n")?;
    let versions = client.require_success("sudo snappy versions")?;
    ensure!(
        versions.starts_with("Part ") && versions.contains('*'),
        "{versions}"
    );
    client.require("sudo id -un; echo typed | sudo cat", "root\ntyped\n")?;
    let said = client.require_failure("sudo touch /foo")?;
    ensure!(said.contains("Read-only file system"), "{said}");
    let said = client.require_failure("cat /etc/shadow")?;
    ensure!(said.contains("Permission denied"), "{said}");
    let said = client.require_failure("apt-get update")?;
    ensure!(
        said.starts_with("Twinkeel does not use apt-get, see 'snappy --help'!"),
        "{said}"
    );
    let setuid = client.require_success("sudo find / -xdev -perm /6000")?;
    ensure!(setuid.is_empty(), "setuid or setgid is {setuid}");
    let welcome = client.ssh(&["-tt"], "")?;
    let welcome = String::from_utf8_lossy(&welcome.stdout).into_owned();
    ensure!(
        welcome.contains("Welcome to Twinkeel (GNU/Linux ") && welcome.contains("apt-get"),
        "{welcome}"
    );
    let refused = client.ssh(&["-o", "PubkeyAuthentication=no"], "id")?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(said.contains("Permission denied (publickey)"), "{said}");

    // The client accepts no other host key than the first one.
    client.ssh(&[], "sudo reboot")?;
    guest.expect_up(Slot::A)?;
    wait_for_address(&mut guest)?;
    client.require("hostname", "twinkeel\n")?;

    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

fn wait_for_address(guest: &mut Guest) -> Result<()> {
    guest.run("until snappy network | grep -q configured; do sleep 1; done")?;
    guest.run("until grep -q listening /var/log/services/sshd.log; do sleep 1; done")?;
    Ok(())
}

/// OpenSSH's client, its key, and the hosts that it knows.
struct Client {
    directory: PathBuf,
    port: u16,
}

impl Client {
    fn new(bench: &Bench<'_>) -> Result<Self> {
        let directory = bench.directory().to_owned();
        let output = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(directory.join("key"))
            .output()
            .context("cannot run ssh-keygen: install openssh-client")?;
        ensure!(output.status.success(), "cannot make a key: {output:?}");
        // Given back at once: QEMU takes it.
        let taken = TcpListener::bind(("127.0.0.1", 0)).context("cannot find a free port")?;
        let port = taken.local_addr()?.port();
        Ok(Self { directory, port })
    }

    fn key(&self) -> Result<AuthorizedKey> {
        let line = fs::read_to_string(self.directory.join("key.pub"))?;
        Ok(AuthorizedKey::parse(&line)?)
    }

    fn ssh(&self, options: &[&str], command: &str) -> Result<Output> {
        let mut ssh = Command::new("ssh");
        let known = self.directory.join("known-hosts");
        ssh.args(["-F", "none", "-p", &self.port.to_string(), "-i"])
            .arg(self.directory.join("key"))
            .args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"])
            .args(["-o", "StrictHostKeyChecking=accept-new", "-o"])
            .arg(format!("UserKnownHostsFile={}", known.display()))
            .args(options)
            .arg("ubuntu@127.0.0.1")
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null());
        if command.is_empty() {
            // A shell whose user has gone before it could ask.
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

    fn require(&self, command: &str, expected: &str) -> Result<()> {
        let said = self.require_success(command)?;
        ensure!(said == expected, "`{command}` says {said:?}");
        Ok(())
    }

    fn require_success(&self, command: &str) -> Result<String> {
        let output = self.ssh(&[], command)?;
        ensure!(output.status.success(), "`{command}`: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn require_failure(&self, command: &str) -> Result<String> {
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
