//! The text of `docs/performance.md`.

use super::alone::AloneReport;
use super::report::BootReport;

const HEAD: &str = "\
# Performance

Written by `cargo xtask bench boot`, and the sections at the end by other commands, which they
name: change it there.

What a boot costs in guest CPU, from the first instruction of the loader to the first
instruction of the kernel. Three ways to the same Debian kernel with the same initrd, under
the same firmware in the same virtual machine, one after the other in one run:

- **Twinkeel's loader**, on its own disk with a confirmed slot: it reads the boot state,
  writes that the boot began, verifies the signatures, reads kernel and initrd from the slot,
  hashes both, with the processor's instructions where it has them, and starts the kernel.
- **systemd-boot**, Debian's package, with a type 1 entry and no time to wait, on a FAT file
  system with clusters of 4 KiB. It verifies nothing. From the kernel's first instruction on,
  the kernel fetches the initrd from the loader: systemd-boot has read it before, too.
- **QEMU's direct load** (`-kernel`, `-initrd`): the firmware gets both from QEMU, and there
  is no loader. So it has no first instruction, and is compared from the reset on.

Instructions of the guest are counted, by a plugin of QEMU, while QEMU translates. What the
guest waits for without executing anything is not in it; what firmware executes for the
loader is, polling the disk and interrupts of the timer included, and by those the runs
differ. Instructions are no seconds: a real disk is slower than this one, which answers
from memory; one instruction that hashes takes longer than one that adds, above all one
that is made for it; and on x86 an instruction that copies or fills memory by repeating
itself counts once. M is a million.
";

const ALONE: &str = "
## Other boards

Neither systemd-boot nor QEMU's direct load starts a kernel there in the same way: our
loader alone, in the same unit. The median, and the smallest and largest.

";

/// The whole document.
#[must_use]
pub fn document(compared: &[BootReport], alone: &[AloneReport]) -> String {
    let sections = compared
        .iter()
        .map(|report| format!("\n{}", report.markdown()));
    [HEAD.to_owned()]
        .into_iter()
        .chain(sections)
        .chain([format!("{ALONE}{}", AloneReport::MARKDOWN_HEAD)])
        .chain(alone.iter().map(AloneReport::markdown_row))
        .collect()
}
