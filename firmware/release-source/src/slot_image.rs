//! An image in a slot: what a patch starts from, or what it has led to so far.

use boot_core::Disk;
use boot_core::platform::read_at;
use image_delta::StoredImage;
use std::io;

use crate::held::Seed;

/// An image in a slot, to be read.
pub struct SlotImage<D> {
    /// The disk.
    pub disk: D,
    /// Where on it the image lies.
    pub image: Seed,
}

impl<D: Disk> StoredImage for SlotImage<D> {
    fn length_bytes(&self) -> u64 {
        self.image.length_bytes
    }

    fn read_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
        let place = self.image.offset_bytes.checked_add(offset_bytes);
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        read_at(&mut self.disk, place, buffer)
            .map_err(|_| io::Error::other("the slot cannot be read"))
    }
}
