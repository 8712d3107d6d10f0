//! A kernel laid out in memory, and known to the firmware by a handle of its own.
//!
//! The firmware's `LoadImage` is not asked: under Secure Boot it wants a signature by one
//! of the firmware's own keys, and the kernel carries its distributor's. It was verified
//! all the same, as strictly, by the chain that begins in this loader, which the firmware
//! has verified (`docs/decisions/0008-the-kernel-is-started-by-ourselves.md`).
#![expect(
    unsafe_code,
    reason = "installs a protocol for the kernel and changes memory attributes"
)]

use core::ffi::c_void;
use core::ptr;

use boot_core::pe_image::{PeError, PeImage};
use uefi::boot::{self, MemoryType};
use uefi::proto::security::MemoryProtection;
use uefi::{Guid, Handle, Status};
use uefi_raw::protocol::loaded_image::LoadedImageProtocol;
use uefi_raw::table::boot::MemoryAttribute;

use crate::memory::Pages;
use crate::status_code::StatusCode;
use crate::{console, kernel_entry, protocol, reset};

/// `EFI_LOADED_IMAGE_PROTOCOL_REVISION`
const LOADED_IMAGE_REVISION: u32 = 0x1000;

/// A kernel in memory, ready to run.
pub(crate) struct KernelImage {
    pages: Pages,
    /// Where it begins to run, counted from the start of `pages`.
    entry_offset: usize,
}

/// Why the kernel is not in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotLoaded {
    /// Its file makes no sense.
    File(PeError),
    /// There is no room left.
    OutOfMemory,
}

impl KernelImage {
    /// Lays `file` out in memory that can be executed.
    pub(crate) fn load(file: &[u8]) -> Result<Self, NotLoaded> {
        let image = PeImage::parse(file, kernel_entry::MACHINE).map_err(NotLoaded::File)?;
        let mut pages = Pages::allocate_aligned(
            MemoryType::LOADER_CODE,
            image.size_bytes(),
            image.alignment_bytes(),
        )
        .ok_or(NotLoaded::OutOfMemory)?;
        image.place(pages.as_mut()).map_err(NotLoaded::File)?;
        for span in image.executable_spans() {
            if let Some(code) = pages.as_ref().get(span) {
                make_executable(code);
                kernel_entry::publish_code(code);
            }
        }
        Ok(Self {
            pages,
            entry_offset: image.entry_offset(),
        })
    }

    /// Runs it with these load options; returns what it said when it gave up.
    pub(crate) fn run(&self, load_options: &Pages) -> uefi::Result<Status> {
        let memory = self.pages.as_ref();
        let code = memory.get(self.entry_offset..);
        let entry = code.ok_or(Status::LOAD_ERROR)?.as_ptr();
        let protocol = loaded_image(memory, load_options.as_ref())?;
        let name = KernelHandle::install(&protocol)?;
        // SAFETY: the image has an entry there, for this processor, in memory that `self`
        // keeps; `name` carries the protocol until the end of this function.
        Ok(unsafe { kernel_entry::run(entry, name.handle) })
    }
}

/// What the kernel finds out about itself.
fn loaded_image(memory: &[u8], load_options: &[u8]) -> uefi::Result<LoadedImageProtocol> {
    let system_table = uefi::table::system_table_raw().ok_or(Status::UNSUPPORTED)?;
    let options_bytes = u32::try_from(load_options.len()).map_err(|_| Status::BAD_BUFFER_SIZE)?;
    let image_bytes = u64::try_from(memory.len()).map_err(|_| Status::BAD_BUFFER_SIZE)?;
    Ok(LoadedImageProtocol {
        revision: LOADED_IMAGE_REVISION,
        parent_handle: boot::image_handle().as_ptr(),
        system_table: system_table.as_ptr(),
        // It comes from memory: no device, no path, from which to read anything more.
        device_handle: ptr::null_mut(),
        file_path: ptr::null(),
        reserved: ptr::null(),
        load_options_size: options_bytes,
        load_options: load_options.as_ptr().cast(),
        image_base: memory.as_ptr().cast(),
        image_size: image_bytes,
        image_code_type: MemoryType::LOADER_CODE,
        image_data_type: MemoryType::LOADER_CODE,
        unload: None,
    })
}

/// Firmware that protects memory may hand out pages that are not executable. One without
/// the protocol does not protect them, or has no way to say so (UEFI 2.10, section 37.3).
fn make_executable(code: &[u8]) {
    let Ok(handle) = boot::get_handle_for_protocol::<MemoryProtection>() else {
        return;
    };
    // SAFETY: closed at the end of this function, and nobody else of the loader uses it.
    let Ok(protection) = (unsafe { protocol::open_shared::<MemoryProtection>(handle) }) else {
        return;
    };
    let (start, length_bytes) = (code.as_ptr().addr() as u64, code.len() as u64);
    // Attributes are those of whole pages.
    let page = boot::PAGE_SIZE as u64;
    let end = start.saturating_add(length_bytes).next_multiple_of(page);
    let first = start & !page.wrapping_sub(1);
    let outcome = protection.clear_memory_attributes(first..end, MemoryAttribute::EXECUTE_PROTECT);
    if let Err(error) = outcome {
        console::print(format_args!(
            "cannot make the kernel executable: firmware says {}",
            StatusCode(error.status())
        ));
    }
}

/// The kernel's handle with its `LoadedImage`, gone on drop.
struct KernelHandle<'a> {
    handle: Handle,
    protocol: &'a LoadedImageProtocol,
}

const LOADED_IMAGE: Guid = LoadedImageProtocol::GUID;

impl<'a> KernelHandle<'a> {
    fn install(protocol: &'a LoadedImageProtocol) -> uefi::Result<Self> {
        // SAFETY: GUID and interface belong together; it is taken off on drop, before
        // `protocol` goes.
        let handle =
            unsafe { boot::install_protocol_interface(None, &LOADED_IMAGE, interface(protocol)) }?;
        Ok(Self { handle, protocol })
    }
}

impl Drop for KernelHandle<'_> {
    fn drop(&mut self) {
        // SAFETY: GUID and interface are those that were installed.
        let withdrawn = unsafe {
            boot::uninstall_protocol_interface(self.handle, &LOADED_IMAGE, interface(self.protocol))
        };
        if withdrawn.is_err() {
            // The firmware still holds a pointer to memory that is about to go.
            console::print(format_args!("cannot withdraw the kernel from the firmware"));
            reset::cold();
        }
    }
}

fn interface(protocol: &LoadedImageProtocol) -> *const c_void {
    ptr::from_ref(protocol).cast()
}

impl core::fmt::Display for NotLoaded {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::File(error) => error.fmt(formatter),
            Self::OutOfMemory => formatter.write_str("cannot load the kernel: out of memory"),
        }
    }
}
