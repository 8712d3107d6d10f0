//! The kernel calls that no crate wraps, each behind a safe function.
//!
//! All `ioctl`s of this program but those of `device-mapper` stand here. Nothing here decides anything.

#![expect(
    unsafe_code,
    reason = "ioctl takes a pointer whose meaning depends on the request number"
)]

use rustix::io::Result;
use rustix::ioctl::{Opcode, Setter, Updater, ioctl, opcode};
use std::os::fd::AsFd;

/// Grows a mounted ext4 to `blocks` of its own block size (`EXT4_IOC_RESIZE_FS`).
/// The descriptor is any file of the file system.
pub(crate) fn ext4_resize(file: impl AsFd, blocks: u64) -> Result<()> {
    const RESIZE: Opcode = opcode::write::<u64>(b'f', 16);
    // SAFETY: the request reads one u64.
    unsafe { ioctl(file, Setter::<RESIZE, u64>::new(blocks)) }
}

/// How long a watchdog waits to be fed (`WDIOC_SETTIMEOUT`).
pub(crate) fn watchdog_set_timeout(device: impl AsFd, secs: u32) -> Result<()> {
    const SET_TIMEOUT: Opcode = opcode::read_write::<i32>(b'W', 6);
    let mut timeout = i32::try_from(secs).unwrap_or(i32::MAX);
    // SAFETY: the request reads one i32, and writes the time that it settled for.
    unsafe { ioctl(device, Updater::<SET_TIMEOUT, i32>::new(&mut timeout)) }
}

/// Bytes that [`add_entropy`] takes at a time.
pub(crate) const SEED_BYTES: usize = 512;

/// `struct rand_pool_info`, `linux/random.h`.
#[repr(C)]
struct Entropy {
    entropy_bits: i32,
    buffer_bytes: i32,
    buffer: [u8; SEED_BYTES],
}

/// Mixes a seed into the kernel's random numbers and credits it
/// (`RNDADDENTROPY`). The descriptor is `/dev/urandom`.
pub(crate) fn add_entropy(random: impl AsFd, seed: &[u8; SEED_BYTES]) -> Result<()> {
    const ADD: Opcode = opcode::write::<[i32; 2]>(b'R', 3);
    let entropy = Entropy {
        // More than the 256 bits that the kernel wants is of no use.
        entropy_bits: 256,
        buffer_bytes: SEED_BYTES as i32,
        buffer: *seed,
    };
    // SAFETY: the request reads two i32 and then `buffer_bytes` bytes, all of
    // which lie inside the struct.
    unsafe { ioctl(random, Setter::<ADD, Entropy>::new(entropy)) }
}

/// `struct ifreq`, `linux/if.h`: a name, and a union of 24 bytes at most.
#[repr(C, align(8))]
struct InterfaceRequest {
    name: [u8; 16],
    flags: i16,
    rest: [u8; 22],
}

/// Sets a network interface up (`SIOCGIFFLAGS`, `SIOCSIFFLAGS`). The descriptor
/// is any socket; the name is shorter than 16 bytes.
pub(crate) fn interface_up(socket: impl AsFd, name: &str) -> Result<()> {
    const GET_FLAGS: Opcode = 0x8913;
    const SET_FLAGS: Opcode = 0x8914;
    const UP: i16 = 1;
    let mut request = InterfaceRequest {
        name: [0; 16],
        flags: 0,
        rest: [0; 22],
    };
    let room = request.name.get_mut(..name.len().min(15));
    if let Some(room) = room.filter(|room| room.len() == name.len()) {
        room.copy_from_slice(name.as_bytes());
    }
    // SAFETY: both requests read and write one `struct ifreq`.
    unsafe { ioctl(&socket, Updater::<GET_FLAGS, _>::new(&mut request))? };
    request.flags |= UP;
    // SAFETY: as above.
    unsafe { ioctl(&socket, Updater::<SET_FLAGS, _>::new(&mut request)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_are_the_kernels() {
        // From strace's tables for x86_64, which this crate had no part in.
        assert_eq!(opcode::write::<u64>(b'f', 16), 0x4008_6610);
        assert_eq!(opcode::write::<[i32; 2]>(b'R', 3), 0x4008_5203);
    }
}
