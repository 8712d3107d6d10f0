//! Offers the verified initrd to the kernel, which asks for it by `LoadFile2` on
//! a device path of its own (Linux, `Documentation/admin-guide/efi-stub.rst`).
//!
//! Called when a kernel is about to start; the kernel calls back.
#![expect(
    unsafe_code,
    reason = "hands memory to the kernel by a firmware protocol"
)]

use core::ffi::c_void;
use core::ptr;

use uefi::boot;
use uefi::proto::device_path::{DevicePath, FfiDevicePath};
use uefi::proto::media::load_file::LoadFile2;
use uefi::{Guid, Handle, Identify, Status, guid};
use uefi_raw::Boolean;
use uefi_raw::protocol::device_path::DevicePathProtocol;
use uefi_raw::protocol::media::LoadFile2Protocol;

use crate::{console, protocol, reset};

/// The vendor media device path that Linux asks for its initrd,
/// `LINUX_EFI_INITRD_MEDIA_GUID`, and the end node behind it.
#[repr(C)]
struct InitrdPath {
    vendor: DevicePathProtocol,
    guid: [u8; 16],
    end: DevicePathProtocol,
}

const LINUX_EFI_INITRD_MEDIA_GUID: Guid = guid!("5568e427-68fc-4f3d-ac74-ca555231cc68");

static INITRD_PATH: InitrdPath = {
    use uefi_raw::protocol::device_path::{DeviceSubType, DeviceType};
    InitrdPath {
        vendor: DevicePathProtocol {
            major_type: DeviceType::MEDIA,
            sub_type: DeviceSubType::MEDIA_VENDOR,
            length: [20, 0],
        },
        guid: LINUX_EFI_INITRD_MEDIA_GUID.to_bytes(),
        end: DevicePathProtocol {
            major_type: DeviceType::END,
            sub_type: DeviceSubType::END_ENTIRE,
            length: [4, 0],
        },
    }
};

/// How many offers of others are withdrawn before the loader gives up.
const MAX_OTHER_OFFERS: usize = 8;

/// The protocol that serves the initrd, and the bytes that it serves.
#[repr(C)]
pub(crate) struct InitrdMedia<'a> {
    // First, for the firmware hands back a pointer to it as `this`.
    protocol: LoadFile2Protocol,
    initrd: &'a [u8],
}

impl<'a> InitrdMedia<'a> {
    /// Serves `initrd`, once it is offered.
    pub(crate) fn new(initrd: &'a [u8]) -> Self {
        Self {
            protocol: LoadFile2Protocol {
                load_file: load_initrd,
            },
            initrd,
        }
    }
}

/// `EFI_LOAD_FILE2_PROTOCOL.LoadFile()`: called by the kernel, first for the
/// length and then for the bytes.
///
/// # Safety
/// As UEFI defines it: `this` is the protocol inside a live [`InitrdMedia`],
/// `buffer_size` points to the length of `buffer`.
unsafe extern "efiapi" fn load_initrd(
    this: *mut LoadFile2Protocol,
    _file_path: *const DevicePathProtocol,
    boot_policy: Boolean,
    buffer_size: *mut usize,
    buffer: *mut c_void,
) -> Status {
    if this.is_null() || buffer_size.is_null() {
        return Status::INVALID_PARAMETER;
    }
    if boot_policy.into() {
        return Status::UNSUPPORTED;
    }
    // SAFETY: the only such protocol that was ever installed is the first field
    // of a live `InitrdMedia`, by a pointer to the whole of it.
    let initrd = unsafe { &*this.cast::<InitrdMedia<'_>>() }.initrd;
    // SAFETY: the caller's length, which it lets us read and write.
    let available_bytes = unsafe { buffer_size.replace(initrd.len()) };
    if buffer.is_null() || available_bytes < initrd.len() {
        return Status::BUFFER_TOO_SMALL;
    }
    // SAFETY: the caller's buffer is as long as it said, and no part of ours.
    unsafe { ptr::copy_nonoverlapping(initrd.as_ptr(), buffer.cast(), initrd.len()) };
    Status::SUCCESS
}

/// The initrd as the firmware offers it to the kernel, withdrawn on drop.
pub(crate) struct InitrdOffer<'a> {
    handle: Handle,
    media: &'a InitrdMedia<'a>,
    path_installed: bool,
}

impl<'a> InitrdOffer<'a> {
    /// Offers `media` from now on, and makes sure that no other offer is found.
    ///
    /// # Errors
    /// What the firmware says.
    pub(crate) fn install(media: &'a InitrdMedia<'a>) -> uefi::Result<Self> {
        // SAFETY: GUID and interface belong together; `media` outlives the
        // offer, which withdraws it on drop.
        let handle = unsafe {
            boot::install_protocol_interface(None, &LoadFile2::GUID, ptr::from_ref(media).cast())
        }?;
        let mut offer = Self {
            handle,
            media,
            path_installed: false,
        };
        // SAFETY: GUID and interface belong together; the path is static.
        unsafe {
            boot::install_protocol_interface(
                Some(handle),
                &DevicePath::GUID,
                ptr::from_ref(&INITRD_PATH).cast(),
            )
        }?;
        offer.path_installed = true;
        offer.displace_others()?;
        Ok(offer)
    }

    /// Makes sure that the kernel will find this offer: firmware, or whoever
    /// started the loader, may have left an initrd of its own behind, which
    /// nobody verified. Such an offer is withdrawn; refusing to boot instead
    /// would let it use up the device's good slots.
    fn displace_others(&self) -> uefi::Result {
        for _ in 0..MAX_OTHER_OFFERS {
            let found = offered_initrd()?;
            if found == self.handle {
                return Ok(());
            }
            console::print(format_args!("ignoring an initrd that the firmware offers"));
            withdraw(found)?;
        }
        Err(Status::ALREADY_STARTED.into())
    }
}

/// The handle that a kernel which asks for its initrd now would find.
fn offered_initrd() -> uefi::Result<Handle> {
    let path = ptr::from_ref(&INITRD_PATH).cast::<FfiDevicePath>();
    // SAFETY: a complete device path, and static.
    let mut path = unsafe { DevicePath::from_ffi_ptr(path) };
    boot::locate_device_path::<LoadFile2>(&mut path)
}

/// Takes `LoadFile2` off a handle that is not ours.
fn withdraw(handle: Handle) -> uefi::Result {
    // SAFETY: only its address is taken, and it is closed at once.
    let interface = unsafe { protocol::open_shared::<LoadFile2>(handle) }
        .map(|load_file| ptr::from_ref::<LoadFile2>(&load_file))?;
    // SAFETY: GUID and interface are as the firmware has just given them. The
    // loader keeps no reference to it, and the kernel has not run yet.
    unsafe { boot::uninstall_protocol_interface(handle, &LoadFile2::GUID, interface.cast()) }
}

impl Drop for InitrdOffer<'_> {
    fn drop(&mut self) {
        let interface = ptr::from_ref(&INITRD_PATH).cast();
        let path_withdrawn = !self.path_installed
            // SAFETY: GUID and interface are those that were installed.
            || unsafe {
                boot::uninstall_protocol_interface(self.handle, &DevicePath::GUID, interface)
            }
            .is_ok();
        let interface = ptr::from_ref(self.media).cast();
        // SAFETY: as above.
        let media_withdrawn =
            unsafe { boot::uninstall_protocol_interface(self.handle, &LoadFile2::GUID, interface) }
                .is_ok();
        if !(path_withdrawn && media_withdrawn) {
            // The firmware still holds a pointer to memory that is about to go.
            console::print(format_args!("cannot withdraw the initrd from the firmware"));
            reset::cold();
        }
    }
}
