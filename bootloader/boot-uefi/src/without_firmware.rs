//! Starts a kernel when the firmware is gone, on a machine that is too small for the
//! kernel's EFI stub (`docs/decisions/0045-a-small-machine-boots-without-the-stub.md`).
//!
//! Only for x86_64: which memory the kernel takes, what it is told and where the processor's
//! tables point is decided in `boot_core::x86_protocol`.
#![expect(
    unsafe_code,
    reason = "lets go of the firmware and jumps to the kernel"
)]

use core::arch::asm;
use core::convert::Infallible;
use core::ptr::{self, NonNull};

use boot_core::x86_protocol::{
    ENTRY_OFFSET, Handover, Region, TABLES_BYTES, X86Kernel, ZERO_PAGE_BYTES, identity_tables,
    regions,
};
use uefi::boot;
use uefi_raw::table::boot::BootServices;

use crate::kernel_image::NotLoaded;
use crate::memory::Pages;
use crate::{console, reset, secure_boot};

/// A kernel whose stub finds no room on this machine.
pub(crate) struct StublessKernel<'a> {
    kernel: X86Kernel<'a>,
    services: NonNull<BootServices>,
    system_table: u64,
    /// Where the kernel's file lies.
    file: u64,
    map: FirmwareMap,
}

impl<'a> StublessKernel<'a> {
    /// `None` when the stub of the kernel in `file` has what it needs, or the kernel has
    /// nothing else.
    pub(crate) fn find(file: &'a [u8]) -> Option<Self> {
        let kernel = X86Kernel::parse(file)?;
        let system_table = uefi::table::system_table_raw()?;
        // SAFETY: the table stays where it is while boot services run.
        let services = NonNull::new(unsafe { system_table.as_ref() }.boot_services)?;
        let mut map = FirmwareMap::allocate(&kernel)?;
        // SAFETY: those are the firmware's live services.
        unsafe { map.read(services) }?;
        (!kernel.stub_has_room(map.regions())).then(|| Self {
            kernel,
            services,
            system_table: system_table.as_ptr().addr() as u64,
            file: address(file),
            map,
        })
    }

    /// Starts it; returns only while the firmware is still there.
    pub(crate) fn start(self, initrd: Pages, command_line: &str) -> Result<Infallible, NotLoaded> {
        self.prepare(initrd, command_line)
            .ok_or(NotLoaded::OutOfMemory)
            .map(|prepared| prepared.start())
    }

    fn prepare(mut self, initrd: Pages, command_line: &str) -> Option<Prepared<'a>> {
        if has_five_levels() {
            return None;
        }
        // All that is kept goes out of the way, as far as there is room.
        let initrd = match self.allocate(initrd.as_ref().len()) {
            Some(mut low) => {
                low.as_mut().copy_from_slice(initrd.as_ref());
                drop(initrd);
                low
            }
            None => initrd,
        };
        let mut words = self.allocate(command_line.len().checked_add(1)?)?;
        let (end, text) = words.as_mut().split_last_mut()?;
        text.copy_from_slice(command_line.as_bytes());
        *end = 0;
        let mut tables = self.allocate(TABLES_BYTES)?;
        let entries = identity_tables(address(tables.as_ref()));
        let places = tables.as_mut().chunks_exact_mut(size_of::<u64>());
        for (place, entry) in places.zip(entries) {
            place.copy_from_slice(&entry.to_le_bytes());
        }
        let zero_page = self.allocate(ZERO_PAGE_BYTES)?;
        let is_secure_boot = secure_boot::is_on();
        // SAFETY: the services are live, as before.
        unsafe { self.map.read(self.services) }?;
        self.kernel.place(self.map.regions(), self.file)?;
        Some(Prepared {
            stubless: self,
            initrd,
            words,
            tables,
            zero_page,
            is_secure_boot,
        })
    }

    fn allocate(&self, length_bytes: usize) -> Option<Pages> {
        allocate_low(&self.kernel, length_bytes)
    }
}

/// Below where the kernel can be, or anywhere.
fn allocate_low(kernel: &X86Kernel<'_>, length_bytes: usize) -> Option<Pages> {
    Pages::allocate_below(kernel.lowest_place(), length_bytes)
        .or_else(|| Pages::allocate(length_bytes))
}

/// All that is needed from the firmware.
struct Prepared<'a> {
    stubless: StublessKernel<'a>,
    initrd: Pages,
    words: Pages,
    tables: Pages,
    zero_page: Pages,
    is_secure_boot: bool,
}

impl Prepared<'_> {
    fn start(mut self) -> ! {
        console::print(format_args!(
            "no room for the kernel's EFI stub beside the firmware, starting without both"
        ));
        let StublessKernel {
            kernel,
            services,
            system_table,
            file,
            map,
        } = &mut self.stubless;
        // SAFETY: from here on nothing of the firmware's is used but its reset; what `self`
        // holds is never given back.
        let left = unsafe { map.leave_firmware(*services) };
        // There was a place a moment ago.
        let Some(place) = left.and_then(|()| kernel.place(map.regions(), *file)) else {
            reset::cold()
        };
        let handover = Handover {
            command_line: address(self.words.as_ref()),
            initrd: address(self.initrd.as_ref()),
            initrd_bytes: self.initrd.as_ref().len() as u64,
            system_table: *system_table,
            map: address(map.as_ref()),
            map_bytes: map.bytes,
            descriptor_bytes: map.descriptor_bytes,
            descriptor_version: map.descriptor_version,
            is_secure_boot: self.is_secure_boot,
        };
        if let Some(page) = self.zero_page.as_mut().first_chunk_mut() {
            kernel.fill_zero_page(page, &handover, map.regions());
        }
        // SAFETY: `place` has room for the kernel and holds nothing that is still of use; the
        // tables map all memory, the page is filled, and all of it is the loader's.
        unsafe { self.enter(place) }
    }

    /// Copies the kernel to `place` and jumps into it, as its protocol says: interrupts off,
    /// flat segments, all memory mapped address for address.
    ///
    /// # Safety
    /// The firmware is gone, and nothing at `place` is used any more.
    unsafe fn enter(&self, place: u64) -> ! {
        let code = self.stubless.kernel.code();
        let segments = SegmentTable {
            last_byte: SEGMENTS_LAST_BYTE,
            address: ptr::from_ref(&SEGMENTS).addr() as u64,
        };
        // SAFETY: promised by the caller. The firmware's stack is used until the segments are
        // loaded, before anything is written over it; the loader's own code and data are
        // memory of the loader, which is not in `place`.
        unsafe {
            asm!(
                "cli
                mov cr3, {tables}
                lgdt [{segments}]
                push {CODE_SEGMENT}
                lea {scratch}, [rip + 2f]
                push {scratch}
                retfq
                2:
                mov {scratch:e}, {DATA_SEGMENT}
                mov ds, {scratch:e}
                mov es, {scratch:e}
                mov ss, {scratch:e}
                cld
                rep movsb
                mov rsi, {zero_page}
                jmp {entry}",
                CODE_SEGMENT = const 0x10,
                DATA_SEGMENT = const 0x18,
                tables = in(reg) address(self.tables.as_ref()),
                segments = in(reg) &raw const segments,
                scratch = in(reg) 0_u64,
                zero_page = in(reg) address(self.zero_page.as_ref()),
                entry = in(reg) place.saturating_add(ENTRY_OFFSET),
                in("rcx") code.len(),
                in("rsi") code.as_ptr(),
                in("rdi") place,
                options(noreturn),
            )
        }
    }
}

/// The kernel's `__BOOT_CS` and `__BOOT_DS`, at their places: flat, for 64 bits.
static SEGMENTS: [u64; 4] = [0, 0, 0x00af_9a00_0000_ffff, 0x00cf_9200_0000_ffff];
const SEGMENTS_LAST_BYTE: u16 = 31;

/// What the processor is told of them.
#[repr(C, packed)]
struct SegmentTable {
    last_byte: u16,
    address: u64,
}

/// Whether the processor's tables have five levels, where ours have four.
fn has_five_levels() -> bool {
    const FIVE_LEVELS: u64 = 1 << 12;
    let control: u64;
    // SAFETY: reads a register, which firmware's programs may.
    unsafe { asm!("mov {}, cr4", out(reg) control, options(nomem, nostack, preserves_flags)) };
    control & FIVE_LEVELS != 0
}

/// What the firmware says of its memory.
struct FirmwareMap {
    pages: Pages,
    bytes: usize,
    descriptor_bytes: usize,
    descriptor_version: u32,
    key: usize,
}

/// More than a thousand entries, where a machine has about a hundred.
const MAP_BYTES: usize = 64 << 10;

impl FirmwareMap {
    fn allocate(kernel: &X86Kernel<'_>) -> Option<Self> {
        Some(Self {
            pages: allocate_low(kernel, MAP_BYTES)?,
            bytes: 0,
            descriptor_bytes: 0,
            descriptor_version: 0,
            key: 0,
        })
    }

    /// Reads it anew. `None` when it is longer than that.
    ///
    /// # Safety
    /// `services` are the firmware's, and live.
    unsafe fn read(&mut self, services: NonNull<BootServices>) -> Option<()> {
        self.bytes = MAP_BYTES;
        // SAFETY: promised by the caller; the pages are as long as is said, and aligned.
        let status = unsafe {
            (services.as_ref().get_memory_map)(
                &raw mut self.bytes,
                self.pages.as_mut().as_mut_ptr().cast(),
                &raw mut self.key,
                &raw mut self.descriptor_bytes,
                &raw mut self.descriptor_version,
            )
        };
        status.is_success().then_some(())
    }

    /// Reads it for the last time and ends the firmware's services. `None` when the firmware
    /// does not let go, and is then half gone.
    ///
    /// # Safety
    /// As for `read`, and nothing of the firmware's is used any more.
    unsafe fn leave_firmware(&mut self, services: NonNull<BootServices>) -> Option<()> {
        // What is told of the end may change the map: then it is read again (UEFI 2.10,
        // section 7.4.6).
        (0..2).find_map(|_| {
            // SAFETY: promised by the caller.
            unsafe { self.read(services) }?;
            let loader = boot::image_handle().as_ptr();
            // SAFETY: promised by the caller.
            let status = unsafe { (services.as_ref().exit_boot_services)(loader, self.key) };
            status.is_success().then_some(())
        })
    }

    fn regions(&self) -> impl Iterator<Item = Region> + Clone {
        regions(self.as_ref(), self.descriptor_bytes)
    }
}

impl AsRef<[u8]> for FirmwareMap {
    fn as_ref(&self) -> &[u8] {
        self.pages.as_ref().get(..self.bytes).unwrap_or_default()
    }
}

fn address(memory: &[u8]) -> u64 {
    memory.as_ptr().addr() as u64
}
