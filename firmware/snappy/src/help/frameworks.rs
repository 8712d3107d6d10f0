//! What is said of the verbs for frameworks and grants.

use super::{Help, Names};

pub(super) const FRAMEWORK: Help = Help {
    brief: "the frameworks here: what they offer, and who needs them",
    usage: &[""],
    text: &[
        "Lists the frameworks that are installed: the slots that each offers to apps, and the \
         snaps that need it. One that is needed is not removed.",
    ],
    words: &[],
    names: Names::Nothing,
    options: &[],
};

pub(super) const HW_ASSIGN: Help = Help {
    brief: "grant a snap a device or a plug",
    usage: &["SNAP DEVICE"],
    text: &[
        "Grants a snap a device node, such as /dev/ttyUSB0, or what its snap.yaml asks for and \
         no word there gives: gpio, i2c, spi, kvm, hardware-observe, hardware-random-observe, \
         devmode. The snap is started again with it. It holds over refreshes, rollbacks and \
         reboots, until hw-unassign or remove. 'snappy install --grant DEVICE' does it at the \
         installation. Needs root.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const HW_UNASSIGN: Help = Help {
    brief: "take that away again",
    usage: &["SNAP DEVICE"],
    text: &[
        "Takes from a snap what hw-assign or install --grant gave it, and starts the snap again. \
         Needs root.",
    ],
    words: &[],
    names: Names::Parts,
    options: &[],
};

pub(super) const HW_INFO: Help = Help {
    brief: "what a snap was granted",
    usage: &["SNAP"],
    text: &["Says what a snap was granted: by the administrator, and by the owner of its store."],
    words: &[],
    names: Names::Parts,
    options: &[],
};
