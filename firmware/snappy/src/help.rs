//! The texts of `snappy --help` and `snappy help VERB`.

use crate::frameworks_help;
use crate::verb::Verb;

const OVERVIEW: &str = "\
snappy shows and changes the system and the snaps on this device.

Usage: snappy COMMAND [OPTIONS]

Commands:
  info             what this device is and which system it runs
  versions         what is installed, and what runs at the next reboot
  why              why this system is running: refusals, fall backs, confirms
  update           install a release from the store or a file, for the next reboot; or
                   the newest revision of a snap
  update-versions  which releases the store has for this device
  rollback         go back to the other slot at the next reboot; or to a snap's revision
                   before, with its data
  install          install a snap from the store or a file
  remove           remove a snap, and keep its data (uninstall does the same)
  purge            remove a snap, or one that was removed, and its data
  list             the system and the snaps that are installed
  framework        the frameworks here: what they offer, and who needs them
  hw-assign        grant a snap a device or a plug
  hw-unassign      take that away again
  hw-info          what a snap was granted
  reinstall        in the rescue system: install a release from a stick or the store
  reset            factory reset: the device as it was when it was made
  hold             no unattended update for a while
  config           when and from where the device takes releases by itself
  changes          what was asked of this device, and how far it is
  network          the wired ports, their addresses, and the clock
  service          the services of this system, and their logs
  build            make a snap of a directory
  help             more about a command: snappy help why

Options:
  --json     print JSON instead of text (with every command)
  --help     print this
  --version  print the version of this program

Exit code: 0 done, 1 failed, 2 the command line makes no sense.
";

const INFO: &str = "\
Usage: snappy info [--json]

Prints what this device is: release, architecture, frameworks and apps, board, slot,
version, fingerprint (the start of the manifest's hash), security epoch, status, boot
number, whether the firmware checks what it starts (secure boot), what the kernel keeps
even root from (kernel lockdown), and whether the system trusts test keys. Needs neither
root nor a network.
";

const VERSIONS: &str = "\
Usage: snappy versions [-a] [--json]

Lists what is installed. In the column Active, * marks what runs and R what runs at the
next reboot, if that is another. Available is - while there is no source of updates.

Options:
  -a, --all  also list the other slot. A ? in place of its version says that its
             envelope does not verify; a line below the table says why
  --json     print JSON
";

const WHY: &str = "\
Usage: snappy why [--boots N] [--json]

Says in one sentence why this system is running, then tells what is in the flight record,
boot by boot, the newest last. Quiet boots leave nothing there. The record survives
updates and rollbacks. In the rescue system it names the reason of each slot first.

Options:
  --boots N  show the last N boots that left something (default 10)
  --json     print JSON
";

const UPDATE: &str = "\
Usage: snappy update [system] [--version N] [--automatic-reboot] [--allow-stopped]
                     [--allow-downgrade] [--retry-failed] [--json]
       snappy update --from FILE [--allow-downgrade] [--retry-failed] [--json]
       snappy update SNAP [--json]

With the name of a snap, takes its newest revision: the services stop, the data is copied,
the new revision starts, and its health is asked. If anything fails, the old revision and
its data come back. Else it is about the system.

Installs a release in the slot that does not run: the newest one of the device's channel,
whatever waves, windows and holds say of unattended updates, or the one in FILE. Its
signatures, board and version are checked before anything is written. The next reboot
tries it: it is confirmed once the health check passes, and the system that runs now
comes back if it does not. Needs root, and no free space. What the other slot held is
gone, so there is nothing to roll back to until the release is there. If this is
interrupted, start it again.

Without --from the daemon does it, as a change that goes on when this command ends.

Options:
  --version N         take that release, of any channel, and not the newest
  --automatic-reboot  reboot into it as soon as it is installed
  --allow-stopped     take a release that its maker stopped
  --from FILE         take the release in FILE, which `cargo xtask image --update-out`
                      makes, or the patch in FILE, which starts from what runs: a file,
                      a block device that holds one, or, of a release, an address that
                      begins with http:// or https:// (a connection that breaks is made
                      again, and goes on where it broke). Needs no daemon
  --allow-downgrade   take a release that is older than the one that runs
  --retry-failed      take a release that failed on this device before
  --json              print JSON, and no progress

\"ubuntu-core\" is accepted for \"system\".
";

const UPDATE_VERSIONS: &str = "\
Usage: snappy update-versions [--json]

Asks the store which releases this device could take, and lists them. A note says why the
device does not take one by itself now. Needs no root.
";

const HOLD: &str = "\
Usage: snappy hold [system] [--until TIME | --for DURATION | --release] [--json]

Keeps the device from taking releases by itself, for ever if nothing else is said. It
goes on asking the store, and 'snappy update' takes a release all the same. Needs root.

Options:
  --until TIME    until a moment of the form 2026-12-24T00:00:00Z
  --for DURATION  from now on for 90m, 12h, 2d or 1w
  --release       end the hold
  --json          print JSON
";

const CONFIG: &str = "\
Usage: snappy config [system] [KEY | KEY=VALUE]... [--json]

Prints the settings of this device, or those that are named. KEY=VALUE sets one, and
needs root: VALUE is JSON or a text, and nothing takes the setting back to the image's
default. Of several that cannot all be set, none is. docs/field-update.md lists them.
";

const CHANGES: &str = "\
Usage: snappy changes [ID] [--json]

Lists what was asked of this device since it booted, unattended updates included, or the
tasks of change ID: what is done, what goes on and how far it is, and why it failed.
";

const ROLLBACK: &str = "\
Usage: snappy rollback [system | SNAP] [--json]

With the name of a snap, goes back to the revision that counted before, and to the data
that it had then. Else it is about the system.

Makes the system in the other slot the one that runs at the next reboot. Needs root, but
no network and no free space. Refused while the other slot holds no system that
verifies, and in the rescue system. To undo it, do it again after the reboot.

The daemon does it if it runs, and takes the release that was left by itself no more.

\"ubuntu-core\" is accepted for \"system\".
";

const REINSTALL: &str = "\
Usage: snappy reinstall [usb | network | both] [--json]
       snappy reinstall --unattended

In the rescue system: looks for a release of this device, and installs the newest one that
it may take in a slot that does not boot. The next reboot tries it. What is found and not
taken is named, here and in `snappy why`. Needs root.

  usb      files *.update in the first directory of disks that are attached (vfat, ext4)
  network  the store, by an address from DHCP; its waves and its maker's holds count
  both     disks first, and then the store; this holds if nothing is said

To take a file or an address by its name: snappy update --from.

Options:
  --unattended  as the setting \"rescue\" says, until a release is installed: what the
                rescue system starts by itself. Exit code 3 if the setting is \"off\"
  --json        print JSON, and no progress
";

const RESET: &str = "\
Usage: snappy reset [--keep-data] [--yes] [--json]

Reboots, and has the next boot make the device as it was when it was made: apps and their
data, settings, accounts and logs go. Host name, machine id, serial number and the
cloud-config that it was flashed with stay; so do both systems, the floors below which
nothing boots, and the flight record. A power cut on the way is made good by the boot
after it. Needs root, and the daemon. It asks first; without a terminal it needs --yes.

Options:
  --keep-data  keep what apps wrote (/var/snap)
  --yes        do not ask
  --json       print JSON
";

const NETWORK: &str = "\
Usage: snappy network [--json]

Lists the wired ports: whether there is a cable, the address that the port got by DHCP,
the router and name servers that came with it, and how long the lease lasts if nobody
renews it. The last line tells which time server set the clock last. What happened before
is in `snappy service network logs`.
";

const SERVICE: &str = "\
Usage: snappy service [NAME [ACT]] [--json]

Lists the services of this system and, for root, those of snaps, called SNAP.APP: what
each is doing, how often it was started since the boot, and how it ended last. One that
keeps ending is started again after pauses that grow to a minute.

Acts:
  logs [-f]        what it wrote; with -f what it writes from now on, until Ctrl-C. Of the
                   system's services the last 256 to 512 KiB are kept, across reboots; of
                   snaps' 64 to 128 KiB, until the next one
  start, stop, restart
                   a snap's service, or all of a snap
  enable, disable  a snap's service starts with its snap, or does not
";

const BUILD: &str = "\
Usage: snappy build DIR [--output FILE] [--json]

Makes a snap of the directory DIR, which says in meta/snap.yaml what it is. The same files
make the same snap, on any machine. What is refused is no snap for any device; what in it
will not run on this system is warned of. Needs neither root nor a network.

Options:
  -o, --output FILE  the snap (default: NAME_VERSION_ARCHITECTURE.snap)
  --json             print JSON
";

const INSTALL: &str = "\
Usage: snappy install NAME[.PUBLISHER] [--grant DEVICE] [--json]
       snappy install --allow-unauthenticated FILE [--grant DEVICE] [--json]

Installs a snap from the store, or from a file, which has a slash in its name or .snap at
its end. Nobody vouches for a file: the snap is marked for ever. One that is installed is
refreshed by another file. A publisher is named where more than one has the snap. If a
part of it fails, all of it is undone. Needs root.

The daemon does it, as a change that goes on when this command ends, and after a reboot.

Options:
  --allow-unauthenticated  take a file
  --grant DEVICE           as 'snappy hw-assign' does; more than once
  --json                   print JSON, and no progress
";

const REMOVE: &str = "\
Usage: snappy remove SNAP [--json]

Stops a snap and removes all of its revisions. The data of the one that counted stays, and
a later installation begins with it; 'snappy purge' removes it. Needs root. `uninstall` is
accepted for `remove`.
";

const PURGE: &str = "\
Usage: snappy purge SNAP [--json]

Removes a snap with all of its data, or the data that one left which was removed. Needs
root.
";

const LIST: &str = "\
Usage: snappy list [-a] [--json]

Lists the system and the snaps that are installed. In the column Active, * marks what
counts, and R a system that waits for a reboot. The tag is the channel, or sideload for a
snap that nobody vouches for; the fingerprint names every block of the snap.

Options:
  -a, --all  also list the revisions that can be rolled back to
  --json     print JSON
";

/// The help for a verb, or the overview.
pub(crate) fn text(verb: Option<Verb>) -> &'static str {
    match verb {
        None => OVERVIEW,
        Some(Verb::Info) => INFO,
        Some(Verb::Versions) => VERSIONS,
        Some(Verb::Why) => WHY,
        Some(Verb::Update) => UPDATE,
        Some(Verb::Rollback) => ROLLBACK,
        Some(Verb::Reinstall) => REINSTALL,
        Some(Verb::Reset) => RESET,
        Some(Verb::Network) => NETWORK,
        Some(Verb::Service) => SERVICE,
        Some(Verb::UpdateVersions) => UPDATE_VERSIONS,
        Some(Verb::Hold) => HOLD,
        Some(Verb::Config) => CONFIG,
        Some(Verb::Changes) => CHANGES,
        Some(Verb::Build) => BUILD,
        Some(Verb::Install) => INSTALL,
        Some(Verb::Remove) => REMOVE,
        Some(Verb::Purge) => PURGE,
        Some(Verb::List) => LIST,
        Some(Verb::Framework) => frameworks_help::FRAMEWORK,
        Some(Verb::HwAssign) => frameworks_help::HW_ASSIGN,
        Some(Verb::HwUnassign) => frameworks_help::HW_UNASSIGN,
        Some(Verb::HwInfo) => frameworks_help::HW_INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_names_every_verb_and_each_has_its_own_text() {
        for verb in Verb::ALL {
            assert!(
                OVERVIEW.contains(&format!("\n  {} ", verb.name())),
                "{verb:?}"
            );
            assert!(text(Some(verb)).starts_with(&format!("Usage: snappy {} ", verb.name())));
        }
    }

    #[test]
    fn no_line_is_longer_than_a_console() {
        let texts = [None].into_iter().chain(Verb::ALL.map(Some)).map(text);
        for line in texts.flat_map(str::lines) {
            assert!(line.len() <= 90, "{line}");
        }
    }
}
