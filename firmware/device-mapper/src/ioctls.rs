//! The kernel calls that no crate wraps, each behind a safe function. Nothing here decides
//! anything.

#![expect(
    unsafe_code,
    reason = "ioctl takes a pointer whose meaning depends on the request number"
)]

use rustix::io::Result;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, Setter, ioctl, opcode};
use std::ffi::c_void;
use std::os::fd::{AsFd, AsRawFd};

/// Length of the kernel's `struct dm_ioctl`, `linux/dm-ioctl.h`.
pub(crate) const DM_HEADER_BYTES: usize = 312;
/// The request group of the device mapper.
const DM_GROUP: u8 = 0xfd;

/// Sends a request to the device mapper. The buffer starts with a `struct
/// dm_ioctl` whose `data_size` field is the buffer's length, and holds the answer
/// afterwards.
///
/// # Errors
/// The kernel's, and `INVAL` when `data_size` is not the buffer's length.
pub(crate) fn device_mapper(control: impl AsFd, command: u8, buffer: &mut [u8]) -> Result<()> {
    let data_size = buffer.get(12..16).and_then(|field| field.try_into().ok());
    let fits = buffer.len() >= DM_HEADER_BYTES
        && data_size.map(u32::from_ne_bytes) == u32::try_from(buffer.len()).ok();
    if !fits {
        return Err(rustix::io::Errno::INVAL);
    }
    let request = DeviceMapperRequest {
        opcode: opcode::read_write::<[u8; DM_HEADER_BYTES]>(DM_GROUP, command),
        buffer,
    };
    // SAFETY: the kernel reads and writes `data_size` bytes at the pointer, which
    // was just found to be the length of the exclusively borrowed buffer.
    unsafe { ioctl(control, request) }
}

struct DeviceMapperRequest<'a> {
    opcode: Opcode,
    buffer: &'a mut [u8],
}

// SAFETY: `as_ptr` gives the buffer, which outlives the call; the kernel's answer
// stays in the buffer, so nothing is made from the output.
unsafe impl Ioctl for DeviceMapperRequest<'_> {
    type Output = ();

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.buffer.as_mut_ptr().cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> Result<()> {
        Ok(())
    }
}

/// A number of a loop device that nobody uses (`LOOP_CTL_GET_FREE`). The descriptor is
/// `/dev/loop-control`.
pub(crate) fn free_loop(control: impl AsFd) -> Result<u32> {
    // SAFETY: the request has no argument.
    let number = unsafe { ioctl(control, GetFree) }?;
    u32::try_from(number).map_err(|_| rustix::io::Errno::NODEV)
}

struct GetFree;

// SAFETY: the kernel is given no pointer, and the answer is the return value.
unsafe impl Ioctl for GetFree {
    type Output = i32;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        0x4c82
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(number: IoctlOutput, _: *mut c_void) -> Result<i32> {
        Ok(number)
    }
}

/// `struct loop_config`, `linux/loop.h`.
#[repr(C)]
struct LoopConfig {
    fd: u32,
    block_bytes: u32,
    // `struct loop_info64`: device, inode, rdevice, offset, size limit.
    numbers: [u64; 5],
    number: u32,
    encryption: [u32; 2],
    flags: u32,
    names: [u8; 160],
    init: [u64; 2],
    reserved: [u64; 8],
}

/// Has the loop device show `file`, read-only, until its last user is gone
/// (`LOOP_CONFIGURE`).
pub(crate) fn configure_loop(device: impl AsFd, file: impl AsFd) -> Result<()> {
    const CONFIGURE: Opcode = 0x4c0a;
    const READ_ONLY: u32 = 1;
    const AUTOCLEAR: u32 = 4;
    let descriptor = file.as_fd().as_raw_fd();
    let config = LoopConfig {
        fd: u32::try_from(descriptor).map_err(|_| rustix::io::Errno::BADF)?,
        block_bytes: 0,
        numbers: [0; 5],
        number: 0,
        encryption: [0; 2],
        flags: READ_ONLY | AUTOCLEAR,
        names: [0; 160],
        init: [0; 2],
        reserved: [0; 8],
    };
    // SAFETY: the request reads one `struct loop_config`, whose descriptor is open.
    unsafe { ioctl(device, Setter::<CONFIGURE, LoopConfig>::new(config)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_and_sizes_are_the_kernels() {
        // From strace's tables for x86_64, which this crate had no part in.
        assert_eq!(
            opcode::read_write::<[u8; DM_HEADER_BYTES]>(DM_GROUP, 3),
            0xc138_fd03
        );
        assert_eq!(size_of::<LoopConfig>(), 304);
    }

    #[test]
    fn a_device_mapper_buffer_of_another_length_never_reaches_the_kernel() {
        let nowhere = std::fs::File::open("/dev/null").unwrap();
        let mut buffer = [0; DM_HEADER_BYTES];
        buffer[12..16].copy_from_slice(&(DM_HEADER_BYTES as u32 + 1).to_ne_bytes());
        let error = device_mapper(&nowhere, 0, &mut buffer).unwrap_err();
        assert_eq!(error, rustix::io::Errno::INVAL);
    }
}
