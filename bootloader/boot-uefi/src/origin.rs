//! What the firmware says about the loader itself: which device it was read
//! from, and with which options.
#![expect(
    unsafe_code,
    reason = "looks at a protocol without the firmware's tracking"
)]

use uefi::boot::{self, ScopedProtocol};
use uefi::proto::loaded_image::LoadedImage;
use uefi::{Handle, Result, Status};

use crate::{console, protocol};

/// The device, normally a partition, that the loader's file was read from.
pub(crate) fn device() -> Result<Handle> {
    loaded_image()?.device().ok_or(Status::NOT_FOUND.into())
}

/// Load options come from whoever can write firmware's variables, so no word of
/// them is taken; this says that there were some.
pub(crate) fn ignore_load_options() {
    let Ok(image) = loaded_image() else { return };
    let length_bytes = image.load_options_as_bytes().map_or(0, <[u8]>::len);
    if length_bytes > 0 {
        console::print(format_args!(
            "ignoring {length_bytes} bytes of firmware load options"
        ));
    }
}

fn loaded_image() -> Result<ScopedProtocol<LoadedImage>> {
    // SAFETY: both callers only read, and drop it before the other can run.
    unsafe { protocol::open_shared(boot::image_handle()) }
}
