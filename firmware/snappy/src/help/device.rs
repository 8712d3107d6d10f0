//! What is said of the verbs for the device as a whole.

use super::{Help, Names, Opt, Term, flag};

pub(super) const REINSTALL: Help = Help {
    brief: "in the rescue system: install a release from a stick or the store",
    usage: &["[usb | network | both]", "--unattended"],
    text: &[
        "In the rescue system: looks for a release of this device, and installs the newest one \
         that it may take in a slot that does not boot. The next reboot tries it. What is found \
         and not taken is named, here and in `snappy why`. Needs root. To take a file or an \
         address by its name: snappy update --from.",
    ],
    words: &[
        Term(
            "usb",
            "files *.update in the first directory of disks that are attached (vfat, ext4)",
        ),
        Term(
            "network",
            "the store, by an address from DHCP; its waves and its maker's holds count",
        ),
        Term(
            "both",
            "disks first, and then the store; this holds if nothing is said",
        ),
    ],
    names: Names::Nothing,
    options: &[flag(
        "unattended",
        "as the setting \"rescue\" says, until a release is installed: what the rescue system \
         starts by itself. Exit code 3 if the setting is \"off\"",
    )],
};

pub(super) const RESET: Help = Help {
    brief: "factory reset: the device as it was when it was made",
    usage: &["[--keep-data] [--yes]"],
    text: &[
        "Reboots, and has the next boot make the device as it was when it was made: apps and \
         their data, settings, accounts and logs go. Host name, machine id, serial number and \
         the cloud-config that it was flashed with stay; so do both systems, the floors below \
         which nothing boots, and the flight record. A power cut on the way is made good by the \
         boot after it. Needs root, and the daemon. It asks first; without a terminal it needs \
         --yes.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[
        flag("keep-data", "keep what apps wrote (/var/snap)"),
        flag("yes", "do not ask"),
    ],
};

pub(super) const CONFIG: Help = Help {
    brief: "when and from where the device takes releases by itself; and the settings of snaps",
    usage: &["[system | SNAP] [KEY | KEY=VALUE]..."],
    text: &[
        "Prints the settings of this device, or those that are named. KEY=VALUE sets one, and \
         needs root: VALUE is JSON or a text, and nothing takes the setting back to the image's \
         default. Of several that cannot all be set, none is. docs/field-update.md lists them.",
        "With the name of a snap, does so with its configuration, which root alone reads: KEY \
         has dots between its names, and nothing unsets it. The snap may refuse what is set.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const CHANGES: Help = Help {
    brief: "what was asked of this device, and how far it is",
    usage: &["[ID]"],
    text: &[
        "Lists what was asked of this device since it booted, unattended updates included, or \
         the tasks of change ID: what is done, what goes on and how far it is, and why it failed.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};

pub(super) const NETWORK: Help = Help {
    brief: "the wired ports, their addresses, and the clock",
    usage: &[""],
    text: &[
        "Lists the wired ports: whether there is a cable, the address that the port got by DHCP, \
         the router and name servers that came with it, and how long the lease lasts if nobody \
         renews it. The last line tells which time server set the clock last. What happened \
         before is in `snappy service network logs`.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};

pub(super) const SERVICE: Help = Help {
    brief: "the services of this system, and their logs",
    usage: &["[NAME [ACT]]"],
    text: &[
        "Lists the services of this system and, for root, those of snaps, called SNAP.APP: what \
         each is doing, how often it was started since the boot, and how it ended last. One that \
         keeps ending is started again after pauses that grow to a minute.",
    ],
    words: &[
        Term(
            "logs",
            "what it wrote. Of the system's services the last 256 to 512 KiB are kept, across \
             reboots; of snaps' 64 to 128 KiB, until the next one",
        ),
        Term("start", "start a snap's service, or all of a snap"),
        Term("stop", "stop it"),
        Term("restart", "one behind the other"),
        Term(
            "enable",
            "a snap's service starts with its snap from now on",
        ),
        Term("disable", "it does not"),
    ],
    names: Names::Parts,
    options: &[Opt {
        short: Some('f'),
        ..flag(
            "follow",
            "with logs: what it writes from now on, until Ctrl-C",
        )
    }],
};

pub(super) const CHROOT: Help = Help {
    brief: "why there is no writable root to work in",
    usage: &[""],
    text: &[
        "Says why this system cannot be opened for writing, and what to do instead; it does \
         nothing.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};
