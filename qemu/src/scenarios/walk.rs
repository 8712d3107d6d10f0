//! docs/walk.md, typed as it stands there by a person at OpenSSH's client.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use accounts::{Account, Logins, Sudo, UserName};
use anyhow::{Context, Result, bail, ensure};
use image_format::Slot;
use tuf_client::UtcTime;

use super::ssh_login::wait_for_address;
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::{Forward, free_port};
use crate::evidence::{Cause, Evidence};
use crate::guest::Guest;
use crate::local_store::LocalStore;
use crate::proof::Expected;
use crate::ssh_client::SshClient;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "walk",
    behaviour: "what docs/walk.md types into a shell by SSH: install, update, reboot, rollback, reboot",
    tier: Tier::Full,
    run,
};

const USER: &str = "ubuntu";
const WALK: &str = include_str!("../../../docs/walk.md");
/// In front of what is typed on the device.
const PROMPT: &str = "twinkeel:~$ ";
const LISTENS: &str = "until snappy service xkcd-webserver logs | grep -q 'served at port 80'; \
    do sleep 1; done";
/// Of an answer, from a device that is emulated and busy.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let client = SshClient::new(bench.directory(), USER)?;
    let mut account = Account::new(UserName::parse(USER)?, 1000);
    account.sudo = Sudo::Allowed;
    account.authorized_keys = vec![client.key()?];
    let (image, store) = ["disk.img", "store"]
        .map(|name| bench.directory().join(name))
        .into();
    let (port, login) = (free_port()?, (account, Logins::Keys));
    let disk = bench
        .world()
        .build_developer_device(login, port, &image, &store)?;
    let manifest = disk.manifest_hash(Slot::A)?;
    LocalStore::open(
        &store,
        &bench.world().store_keys(),
        UtcTime::of_this_machine(),
    )?
    .serve(port)?;

    let web = Forward::to(80)?;
    let mut guest = bench.start_forwarded(&disk, &[client.forward(), web])?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    wait_for_address(&mut guest)?;
    let mut next = [Slot::B, Slot::A].into_iter();
    for command in WALK.lines().filter_map(|line| line.strip_prefix(PROMPT)) {
        if command != "sudo reboot" {
            let (said, words) = match answer_to(command)? {
                Answer::Done(words) => (client.require_success(command)?, words),
                Answer::Refused(words) => (client.require_failure(command)?, words),
            };
            ensure!(said.contains(words), "`{command}` says {said}");
            continue;
        }
        let Some(slot) = next.next() else {
            bail!("docs/walk.md reboots more often than this scenario knows");
        };
        client.ssh(&[], command)?;
        guest.expect_up(slot)?;
        if slot == Slot::B {
            guest.expect_confirmed(slot)?;
        }
        wait_for_address(&mut guest)?;
        shows_a_comic(&mut guest, web)?;
    }
    ensure!(
        next.next().is_none(),
        "docs/walk.md reboots less than twice"
    );

    let source = Slot::A.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;
    let cause = Cause::rolled_back(Slot::B, Slot::A);
    Evidence::of_guest(&proof, &disk, &cause)
}

/// What a command has to say.
enum Answer {
    /// It succeeds.
    Done(&'static str),
    /// It fails.
    Refused(&'static str),
}

/// What has to be in the answer. A command that is not known here was added to the page.
fn answer_to(command: &str) -> Result<Answer> {
    Ok(match command {
        "snappy search webserver" => Answer::Done("serves a comic at port 80"),
        "sudo snappy install xkcd-webserver" => Answer::Done("xkcd-webserver  edge  1.0"),
        "sudo snappy update" => Answer::Done("Reboot to try"),
        "sudo snappy rollback" => Answer::Done("Reboot to use"),
        "sudo touch /foo" => Answer::Refused("Read-only file system"),
        "apt-get update" => Answer::Refused("does not use apt-get"),
        "snappy list" => Answer::Done("xkcd-webserver  edge  1.0"),
        _ => bail!("docs/walk.md types `{command}`, of which this scenario knows nothing"),
    })
}

/// Asks from outside, once somebody listens.
pub(super) fn shows_a_comic(guest: &mut Guest, web: Forward) -> Result<()> {
    guest.run(LISTENS)?;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, web.host_port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("no answer")?;
    ensure!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("<title>Two slots</title>"),
        "the device's web server says {answer:?}"
    );
    Ok(())
}
