//! The page of parameters that a kernel gets.

use core::ops::Range;

use super::memory::{Region, Usage};
use super::{SETUP_SECTORS_AT, X86Kernel};

/// It is a page of the processor's.
pub const ZERO_PAGE_BYTES: usize = 4096;

const INITRD_HIGH_AT: usize = 0x0c0;
const INITRD_LENGTH_HIGH_AT: usize = 0x0c4;
const COMMAND_LINE_HIGH_AT: usize = 0x0c8;
const FIRMWARE_AT: usize = 0x1c0;
const MAP_ENTRIES_AT: usize = 0x1e8;
const SECURE_BOOT_AT: usize = 0x1ec;
const LOADER_KIND_AT: usize = 0x210;
const INITRD_AT: usize = 0x218;
const INITRD_LENGTH_AT: usize = 0x21c;
const COMMAND_LINE_AT: usize = 0x228;
const MAP_AT: usize = 0x2d0;

/// A loader without a number of its own.
const OTHER_LOADER: u8 = 0xff;
/// `EFI64_LOADER_SIGNATURE`
const FIRMWARE_OF_64_BITS: &[u8] = b"EL64";
/// `efi_secureboot_mode_disabled` and `efi_secureboot_mode_enabled`
const SECURE_BOOT_OFF: u8 = 2;
const SECURE_BOOT_ON: u8 = 3;

const MAX_MAP_ENTRIES: u8 = 128;
const MAP_ENTRY_BYTES: usize = 20;

/// What a kernel is told, by addresses.
#[derive(Clone, Copy, Debug)]
pub struct Handover {
    /// ASCII, NUL-terminated.
    pub command_line: u64,
    /// Where the initrd lies,
    pub initrd: u64,
    /// and how long it is.
    pub initrd_bytes: u64,
    /// The firmware's system table.
    pub system_table: u64,
    /// The firmware's own map of memory,
    pub map: u64,
    /// its length,
    pub map_bytes: usize,
    /// that of an entry,
    pub descriptor_bytes: usize,
    /// and their version.
    pub descriptor_version: u32,
    /// Whether the firmware checked the loader: the kernel then locks itself.
    pub is_secure_boot: bool,
}

impl X86Kernel<'_> {
    /// Fills the page, with the firmware's last map of memory.
    pub fn fill_zero_page(
        &self,
        page: &mut [u8; ZERO_PAGE_BYTES],
        handover: &Handover,
        map: impl Iterator<Item = Region>,
    ) {
        page.fill(0);
        let mut page = ZeroPage(page);
        page.put(SETUP_SECTORS_AT, self.header);
        page.put(LOADER_KIND_AT, &[OTHER_LOADER]);
        page.put_halves(COMMAND_LINE_AT, COMMAND_LINE_HIGH_AT, handover.command_line);
        page.put_halves(INITRD_AT, INITRD_HIGH_AT, handover.initrd);
        page.put_halves(
            INITRD_LENGTH_AT,
            INITRD_LENGTH_HIGH_AT,
            handover.initrd_bytes,
        );
        page.put_firmware(handover);
        page.put_map(map);
    }
}

struct ZeroPage<'a>(&'a mut [u8; ZERO_PAGE_BYTES]);

impl ZeroPage<'_> {
    fn put_firmware(&mut self, handover: &Handover) {
        let [system_table, map] = [handover.system_table, handover.map].map(u64::to_le_bytes);
        let (table_low, table_high) = system_table.split_at(4);
        let (map_low, map_high) = map.split_at(4);
        // They are far shorter, and there is nothing in a map of no length.
        let short = |length: usize| u32::try_from(length).unwrap_or(0).to_le_bytes();
        let fields = [
            FIRMWARE_OF_64_BITS,
            table_low,
            &short(handover.descriptor_bytes),
            &handover.descriptor_version.to_le_bytes(),
            map_low,
            &short(handover.map_bytes),
            table_high,
            map_high,
        ];
        for (at, field) in (FIRMWARE_AT..).step_by(4).zip(fields) {
            self.put(at, field);
        }
        let secure_boot = match handover.is_secure_boot {
            true => SECURE_BOOT_ON,
            false => SECURE_BOOT_OFF,
        };
        self.put(SECURE_BOOT_AT, &[secure_boot]);
    }

    /// The map as the kernel reads it first. What it has no room for, the kernel does not
    /// use.
    fn put_map(&mut self, map: impl Iterator<Item = Region>) {
        let mut places = (MAP_AT..).step_by(MAP_ENTRY_BYTES).zip(1..=MAX_MAP_ENTRIES);
        let mut last: Option<(usize, Entry)> = None;
        for mut entry in map.filter_map(Entry::of) {
            let touching =
                last.filter(|(_, last)| last.kind == entry.kind && last.end == entry.start);
            let at = match touching {
                Some((at, before)) => {
                    entry.start = before.start;
                    at
                }
                None => {
                    let Some((at, count)) = places.next() else {
                        break;
                    };
                    self.put(MAP_ENTRIES_AT, &[count]);
                    at
                }
            };
            self.put(at, &entry.to_bytes());
            last = Some((at, entry));
        }
    }

    fn put_halves(&mut self, low_at: usize, high_at: usize, value: u64) {
        let bytes = value.to_le_bytes();
        let (low, high) = bytes.split_at(4);
        self.put(low_at, low);
        self.put(high_at, high);
    }

    /// Every place is inside, or nothing is put there.
    fn put(&mut self, at: usize, bytes: &[u8]) {
        let place = self.0.get_mut(at..);
        if let Some(place) = place.and_then(|place| place.get_mut(..bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }
}

/// `struct boot_e820_entry`
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u64,
    end: u64,
    kind: u32,
}

impl Entry {
    fn of(region: Region) -> Option<Self> {
        let kind = match region.usage() {
            Usage::Free | Usage::Firmware | Usage::Loader => 1,
            Usage::Reserved => 2,
            Usage::AcpiTables => 3,
            Usage::AcpiNonVolatile => 4,
            Usage::Broken => 5,
            Usage::Persistent => 7,
            Usage::Unknown => return None,
        };
        let Range { start, end } = region.span();
        Some(Self { start, end, kind })
    }

    fn to_bytes(self) -> [u8; MAP_ENTRY_BYTES] {
        let length = self.end.saturating_sub(self.start);
        let mut bytes = [0; MAP_ENTRY_BYTES];
        let (start, rest) = bytes.split_at_mut(8);
        let (length_at, kind) = rest.split_at_mut(8);
        start.copy_from_slice(&self.start.to_le_bytes());
        length_at.copy_from_slice(&length.to_le_bytes());
        kind.copy_from_slice(&self.kind.to_le_bytes());
        bytes
    }
}
