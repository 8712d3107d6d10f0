//! Starts a Linux kernel from memory by the kernel's own EFI entry.
//!
//! Kernel, initrd and command line are the very bytes that were verified; no
//! file is looked up and nothing is read again.

use core::convert::Infallible;
use core::{fmt, iter};

use uefi::Status;

use crate::initrd::{InitrdMedia, InitrdOffer};
use crate::kernel_image::{KernelImage, NotLoaded};
use crate::memory::Pages;
use crate::status_code::StatusCode;
use crate::watchdog;
#[cfg(target_arch = "x86_64")]
use crate::without_firmware::StublessKernel;

/// Starts `kernel`; returns only if it did not start, and then leaves nothing
/// of the attempt behind in the firmware.
pub(crate) fn start(kernel: Pages, initrd: Pages, command_line: &str) -> NotStarted {
    match try_start(kernel, initrd, command_line) {
        Err(reason) => reason,
        Ok(never) => match never {},
    }
}

/// Why the kernel did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotStarted {
    /// The command line cannot be turned into what the kernel expects.
    CommandLine,
    /// The firmware does not let us offer the initrd.
    Initrd(Status),
    /// The kernel cannot be put into memory.
    NotLoaded(NotLoaded),
    /// The firmware does not let us name the kernel.
    NotNamed(Status),
    /// The kernel ran and gave up.
    Returned(Status),
}

impl NotStarted {
    /// For the flight record: what the firmware or the kernel said, or would have said.
    pub(crate) fn status(self) -> Status {
        match self {
            Self::CommandLine | Self::NotLoaded(NotLoaded::OutOfMemory) => Status::OUT_OF_RESOURCES,
            Self::NotLoaded(NotLoaded::File(_)) => Status::LOAD_ERROR,
            Self::Initrd(status) | Self::NotNamed(status) | Self::Returned(status) => status,
        }
    }
}

fn try_start(kernel: Pages, initrd: Pages, command_line: &str) -> Result<Infallible, NotStarted> {
    let options = load_options(command_line).ok_or(NotStarted::CommandLine)?;
    let image = KernelImage::load(kernel.as_ref()).map_err(NotStarted::NotLoaded)?;
    #[cfg(target_arch = "x86_64")]
    if let Some(stubless) = StublessKernel::find(kernel.as_ref()) {
        drop(image);
        return stubless
            .start(initrd, command_line)
            .map_err(NotStarted::NotLoaded);
    }
    // The kernel needs the room that its file takes.
    drop(kernel);
    let media = InitrdMedia::new(initrd.as_ref());
    let _offer =
        InitrdOffer::install(&media).map_err(|error| NotStarted::Initrd(error.status()))?;
    // From here the kernel has this long to take the machine over.
    watchdog::arm(watchdog::LOADING_SECS);
    let outcome = image.run(&options);
    match outcome.map_err(|error| NotStarted::NotNamed(error.status()))? {
        // A kernel does not return; if it does, it does not say success.
        Status::SUCCESS => Err(NotStarted::Returned(Status::ABORTED)),
        status => Err(NotStarted::Returned(status)),
    }
}

/// The command line as the kernel's load options: UTF-16, NUL-terminated.
fn load_options(command_line: &str) -> Option<Pages> {
    // No text is more units long in UTF-16 than bytes in UTF-8.
    let units = command_line.len().checked_add(1)?;
    let length_bytes = units.checked_mul(size_of::<u16>())?;
    let mut utf16 = Pages::allocate(length_bytes)?;
    let places = utf16.as_mut().chunks_exact_mut(size_of::<u16>());
    for (place, unit) in places.zip(command_line.encode_utf16().chain(iter::repeat(0))) {
        place.copy_from_slice(&unit.to_ne_bytes());
    }
    Some(utf16)
}

impl fmt::Display for NotStarted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, status) = match self {
            Self::CommandLine => return formatter.write_str("cannot prepare the command line"),
            Self::NotLoaded(reason) => return reason.fmt(formatter),
            Self::Initrd(status) => ("cannot offer the initrd: firmware says", status),
            Self::NotNamed(status) => ("cannot start the kernel: firmware says", status),
            Self::Returned(status) => ("the kernel returned", status),
        };
        write!(formatter, "{what} {}", StatusCode(*status))
    }
}
