//! The watchdog of the Intel 6300ESB, which QEMU offers to every PCI machine: unlike the
//! firmware's it goes on when the kernel takes over, so it guards the kernel's start. init
//! feeds it from then on.
//!
//! Registers by the Intel 6300ESB I/O Controller Hub datasheet, chapter 16, "Watchdog
//! Timer". It counts down twice: at the end of the second count it resets the machine, and
//! remembers that across the reset.
#![expect(unsafe_code, reason = "opens a bus without the firmware's tracking")]

use uefi::Identify;
use uefi::boot::{self, ScopedProtocol, SearchType};
use uefi::proto::pci::PciIoAddress;
use uefi::proto::pci::root_bridge::PciRootBridgeIo;

use crate::protocol;

/// Device 25ab of vendor 8086, as the first configuration register reads.
const IDENTITY: u32 = 0x25ab_8086;

const COMMAND: u8 = 0x04;
const COMMAND_MEMORY: u16 = 0x0002;
const BASE_ADDRESS: u8 = 0x10;
const BASE_ADDRESS_MASK: u32 = 0xffff_fff0;
const CONFIGURATION: u8 = 0x60;
/// Resets at the end of the second count, sends no interrupt after the first, counts in
/// periods of 2^15 cycles of a 33 MHz clock: nearly 1 kHz.
const RESET_ON_SECOND: u16 = 0x0003;
const LOCK: u8 = 0x68;
const LOCK_ENABLE: u8 = 0x02;
const LOCK_DISABLE: u8 = 0x00;

const TIMER_1: u64 = 0x00;
const TIMER_2: u64 = 0x04;
const RELOAD: u64 = 0x0c;
const RELOAD_COUNT: u16 = 0x0100;
const RELOAD_FIRED: u16 = 0x0200;
/// To be written before any other register.
const UNLOCK: [u16; 2] = [0x80, 0x86];
/// Counts of one timer for each second: half of 1024, for there are two timers.
const COUNTS_PER_SEC: u32 = 512;
/// The timers have 20 bits.
const MAX_SECS: u32 = 2047;

/// The device.
pub(crate) struct HardwareWatchdog {
    bridge: ScopedProtocol<PciRootBridgeIo>,
    address: PciIoAddress,
    registers: u64,
}

impl HardwareWatchdog {
    /// Looks for it on the first bus of every root bridge, where an integrated device is.
    pub(crate) fn find() -> Option<Self> {
        let bridges =
            boot::locate_handle_buffer(SearchType::ByProtocol(&PciRootBridgeIo::GUID)).ok()?;
        bridges.iter().find_map(|&handle| {
            // SAFETY: the search looks at one bridge after the other, and the one that is
            // kept is opened by nobody else in the loader.
            let bridge = unsafe { protocol::open_shared::<PciRootBridgeIo>(handle) }.ok()?;
            Self::on_bridge(bridge)
        })
    }

    fn on_bridge(mut bridge: ScopedProtocol<PciRootBridgeIo>) -> Option<Self> {
        let addresses = (0..32).flat_map(|device| (0..8).map(move |function| (device, function)));
        let address = addresses
            .map(|(device, function)| PciIoAddress::new(0, device, function))
            .find(|address| bridge.pci().read_one::<u32>(*address) == Ok(IDENTITY))?;
        let pci = bridge.pci();
        let base = pci
            .read_one::<u32>(address.with_register(BASE_ADDRESS))
            .ok()?;
        let command = address.with_register(COMMAND);
        let enabled = pci.read_one::<u16>(command).ok()? | COMMAND_MEMORY;
        pci.write_one::<u16>(command, enabled).ok()?;
        let registers = u64::from(base & BASE_ADDRESS_MASK);
        (registers != 0).then_some(Self {
            bridge,
            address,
            registers,
        })
    }

    /// Whether it was this that reset the machine last. Forgotten once it is asked.
    pub(crate) fn take_fired(&mut self) -> bool {
        let reload = self.registers.saturating_add(RELOAD);
        let fired = self
            .bridge
            .memory()
            .read_one::<u16>(reload)
            .is_ok_and(|value| value & RELOAD_FIRED != 0);
        if fired {
            self.write_unlocked(RELOAD, RELOAD_FIRED);
        }
        fired
    }

    /// Resets the machine in `secs` seconds, unless somebody feeds it.
    pub(crate) fn arm(&mut self, secs: u16) {
        let counts = u32::from(secs).min(MAX_SECS).saturating_mul(COUNTS_PER_SEC);
        let configuration = self.address.with_register(CONFIGURATION);
        let lock = self.address.with_register(LOCK);
        // Errors of a bus that could be read before: the kernel then starts unguarded,
        // which is no reason not to start it.
        let _ = self
            .bridge
            .pci()
            .write_one::<u16>(configuration, RESET_ON_SECOND);
        self.write_unlocked(TIMER_1, counts);
        self.write_unlocked(TIMER_2, counts);
        self.write_unlocked(RELOAD, RELOAD_COUNT);
        let _ = self.bridge.pci().write_one::<u8>(lock, LOCK_ENABLE);
    }

    /// Stops it: the kernel gave up, and reading the next one may take longer.
    pub(crate) fn disarm(&mut self) {
        let lock = self.address.with_register(LOCK);
        let _ = self.bridge.pci().write_one::<u8>(lock, LOCK_DISABLE);
    }

    fn write_unlocked<U: uefi::proto::pci::PciIoUnit>(&mut self, register: u64, value: U) {
        let reload = self.registers.saturating_add(RELOAD);
        let memory = self.bridge.memory();
        for word in UNLOCK {
            let _ = memory.write_one::<u16>(reload, word);
        }
        let _ = memory.write_one::<U>(self.registers.saturating_add(register), value);
    }
}
