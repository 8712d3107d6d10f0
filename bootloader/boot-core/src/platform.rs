//! What a firmware shell offers to the boot, and nothing more.

use embedded_io::{Read, Seek, SeekFrom, Write};
use image_format::{FLOORS_BYTES, Keyring, Refusal, ResetCause};
use image_trust::{Compression, Release, Requirements, Verified};

/// A whole disk, addressed in bytes from its start.
///
/// Any offset and length is accepted; what is aligned to blocks goes straight
/// to the device. `flush` returns when what was written survives a power cut.
pub trait Disk: Read + Write + Seek {}

impl<T: Read + Write + Seek> Disk for T {}

/// The device reports an error, or the disk ends before. Whoever asked can do the same
/// about either: refuse, or go on without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceError;

/// Fills `buffer` from `offset_bytes` on.
///
/// # Errors
/// [`DeviceError`]; what `buffer` holds is then unknown.
pub fn read_at<D: Disk>(
    disk: &mut D,
    offset_bytes: u64,
    buffer: &mut [u8],
) -> Result<(), DeviceError> {
    disk.seek(SeekFrom::Start(offset_bytes))
        .map_err(|_| DeviceError)?;
    disk.read_exact(buffer).map_err(|_| DeviceError)
}

/// Writes `bytes` at `offset_bytes` and flushes.
///
/// # Errors
/// [`DeviceError`]; what lies there is then unknown.
pub fn write_at<D: Disk>(disk: &mut D, offset_bytes: u64, bytes: &[u8]) -> Result<(), DeviceError> {
    disk.seek(SeekFrom::Start(offset_bytes))
        .map_err(|_| DeviceError)?;
    disk.write_all(bytes).map_err(|_| DeviceError)?;
    disk.flush().map_err(|_| DeviceError)
}

/// The board that the loader was built for.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// Its id, as manifests name it.
    pub id: &'static str,
}

/// The firmware would not start the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The firmware's own status code.
    pub status: u64,
}

/// What the second home of the floors holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondHome {
    /// This board has none.
    None,
    /// Nothing: it is new, or has forgotten.
    Absent,
    /// Something that cannot be read, or is not of a record's length and kind.
    Unreadable,
    /// A record, to be parsed as [`Floors`](image_format::Floors).
    Record([u8; FLOORS_BYTES]),
}

/// The second home would not take the floors. What it holds is then unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorsNotWritten;

/// The machine that a boot runs on.
pub trait Platform {
    /// The disk that the loader itself was read from.
    type Disk: Disk;
    /// Page-aligned memory that stays until the kernel takes over.
    type Memory: AsRef<[u8]> + AsMut<[u8]>;

    /// The disk, opened.
    fn disk(&mut self) -> &mut Self::Disk;

    /// How the boot before this one ended, by what outlasts it. Asked once.
    fn reset_cause(&mut self) -> ResetCause;

    /// Reads the second home of the floors: one that the running system cannot write.
    fn read_second_home(&mut self) -> SecondHome;

    /// Writes it; returns when the record survives a power cut. Never called on a board
    /// whose second home is [`SecondHome::None`].
    ///
    /// # Errors
    /// [`FloorsNotWritten`].
    fn write_second_home(&mut self, record: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten>;

    /// Memory of exactly `length_bytes` and of any content, or `None` when there is not
    /// enough.
    fn allocate(&mut self, length_bytes: usize) -> Option<Self::Memory>;

    /// What kernel and initrd are hashed with: the processor's own instructions, where there
    /// are some and they are right.
    fn compression(&mut self) -> Compression {
        Compression::PORTABLE
    }

    /// Verifies an envelope. Firmware has no part in that: a shell leaves it as it is. The
    /// simulator, which boots the same few envelopes a million times, remembers what was
    /// said of the same bytes; what a [`Verified`] is, `image-trust` alone can say.
    ///
    /// # Errors
    /// See [`image_trust::verify_envelope`].
    fn verify_envelope<'a>(
        &mut self,
        keyring: &Verified<Keyring>,
        area: &'a [u8],
        requirements: &Requirements<'_>,
    ) -> Result<Verified<Release<'a>>, Refusal> {
        image_trust::verify_envelope(keyring, area, requirements)
    }

    /// Starts the kernel, guarded by a hardware watchdog where there is one. Returns only
    /// if it could not be started.
    fn start(
        &mut self,
        kernel: Self::Memory,
        initrd: Self::Memory,
        command_line: &str,
    ) -> StartError;
}
