//! The image that runs, as what a patch starts from.

use boot_core::Disk;
use boot_core::platform::read_at;
use image_delta::OldImage;
use std::io;

use crate::held::Seed;

/// The image that runs, to be read.
pub struct RunningImage<D> {
    /// The disk.
    pub disk: D,
    /// Where on it the image lies.
    pub image: Seed,
}

impl<D: Disk> OldImage for RunningImage<D> {
    fn length_bytes(&self) -> u64 {
        self.image.length_bytes
    }

    fn read_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
        let place = self.image.offset_bytes.checked_add(offset_bytes);
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        read_at(&mut self.disk, place, buffer)
            .map_err(|_| io::Error::other("the running slot cannot be read"))
    }
}
