//! Finds the disk that the running loader was read from.
//!
//! Only this disk is ever looked at: another one with the same layout, labels
//! and all, must not be able to speak for it. The firmware says which partition
//! the loader came from; the disk is the device whose device path that
//! partition's path continues.
#![expect(
    unsafe_code,
    reason = "looks at protocols without the firmware's tracking"
)]

use core::fmt;

use boot_core::device_path::nodes_up_to;
use uefi::boot::{self, SearchType};
use uefi::proto::device_path::DevicePath;
use uefi::proto::media::block::BlockIO;
use uefi::{Handle, Identify, Status};

use crate::status_code::StatusCode;
use crate::{origin, protocol};

/// Why there is no disk to boot from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// The firmware does not say where the loader came from.
    NoOrigin(Status),
    /// It came from no disk: from the network, say.
    NotFromDisk,
    /// The disk is there and cannot be opened.
    CannotOpen(Status),
    /// Nothing that the loader can read: blocks of this length.
    Geometry {
        /// The length of a block.
        block_bytes: u32,
    },
    /// Not even a small buffer is left.
    OutOfMemory,
}

/// The handle of the whole disk.
pub(crate) fn find() -> Result<Handle, NotFound> {
    let partition = origin::device().map_err(|error| NotFound::NoOrigin(error.status()))?;
    // SAFETY: paths are only read, and not by two at once in a harmful way:
    // nobody holds a mutable reference to one.
    let partition_path = unsafe { protocol::open_shared::<DevicePath>(partition) }
        .map_err(|error| NotFound::NoOrigin(error.status()))?;
    let handles = boot::locate_handle_buffer(SearchType::ByProtocol(&BlockIO::GUID))
        .map_err(|_| NotFound::NotFromDisk)?;
    handles
        .iter()
        .filter(|&&handle| is_whole_disk(handle))
        .filter_map(|&handle| {
            // What the loader was read from may be a disk without partitions.
            let nodes = if handle == partition {
                nodes_up_to(partition_path.as_bytes(), partition_path.as_bytes())
            } else {
                nodes_to(handle, &partition_path)
            };
            Some((handle, nodes?))
        })
        .max_by_key(|&(_, nodes)| nodes)
        .map(|(handle, _)| handle)
        .ok_or(NotFound::NotFromDisk)
}

fn is_whole_disk(candidate: Handle) -> bool {
    // SAFETY: only read, and closed at the end of this function.
    match unsafe { protocol::open_shared::<BlockIO>(candidate) } {
        Ok(block_io) => {
            let media = block_io.media();
            media.is_media_present() && !media.is_logical_partition()
        }
        Err(_) => false,
    }
}

/// How many nodes the path to `candidate` has, if `partition_path` continues it.
fn nodes_to(candidate: Handle, partition_path: &DevicePath) -> Option<usize> {
    // SAFETY: only read, closed at the end of this function, and another handle
    // than the one whose path the caller holds.
    let path = unsafe { protocol::open_shared::<DevicePath>(candidate) }.ok()?;
    nodes_up_to(path.as_bytes(), partition_path.as_bytes())
}

impl fmt::Display for NotFound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot find the disk that the loader was read from: ")?;
        match self {
            Self::NoOrigin(status) => write!(formatter, "firmware says {}", StatusCode(*status)),
            Self::NotFromDisk => formatter.write_str("it was not read from a disk"),
            Self::CannotOpen(status) => write!(
                formatter,
                "cannot open it, firmware says {}",
                StatusCode(*status)
            ),
            Self::Geometry { block_bytes } => {
                write!(formatter, "it has blocks of {block_bytes} bytes")
            }
            Self::OutOfMemory => formatter.write_str("out of memory"),
        }
    }
}

impl core::error::Error for NotFound {}
