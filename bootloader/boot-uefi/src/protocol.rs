//! Opens firmware protocols without taking them away from anyone.
//!
//! Exclusive opening would disconnect the firmware's own drivers: opening a
//! disk that way makes its partitions, the loader's own included, disappear.
#![expect(
    unsafe_code,
    reason = "protocols opened this way are not tracked by the firmware"
)]

use uefi::Handle;
use uefi::boot::{self, OpenProtocolAttributes, OpenProtocolParams, ScopedProtocol};
use uefi::proto::ProtocolPointer;

/// The protocol `P` of `handle`, shared with the firmware. An interface that
/// the firmware left null counts as absent.
///
/// # Safety
/// While the result lives, the loader must not open the same protocol of the
/// same handle a second time and use both, nor do anything that removes it.
pub(crate) unsafe fn open_shared<P: ProtocolPointer + ?Sized>(
    handle: Handle,
) -> uefi::Result<ScopedProtocol<P>> {
    let params = OpenProtocolParams {
        handle,
        agent: boot::image_handle(),
        controller: None,
    };
    // SAFETY: the caller promises what `GetProtocol` asks for.
    let opened = unsafe { boot::open_protocol::<P>(params, OpenProtocolAttributes::GetProtocol) }?;
    match opened.get() {
        Some(_) => Ok(opened),
        None => Err(uefi::Status::UNSUPPORTED.into()),
    }
}
