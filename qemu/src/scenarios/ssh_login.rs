//! A person logs in by SSH, with the OpenSSH client of this machine.

use accounts::{Account, Logins, PasswordHash, Sudo, UserName};
use anyhow::{Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::guest::Guest;
use crate::small_snap::SmallSnap;
use crate::ssh_access;
use crate::ssh_client::SshClient;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ssh-login",
    behaviour: "a key lets its user in by SSH and scp, sudo runs commands as root and those of snaps, and the root stays as it is",
    tier: Tier::Everyday,
    run,
};

const USER: &str = "ubuntu";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let client = SshClient::new(bench.directory(), USER)?;
    let mut account = Account::new(UserName::parse(USER)?, 1000);
    account.sudo = Sudo::Allowed;
    account.authorized_keys = vec![client.key()?];
    // It is there, and does not count: the settings say keys.
    account.password_hash = Some(PasswordHash::of("ubuntu")?);
    ssh_access::let_in(&disk, &account, Logins::Keys)?;
    let mut guest = bench.start_forwarded(&disk, &[client.forward()])?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    wait_for_address(&mut guest)?;

    client.require("id -un; pwd", "ubuntu\n/home/ubuntu\n")?;
    // Everybody may read.
    let versions = client.require_success("snappy versions")?;
    ensure!(
        versions.starts_with("Part ") && versions.contains('*'),
        "{versions}"
    );
    client.require_success("snappy why && snappy info && snappy list && snappy network")?;
    let copied = client.copy_there_and_back(&[0xa5; 300_000])?;
    ensure!(copied == [0xa5; 300_000], "scp brought another file back");
    client.require("stat -c '%U %s' copy", "ubuntu 300000\n")?;
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
    runs_commands_of_snaps(&client)?;
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

/// By their names alone, which `sudo` has to find.
fn runs_commands_of_snaps(client: &SshClient) -> Result<()> {
    const NAMED: &str = "#!/bin/sh\necho $SNAP_NAME says $1\n";
    let snap = SmallSnap {
        directory: "/tmp/hello",
        files: &[
            (
                "meta/snap.yaml",
                "name: hello\nversion: 1\n\
                 apps: {hello: {command: bin/say one}, two: {command: bin/say two}}\n",
            ),
            ("bin/say", NAMED),
        ],
    };
    client.require_success(&snap.commands().join(" && "))?;
    client.require_success(&format!("sudo {}", snap.install_command()))?;
    let said = client.require_failure("hello")?;
    ensure!(said.contains("please run it with sudo"), "{said}");
    client.require(
        "sudo hello; sudo hello.two",
        "hello says one\nhello says two\n",
    )
}

/// Until the SSH server of the device can be asked.
pub(super) fn wait_for_address(guest: &mut Guest) -> Result<()> {
    guest.expect_address()?;
    guest.run("until grep -q listening /var/log/services/sshd.log; do sleep 1; done")?;
    Ok(())
}
