//! What is said of the verbs for the system.

use super::{Help, Names, Opt, flag, valued};

pub(super) const INFO: Help = Help {
    brief: "what this device is and which system it runs; or what a snap is",
    usage: &["[SNAP]"],
    text: &[
        "Prints what this device is: release, architecture, frameworks and apps, board, slot, \
         version, fingerprint (the start of the manifest's hash), security epoch, status, boot \
         number, whether the firmware checks what it starts (secure boot), what the kernel keeps \
         even root from (kernel lockdown), and whether the system trusts test keys. Needs \
         neither root nor a network.",
        "With the name of a snap, prints who vouches for it, its revisions and which one counts, \
         how large it is, its license, its services and its confinement; of a snap that is not \
         here what the store says of it.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const VERSIONS: Help = Help {
    brief: "what is installed, and what runs at the next reboot",
    usage: &["[-a]"],
    text: &[
        "Lists the system that is installed. In the column Active, * marks what runs and R what \
         runs at the next reboot, if that is another. 'snappy update-versions' tells what is \
         available.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[Opt {
        short: Some('a'),
        ..flag(
            "all",
            "also list the other slot. A ? in place of its version says that its envelope does \
             not verify; a line below the table says why",
        )
    }],
};

pub(super) const WHY: Help = Help {
    brief: "why this system is running: refusals, fall backs, confirms",
    usage: &["[--boots N]"],
    text: &[
        "Says in one sentence why this system is running, then tells what is in the flight \
         record, boot by boot, the newest last. Quiet boots leave nothing there. The record \
         survives updates and rollbacks. In the rescue system it names the reason of each slot \
         first.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[valued(
        "boots",
        "N",
        "show the last N boots that left something (default 10)",
    )],
};

pub(super) const UPDATE_VERSIONS: Help = Help {
    brief: "which releases the store has for this device",
    usage: &[""],
    text: &[
        "Asks the store which releases this device could take, and lists them. A note says why \
         the device does not take one by itself now. Needs no root.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};

pub(super) const UPDATE: Help = Help {
    brief: "install a release from the store or a file, for the next reboot; or the newest \
            revision of a snap",
    usage: &[
        "[system] [--version N] [--automatic-reboot] [--allow-stopped] [--allow-downgrade] \
         [--retry-failed]",
        "--from FILE [--allow-downgrade] [--retry-failed]",
        "SNAP [--channel CHANNEL]",
    ],
    text: &[
        "With the name of a snap, takes its newest revision: the services stop, the data is \
         copied, the new revision starts, and its health is asked. If anything fails, the old \
         revision and its data come back. A snap follows the device's channel, or from then on \
         the one that is named; nothing older is taken for that. Else it is about the system.",
        "Installs a release in the slot that does not run: the newest one of the device's \
         channel, whatever waves, windows and holds say of unattended updates, or the one in \
         FILE. Its signatures, board and version are checked before anything is written. The \
         next reboot tries it: it is confirmed once the health check passes, and the system that \
         runs now comes back if it does not. Needs root, and no free space. What the other slot \
         held is gone, so there is nothing to roll back to until the release is there. If this \
         is interrupted, start it again.",
        "Without --from the daemon does it, as a change that goes on when this command ends. \
         \"ubuntu-core\" is accepted for \"system\".",
    ],
    words: &[],
    names: Names::Parts,
    options: &[
        valued(
            "channel",
            "CHANNEL",
            "of a snap: take the newest of that channel, and follow it from then on",
        ),
        valued(
            "version",
            "N",
            "take that release, of any channel, and not the newest",
        ),
        flag(
            "automatic-reboot",
            "reboot into it as soon as it is installed",
        ),
        flag("allow-stopped", "take a release that its maker stopped"),
        valued(
            "from",
            "FILE",
            "take the release in FILE, which `cargo xtask image --update-out` makes, or the \
             patch in FILE, which starts from what runs: a file, a block device that holds one, \
             or, of a release, an address that begins with http:// or https:// (a connection \
             that breaks is made again, and goes on where it broke). Needs no daemon",
        ),
        flag(
            "allow-downgrade",
            "take a release that is older than the one that runs",
        ),
        flag(
            "retry-failed",
            "take a release that failed on this device before",
        ),
    ],
};

pub(super) const ROLLBACK: Help = Help {
    brief: "go back to the other slot at the next reboot; or to a snap's revision before, with \
            its data",
    usage: &["[system | SNAP]"],
    text: &[
        "With the name of a snap, goes back to the revision that counted before, and to the data \
         that it had then. Else it is about the system.",
        "Makes the system in the other slot the one that runs at the next reboot. Needs root, \
         but no network and no free space. Refused while the other slot holds no system that \
         verifies, and in the rescue system. To undo it, do it again after the reboot.",
        "The daemon does it if it runs, and takes the release that was left by itself no more. \
         \"ubuntu-core\" is accepted for \"system\".",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const HOLD: Help = Help {
    brief: "no unattended update for a while",
    usage: &["[system | SNAP] [--until TIME | --for DURATION | --release]"],
    text: &[
        "Keeps the device from taking releases and snaps by itself, or one SNAP alone, for ever if \
         nothing else is said. It goes on asking the store, and 'snappy update' takes what is \
         there all the same. Needs root.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[
        valued(
            "until",
            "TIME",
            "until a moment of the form 2026-12-24T00:00:00Z",
        ),
        valued("for", "DURATION", "from now on for 90m, 12h, 2d or 1w"),
        flag("release", "end the hold"),
    ],
};
