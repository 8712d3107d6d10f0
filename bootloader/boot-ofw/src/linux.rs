//! Starts a Linux kernel from memory by its own entry for Open Firmware (Linux,
//! `arch/powerpc/kernel/prom_init.c`).
//!
//! Kernel, initrd and command line are the very bytes that were verified; no
//! file is looked up and nothing is read again.

use core::convert::Infallible;
use core::fmt;

use boot_core::elf_image::{ElfError, ElfImage};
use boot_core::handover::CommandLine;

use crate::client_interface::{find_node, write_property};
use crate::kernel_entry;
use crate::memory::{KERNEL_ROOM, Memory};

/// Starts `kernel`; returns only if it cannot be started.
pub(crate) fn start(kernel: Memory, initrd: &Memory, command_line: &str) -> NotStarted {
    match try_start(kernel, initrd, command_line) {
        Err(reason) => reason,
        Ok(never) => match never {},
    }
}

/// Why the kernel did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStarted {
    /// Its file makes no sense.
    File(ElfError),
    /// There is no room left where a kernel can begin.
    OutOfMemory,
    /// The firmware does not pass the command line on.
    CommandLine,
}

impl NotStarted {
    /// For the flight record: the numbers are the loader's own, for the firmware has none.
    pub(crate) fn status(self) -> u64 {
        match self {
            Self::File(_) => 1,
            Self::OutOfMemory => 2,
            Self::CommandLine => 3,
        }
    }
}

fn try_start(
    kernel: Memory,
    initrd: &Memory,
    command_line: &str,
) -> Result<Infallible, NotStarted> {
    let image = ElfImage::parse(kernel.as_ref()).map_err(NotStarted::File)?;
    let memory = Memory::allocate_in(KERNEL_ROOM, image.size_bytes());
    let mut memory = memory.ok_or(NotStarted::OutOfMemory)?;
    image.place(memory.as_mut()).map_err(NotStarted::File)?;
    let entry_offset = image.entry_offset();
    // The kernel finds free memory by itself, and takes this for none.
    drop(kernel);
    pass_on(command_line).ok_or(NotStarted::CommandLine)?;
    match kernel_entry::enter(&memory, entry_offset, initrd) {
        Some(never) => match never {},
        // The parser found the entry within.
        None => Err(NotStarted::File(ElfError::EntryOutsideCode)),
    }
}

/// The command line as the kernel looks for it: ended by a NUL.
fn pass_on(command_line: &str) -> Option<()> {
    let mut words = CommandLine::new();
    words.push_str(command_line).ok()?;
    words.push('\0').ok()?;
    write_property(find_node(c"/chosen")?, c"bootargs", words.as_bytes())
}

impl fmt::Display for NotStarted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(formatter),
            Self::OutOfMemory => formatter.write_str("cannot load the kernel: out of memory"),
            Self::CommandLine => formatter.write_str("cannot pass the command line on"),
        }
    }
}
