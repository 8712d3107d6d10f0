//! Calls to the hypervisor below the firmware (PAPR, "Hypervisor Call Functions").
//!
//! A machine without one would take them as calls to an operating system that is not
//! there: only what the firmware lists may be called.
#![expect(unsafe_code, reason = "calls the hypervisor")]

use core::arch::global_asm;

use boot_core::open_firmware::lists;

use crate::client_interface::{find_node, read_property};

/// The property has some four hundred bytes in QEMU.
const LIST_BYTES: usize = 2048;

unsafe extern "C" {
    /// Returns the low half of the status.
    fn hypervisor_call(token: u32, first: u32, second: u32, third: u32) -> i32;
}

// The hypervisor reads all 64 bits of the registers, whose upper halves may hold anything:
// clrldi 3, 3, 32 and so on to r6. The assembler knows no such instruction for this target.
global_asm!(
    ".text",
    "hypervisor_call:",
    ".long 0x78630020",
    ".long 0x78840020",
    ".long 0x78a50020",
    ".long 0x78c60020",
    "sc 1",
    "blr",
);

/// `H_WATCHDOG`, on a machine that has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WatchdogCall(());

/// `H_WATCHDOG`
const TOKEN: u32 = 0x45c;
const SUCCESS: i32 = 0;

/// The hypervisor did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// PAPR's return code.
    pub(crate) status: i32,
}

impl WatchdogCall {
    /// If the hypervisor has watchdogs.
    pub(crate) fn find() -> Option<Self> {
        let mut room = [0; LIST_BYTES];
        let functions = read_property(find_node(c"/rtas")?, c"ibm,hypertas-functions", &mut room)?;
        lists(functions, "hcall-watchdog").then_some(Self(()))
    }

    /// Asks for it.
    ///
    /// # Errors
    /// The hypervisor did not do it.
    pub(crate) fn call(self, flags: u32, number: u32, milliseconds: u32) -> Result<(), Refused> {
        // SAFETY: the firmware lists the call; it touches no memory.
        match unsafe { hypervisor_call(TOKEN, flags, number, milliseconds) } {
            SUCCESS => Ok(()),
            status => Err(Refused { status }),
        }
    }
}
