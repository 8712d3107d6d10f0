//! What is said of the verbs for snaps.

use super::{Help, Names, Opt, flag, valued};

pub(super) const SEARCH: Help = Help {
    brief: "find snaps in the store",
    usage: &["[WORD]"],
    text: &[
        "Lists the snaps that the store has for this device, those with WORD in their name or \
         description; without a word all of them. A name that two publishers use has the \
         publisher's behind it, as 'snappy install' takes it. Needs no root; what the store said \
         within the last minute is told again then.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};

pub(super) const INSTALL: Help = Help {
    brief: "install a snap from the store or a file",
    usage: &[
        "NAME[.PUBLISHER] [--channel CHANNEL] [--grant DEVICE]",
        "--allow-unauthenticated FILE [--grant DEVICE]",
    ],
    text: &[
        "Installs a snap from the store, or from a file, which has a slash in its name or .snap \
         at its end. Nobody vouches for a file: the snap is marked for ever. One that is \
         installed is refreshed by another file. A publisher is named where more than one has \
         the snap. If a part of it fails, all of it is undone. Needs root.",
        "The daemon does it, as a change that goes on when this command ends, and after a reboot.",
    ],
    words: &[],
    names: Names::Files,
    options: &[
        flag("allow-unauthenticated", "take a file"),
        valued(
            "channel",
            "CHANNEL",
            "take it of that channel, and follow that from then on",
        ),
        valued(
            "grant",
            "DEVICE",
            "as 'snappy hw-assign' does; more than once",
        ),
    ],
};

pub(super) const REMOVE: Help = Help {
    brief: "remove a snap, and keep its data (uninstall does the same)",
    usage: &["SNAP"],
    text: &[
        "Stops a snap and removes all of its revisions. The data of the one that counted stays, \
         and a later installation begins with it; 'snappy purge' removes it. Needs root. \
         `uninstall` is accepted for `remove`.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const PURGE: Help = Help {
    brief: "remove a snap, or one that was removed, and its data",
    usage: &["SNAP"],
    text: &[
        "Removes a snap with all of its data, or the data that one left which was removed. Needs \
         root.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const LIST: Help = Help {
    brief: "the system and the snaps that are installed",
    usage: &["[-a | -u] [-v]"],
    text: &[
        "Lists the system and the snaps that are installed. In the column Active, * marks what \
         counts, and R a system that waits for a reboot. The tag is the channel, or sideload for \
         a snap that nobody vouches for; the fingerprint names every block of the snap.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[
        Opt {
            short: Some('a'),
            ..flag("all", "also list the revisions that can be rolled back to")
        },
        Opt {
            short: Some('u'),
            ..flag(
                "updates",
                "ask the store, list only what it has something newer of, and name that",
            )
        },
        Opt {
            short: Some('v'),
            ..flag(
                "verbose",
                "also tell the publisher, the revision, the size and what is granted",
            )
        },
    ],
};

pub(super) const TAGS: Help = Help {
    brief: "which channel each part follows, and who vouches for it",
    usage: &[""],
    text: &[
        "Lists the tag of the system and of each snap: the channel from which it came, or \
         sideload for a snap from a file, and who vouches for it. `snappy config channel=NAME` \
         has the device follow another channel. Needs no root.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};

pub(super) const BUILD: Help = Help {
    brief: "make a snap of a directory",
    usage: &["DIR [--output FILE]"],
    text: &[
        "Makes a snap of the directory DIR, which says in meta/snap.yaml what it is. The same \
         files make the same snap, on any machine. What is refused is no snap for any device; \
         what in it will not run on this system is warned of. Needs neither root nor a network.",
    ],
    words: &[],
    names: Names::Files,
    options: &[Opt {
        short: Some('o'),
        ..valued(
            "output",
            "FILE",
            "the snap (default: NAME_VERSION_ARCHITECTURE.snap)",
        )
    }],
};
