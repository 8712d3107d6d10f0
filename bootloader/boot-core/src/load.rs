//! Reads an image from its slot and verifies every byte that will run.
//!
//! Nothing is read twice: envelope, kernel and initrd are each loaded into
//! memory once, verified there and used from there. Every length comes from the
//! signed manifest and was bounded before the read.

use crate::console::say;
use crate::gpt::{Layout, Partition};
use crate::handover::{CommandLine, append_manifest, command_line, plan_initrd};
use crate::platform::{Board, Platform, read_at};
use image_format::refusal::PartName;
use image_format::{
    BootNumber, Digest, ENVELOPE_BYTES, Floors, Keyring, Part, Refusal, Source, Version,
};
use image_trust::{Release, Requirements, Verified, verify_part};

/// Everything that the firmware needs to start Linux.
pub struct LoadPlan<M> {
    /// The version that is about to run.
    pub version: Version,
    /// Its manifest.
    pub manifest_hash: Digest,
    /// What the floors are held against.
    pub numbers: Floors,
    /// The kernel, as signed.
    pub kernel: M,
    /// The initrd, as signed, and the manifest behind it.
    pub initrd: M,
    /// What the kernel is told.
    pub command_line: CommandLine,
}

/// An image was refused; the version is known once the manifest was trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// Of the image.
    pub version: Option<Version>,
    /// Why.
    pub refusal: Refusal,
}

impl From<Refusal> for LoadError {
    fn from(refusal: Refusal) -> Self {
        Self {
            version: None,
            refusal,
        }
    }
}

/// What an image is measured against.
pub struct Conditions<'a> {
    /// The board of this loader.
    pub board: &'a Board,
    /// The root keys of this loader.
    pub keyring: &'a Verified<Keyring>,
    /// The floors of this device.
    pub floors: Floors,
    /// The disk's partitions.
    pub layout: &'a Layout,
    /// The boot that has begun.
    pub boot_number: BootNumber,
}

/// Reads a slot's envelope and gives what it says to `take`, once it is trusted.
///
/// # Errors
/// The first cause for which the image must not boot.
pub fn with_release<P: Platform, T>(
    platform: &mut P,
    conditions: &Conditions<'_>,
    source: Source,
    take: impl FnOnce(&mut P, &Partition, &Verified<Release<'_>>) -> Result<T, LoadError>,
) -> Result<T, LoadError> {
    let (partition, area) = read_envelope(platform, conditions, source)?;
    let requirements = Requirements {
        kind: source.into(),
        board: conditions.board.id,
        floors: conditions.floors,
        slot_length_bytes: partition.length_bytes,
    };
    let release = platform.verify_envelope(conditions.keyring, area.as_ref(), &requirements)?;
    take(platform, &partition, &release)
}

/// Where the slot lies, and what is at its start.
fn read_envelope<P: Platform>(
    platform: &mut P,
    conditions: &Conditions<'_>,
    source: Source,
) -> Result<(Partition, P::Memory), Refusal> {
    let partition = conditions
        .layout
        .partition(source.into())
        .filter(|partition| partition.length_bytes >= ENVELOPE_BYTES as u64)
        .ok_or(Refusal::NoPartition)?;
    // No memory for 64 KiB is no memory for a kernel.
    let no_memory = Refusal::NoMemory {
        part: PartName::Kernel,
    };
    let mut area = platform.allocate(ENVELOPE_BYTES).ok_or(no_memory)?;
    read_at(platform.disk(), partition.offset_bytes, area.as_mut())
        .map_err(|_| Refusal::Unreadable)?;
    Ok((partition, area))
}

/// The numbers of the image of `source`, if its envelope verifies.
pub fn read_numbers<P: Platform>(
    platform: &mut P,
    conditions: &Conditions<'_>,
    source: Source,
) -> Option<Floors> {
    with_release(platform, conditions, source, |_, _, release| {
        Ok(numbers(release))
    })
    .ok()
}

fn numbers(release: &Verified<Release<'_>>) -> Floors {
    Floors {
        epoch: release.manifest.epoch,
        serial: release.delegation_serial,
    }
}

/// Loads the image of `source` whole.
///
/// # Errors
/// The first cause for which the image must not boot.
pub fn load<P: Platform>(
    platform: &mut P,
    conditions: &Conditions<'_>,
    source: Source,
) -> Result<LoadPlan<P::Memory>, LoadError> {
    with_release(
        platform,
        conditions,
        source,
        |platform, partition, release| {
            let version = release.manifest.version;
            load_parts(platform, conditions, source, partition, release).map_err(|refusal| {
                LoadError {
                    version: Some(version),
                    refusal,
                }
            })
        },
    )
}

fn load_parts<P: Platform>(
    platform: &mut P,
    conditions: &Conditions<'_>,
    source: Source,
    partition: &Partition,
    release: &Verified<Release<'_>>,
) -> Result<LoadPlan<P::Memory>, Refusal> {
    let manifest = &release.manifest;
    let guid = conditions.layout.disk_guid;
    let sha256 = platform.compression();
    let command_line = command_line(manifest, source, guid, conditions.boot_number)?;

    say(format_args!(
        "loading the kernel, {} bytes",
        manifest.kernel.length_bytes
    ));
    let length = length_of(&manifest.kernel, PartName::Kernel)?;
    let mut kernel = platform.allocate(length).ok_or(Refusal::NoMemory {
        part: PartName::Kernel,
    })?;
    read_part(platform, partition, &manifest.kernel, kernel.as_mut())?;
    let kernel = verify_part(PartName::Kernel, &manifest.kernel, kernel, sha256)?.into_inner();

    say(format_args!(
        "loading the initrd, {} bytes",
        manifest.initrd.length_bytes
    ));
    let no_memory = || Refusal::NoMemory {
        part: PartName::Initrd,
    };
    let length = length_of(&manifest.initrd, PartName::Initrd)?;
    let plan = plan_initrd(length, release.manifest_frame.len()).ok_or_else(no_memory)?;
    let mut initrd = platform.allocate(plan.end).ok_or_else(no_memory)?;
    let image = initrd
        .as_mut()
        .get_mut(..plan.image_end)
        .ok_or_else(no_memory)?;
    read_part(platform, partition, &manifest.initrd, image)?;
    verify_part(PartName::Initrd, &manifest.initrd, &*image, sha256)?;
    append_manifest(initrd.as_mut(), &plan, release.manifest_frame).ok_or_else(no_memory)?;

    Ok(LoadPlan {
        version: manifest.version,
        manifest_hash: release.manifest_hash,
        numbers: numbers(release),
        kernel,
        initrd,
        command_line,
    })
}

fn length_of(part: &Part, name: PartName) -> Result<usize, Refusal> {
    usize::try_from(part.length_bytes).map_err(|_| Refusal::NoMemory { part: name })
}

fn read_part<P: Platform>(
    platform: &mut P,
    partition: &Partition,
    part: &Part,
    memory: &mut [u8],
) -> Result<(), Refusal> {
    let offset = partition.offset_bytes.saturating_add(part.offset_bytes);
    read_at(platform.disk(), offset, memory).map_err(|_| Refusal::Unreadable)
}
