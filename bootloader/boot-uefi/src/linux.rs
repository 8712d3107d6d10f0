//! Starts a Linux kernel from memory by the kernel's own EFI entry.
//!
//! Kernel, initrd and command line are the very bytes that were verified; no
//! file is looked up and nothing is read again.
#![expect(
    unsafe_code,
    reason = "hands the command line to the kernel by its address"
)]

use core::convert::Infallible;
use core::fmt;

use uefi::boot::{self, LoadImageSource};
use uefi::proto::loaded_image::LoadedImage;
use uefi::{Handle, Status};

use crate::initrd::{InitrdMedia, InitrdOffer};
use crate::memory::Pages;
use crate::{protocol, watchdog};

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
    step: Step,
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
    /// Handing the kernel to the firmware.
    Load,
    /// Giving it its command line.
    Options,
    /// Running it.
    Run,
}

fn try_start(kernel: Pages, initrd: &Pages, command_line: &str) -> Result<Infallible, NotStarted> {
    let options = LoadOptions::new(command_line)
        .ok_or(Step::CommandLine.failed(Status::OUT_OF_RESOURCES.into()))?;
    let media = InitrdMedia::new(initrd.as_ref());
    let _offer = InitrdOffer::install(&media).map_err(|error| Step::Initrd.failed(error))?;
    let source = LoadImageSource::FromBuffer {
        buffer: kernel.as_ref(),
        file_path: None,
    };
    let image =
        boot::load_image(boot::image_handle(), source).map_err(|error| Step::Load.failed(error))?;
    // The firmware has its own copy now, and the kernel needs the room.
    drop(kernel);
    // From here the kernel has this long to take the machine over.
    watchdog::arm(watchdog::LOADING_SECS);
    let outcome = options
        .attach(image)
        .and_then(|()| boot::start_image(image).map_err(|error| Step::Run.failed(error)));
    // An image that ran and returned is gone already; one that did not start
    // is not. Either way nothing is left to report.
    let _ = boot::unload_image(image);
    match outcome {
        Err(reason) => Err(reason),
        // A kernel does not return; if it does, it does not say success.
        Ok(()) => Err(Step::Run.failed(Status::ABORTED.into())),
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
            .map_err(|error| Step::Options.failed(error))?;
        // SAFETY: `self` outlives the image: the caller unloads it before it
        // lets go of us, and a kernel that takes over copies its options first.
        unsafe { loaded.set_load_options(self.utf16.as_ref().as_ptr(), self.length_bytes) };
        Ok(())
    }
}

impl Step {
    fn failed(self, error: uefi::Error) -> NotStarted {
        NotStarted {
            step: self,
            status: error.status(),
        }
    }
}

impl fmt::Display for NotStarted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status;
        match self.step {
            Step::CommandLine => formatter.write_str("cannot prepare the command line"),
            Step::Initrd => write!(formatter, "cannot offer the initrd: firmware says {status}"),
            Step::Load => write!(formatter, "cannot load the kernel: firmware says {status}"),
            Step::Options => write!(
                formatter,
                "cannot set the command line: firmware says {status}"
            ),
            Step::Run => write!(formatter, "the kernel returned: {status}"),
        }
    }
}
