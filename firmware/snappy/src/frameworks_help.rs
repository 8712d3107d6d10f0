//! The help for the verbs about frameworks and grants.

pub(crate) const FRAMEWORK: &str = "\
Usage: snappy framework [--json]

Lists the frameworks that are installed: the slots that each offers to apps, and the snaps
that need it. One that is needed is not removed.
";

pub(crate) const HW_ASSIGN: &str = "\
Usage: snappy hw-assign SNAP DEVICE [--json]

Grants a snap a device node, such as /dev/ttyUSB0, or what its snap.yaml asks for and no
word there gives: gpio, i2c, spi, kvm, hardware-observe, hardware-random-observe, devmode.
The snap is started again with it. It holds over refreshes, rollbacks and reboots, until
hw-unassign or remove. 'snappy install --grant DEVICE' does it at the installation.
";

pub(crate) const HW_UNASSIGN: &str = "\
Usage: snappy hw-unassign SNAP DEVICE [--json]

Takes from a snap what hw-assign or install --grant gave it, and starts the snap again.
";

pub(crate) const HW_INFO: &str = "\
Usage: snappy hw-info SNAP [--json]

Says what a snap was granted: by the administrator, and by the owner of its store.
";
