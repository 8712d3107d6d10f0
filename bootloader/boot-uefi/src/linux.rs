//! Starts a Linux kernel from memory by the kernel's own EFI entry.
//!
//! Kernel, initrd and command line are the very bytes that were verified; no
//! file is looked up and nothing is read again. The kernel asks for its initrd
//! by the `LoadFile2` protocol on the device path that Linux defines for it.
#![expect(
    unsafe_code,
    reason = "hands memory to the kernel by firmware protocols"
)]

use core::ffi::c_void;
use core::fmt;
use core::ptr;

use uefi::boot::{self, LoadImageSource};
use uefi::proto::device_path::{DevicePath, FfiDevicePath};
use uefi::proto::loaded_image::LoadedImage;
use uefi::proto::media::load_file::LoadFile2;
use uefi::{Guid, Handle, Identify, Status, guid};
use uefi_raw::Boolean;
use uefi_raw::protocol::device_path::DevicePathProtocol;
use uefi_raw::protocol::media::LoadFile2Protocol;

use crate::memory::Pages;
use crate::{protocol, reset, watchdog};

/// Starts `kernel`; returns only if it did not start, and then leaves nothing
/// of the attempt behind in the firmware.
pub(crate) fn start(kernel: Pages, initrd: &Pages, command_line: &str) -> NotStarted {
    match try_start(kernel, initrd, command_line) {
        Err(reason) => reason,
        Ok(never) => match never {},
    }
}

/// Why the kernel did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotStarted {
    /// Which step failed.
    pub(crate) step: Step,
    /// What the firmware, or the kernel itself, said.
    pub(crate) status: Status,
}

/// The steps of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Turning the command line into what the kernel expects.
    CommandLine,
    /// Offering the initrd.
    Initrd,
    /// Making sure that no other initrd is offered in its place.
    OnlyInitrd,
    /// Handing the kernel to the firmware.
    Load,
    /// Giving it its command line.
    Options,
    /// Running it.
    Run,
}

enum Never {}

fn try_start(kernel: Pages, initrd: &Pages, command_line: &str) -> Result<Never, NotStarted> {
    let options =
        LoadOptions::new(command_line).ok_or(Step::CommandLine.failed(Status::OUT_OF_RESOURCES))?;
    let media = InitrdMedia::new(initrd.as_ref());
    let _offer = InitrdOffer::install(&media)?;
    let source = LoadImageSource::FromBuffer {
        buffer: kernel.as_ref(),
        file_path: None,
    };
    let image = boot::load_image(boot::image_handle(), source)
        .map_err(|error| Step::Load.failed(error.status()))?;
    // The firmware has its own copy now, and the kernel needs the room.
    drop(kernel);
    // From here the kernel has this long to take the machine over.
    watchdog::arm(watchdog::LOADING_SECS);
    let outcome = options
        .attach(image)
        .and_then(|()| boot::start_image(image).map_err(|error| Step::Run.failed(error.status())));
    // An image that ran and returned is gone already; one that did not start
    // is not. Either way nothing is left to report.
    let _ = boot::unload_image(image);
    match outcome {
        Err(reason) => Err(reason),
        // A kernel does not return; if it does, it does not say success.
        Ok(()) => Err(Step::Run.failed(Status::ABORTED)),
    }
}

/// The command line as the kernel's load options: UTF-16, NUL-terminated.
struct LoadOptions {
    utf16: Pages,
    length_bytes: u32,
}

impl LoadOptions {
    fn new(command_line: &str) -> Option<Self> {
        let units = command_line.encode_utf16().count().checked_add(1)?;
        let length_bytes = units.checked_mul(size_of::<u16>())?;
        let mut utf16 = Pages::allocate(length_bytes)?;
        // The pages are zeroed, so the last unit is the NUL.
        let places = utf16.as_mut().chunks_exact_mut(size_of::<u16>());
        for (place, unit) in places.zip(command_line.encode_utf16()) {
            place.copy_from_slice(&unit.to_ne_bytes());
        }
        Some(Self {
            utf16,
            length_bytes: u32::try_from(length_bytes).ok()?,
        })
    }

    fn attach(&self, image: Handle) -> Result<(), NotStarted> {
        // SAFETY: nobody else has this image open, for `load_image` has only
        // just made it.
        let mut loaded = unsafe { protocol::open_shared::<LoadedImage>(image) }
            .map_err(|error| Step::Options.failed(error.status()))?;
        // SAFETY: `self` outlives the image: the caller unloads it before it
        // lets go of us, and a kernel that takes over copies its options first.
        unsafe { loaded.set_load_options(self.utf16.as_ref().as_ptr(), self.length_bytes) };
        Ok(())
    }
}

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

/// The protocol that serves the initrd, and the bytes that it serves.
#[repr(C)]
struct InitrdMedia {
    // First, for the firmware hands back a pointer to it as `this`.
    protocol: LoadFile2Protocol,
    start: *const u8,
    length_bytes: usize,
}

impl InitrdMedia {
    fn new(initrd: &[u8]) -> Self {
        Self {
            protocol: LoadFile2Protocol {
                load_file: load_initrd,
            },
            start: initrd.as_ptr(),
            length_bytes: initrd.len(),
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
    let media = unsafe { &*this.cast::<InitrdMedia>() };
    // SAFETY: the caller's length, which it lets us read and write.
    let available_bytes = unsafe { buffer_size.replace(media.length_bytes) };
    if buffer.is_null() || available_bytes < media.length_bytes {
        return Status::BUFFER_TOO_SMALL;
    }
    // SAFETY: the initrd's pages are alive as long as `media`; the caller's
    // buffer is as long as it said, and is no part of our pages.
    unsafe { ptr::copy_nonoverlapping(media.start, buffer.cast(), media.length_bytes) };
    Status::SUCCESS
}

/// The initrd as the firmware offers it to the kernel, withdrawn on drop.
struct InitrdOffer<'a> {
    handle: Handle,
    media: &'a InitrdMedia,
    path_installed: bool,
}

impl<'a> InitrdOffer<'a> {
    fn install(media: &'a InitrdMedia) -> Result<Self, NotStarted> {
        let failed = |error: uefi::Error| Step::Initrd.failed(error.status());
        // SAFETY: GUID and interface belong together; `media` outlives the
        // offer, which withdraws it on drop.
        let handle = unsafe {
            boot::install_protocol_interface(None, &LoadFile2::GUID, ptr::from_ref(media).cast())
        }
        .map_err(failed)?;
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
        }
        .map_err(failed)?;
        offer.path_installed = true;
        offer.check_only_one()?;
        Ok(offer)
    }

    /// Makes sure that the kernel will find this offer and no other: firmware or
    /// whoever started the loader may have left an initrd of its own behind,
    /// which nobody verified.
    fn check_only_one(&self) -> Result<(), NotStarted> {
        // SAFETY: a complete, static device path.
        let mut path = unsafe {
            DevicePath::from_ffi_ptr(ptr::from_ref(&INITRD_PATH).cast::<FfiDevicePath>())
        };
        match boot::locate_device_path::<LoadFile2>(&mut path) {
            Ok(found) if found == self.handle => Ok(()),
            Ok(_) => Err(Step::OnlyInitrd.failed(Status::ALREADY_STARTED)),
            Err(error) => Err(Step::OnlyInitrd.failed(error.status())),
        }
    }
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
            log::error!("cannot withdraw the initrd from the firmware");
            reset::cold();
        }
    }
}

impl Step {
    fn failed(self, status: Status) -> NotStarted {
        NotStarted { step: self, status }
    }
}

impl fmt::Display for NotStarted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status;
        match self.step {
            Step::CommandLine => formatter.write_str("cannot prepare the command line"),
            Step::Initrd => write!(formatter, "cannot offer the initrd: firmware says {status}"),
            Step::OnlyInitrd => formatter.write_str(
                "cannot offer the initrd: the firmware already offers another one, remove it",
            ),
            Step::Load => write!(formatter, "cannot load the kernel: firmware says {status}"),
            Step::Options => write!(
                formatter,
                "cannot set the command line: firmware says {status}"
            ),
            Step::Run => write!(formatter, "the kernel returned: {status}"),
        }
    }
}
