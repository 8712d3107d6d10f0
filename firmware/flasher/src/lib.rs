//! Flashes a disk image to the disk of a device.
//!
//! Called by `cargo xtask flash`. It looks at the disk and at the image and refuses what
//! nobody means ([`Target`], [`Image`]); lays the partition table out for the real disk, under
//! an identity that no other disk has; puts the device's own files into `writable`
//! ([`Identity`]); writes, reads back, and only then writes the table. For a line, [`Line`]
//! gives each disk a row of a table, once.
//!
//! It changes nothing on this machine but the disk that it was given, and the log of a line.
#![forbid(unsafe_code)]

mod cloud_config;
mod disk;
mod error;
#[cfg(test)]
mod fixtures;
mod flash;
mod identity;
mod image;
mod line;
#[cfg(test)]
mod loop_devices;
mod machine;
mod progress;
mod report;
mod table;
mod target;
mod unpacked;
mod writable;

use std::time::Duration;

use image_format::disk::{Guid, Role};

pub use cloud_config::CloudConfig;
pub use disk::{Disk, OpenDisk};
pub use error::{FlashError, IdentityError, LineError};
pub use identity::{Identity, new_disk_guid};
pub use image::Image;
pub use line::{Choice, Claim, End, Line, Taken};
pub use progress::{Phase, Printed, Progress, Silent};
pub use report::FlashReport;
pub use table::DiskSize;
pub use target::{Agreed, Kind, Target, Why};
pub use unpacked::Unpacked;

use crate::flash::{Content, write_all};

/// Flashes `image` to the disk of `target`, which becomes the disk `disk_guid` of a device
/// with that identity.
///
/// # Errors
/// [`FlashError`]. Unless it is [`FlashError::TableUnsure`], the disk is either as it was or
/// boots nothing.
pub fn flash(
    target: &Agreed,
    image: &Image,
    identity: &Identity,
    disk_guid: Guid,
    progress: &mut dyn Progress,
) -> Result<FlashReport, FlashError> {
    let files = identity.files(disk_guid)?;
    let writable = writable::make(image, &files)?;
    let mut disk = OpenDisk::open(target)?;
    let content = Content {
        image,
        writable: writable.as_file(),
        disk_guid,
    };
    let done = write_all(&mut disk, target.device(), &content, progress)?;
    let size = target.size();
    let seconds = |time: Duration| (time.as_secs_f64() * 1000.0).round() / 1000.0;
    Ok(FlashReport {
        device: target.device().to_owned(),
        model: target.model().map(str::to_owned),
        disk_bytes: size.length_bytes,
        sector_bytes: size.sector_bytes,
        disk_guid: disk_guid.to_string(),
        board: image.release.board.clone(),
        product: image.release.product.clone(),
        version: image.release.version,
        manifest_hash: image.release.manifest_hash.to_string(),
        writable_bytes: size.tail_offset() - image.place(Role::Writable).offset_bytes,
        written_bytes: done.written_bytes,
        zeroed_bytes: done.zeroed_bytes,
        write_secs: seconds(done.write_time),
        read_back_secs: seconds(done.read_time),
        host_name: identity.host_name.clone(),
        machine_id: identity.machine_id.clone(),
        serial: identity.serial.clone(),
        files: files.into_iter().map(|file| file.path).collect(),
        row: None,
    })
}
