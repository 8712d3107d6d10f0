//! A device with two slots: a disk in memory that is written and read at the same time.

use crate::image::Release;
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use http_file::{Interruption, Patience};
use release_source::{Adaptive, Detour, Seed, Seeds, Tally, take_release};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use system_update::SourceError;

pub(crate) const SLOT_BYTES: usize = 16 << 20;

/// Nobody waits long in tests.
const PATIENCE: Patience = Patience {
    failures: 2,
    first_pause: Duration::ZERO,
    longest_pause: Duration::ZERO,
    ..Patience::OF_A_PERSON
};

/// System A runs, and system B is written.
pub(crate) struct Device {
    disk: Disk,
    cut_after: Option<usize>,
}

/// What an update came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) error: Option<String>,
    pub(crate) tally: Tally,
    pub(crate) detour: Option<Detour>,
}

impl Device {
    pub(crate) fn running(image: &[u8]) -> Self {
        let mut bytes = image.to_vec();
        bytes.resize(2 * SLOT_BYTES, 0);
        Self {
            disk: Disk {
                bytes: Rc::new(RefCell::new(bytes)),
                position: 0,
                running_bytes: image.len(),
                rots: None,
            },
            cut_after: None,
        }
    }

    /// The next update is cut so far behind the start of the slot.
    pub(crate) fn power_goes_after(&mut self, bytes: usize) {
        self.cut_after = Some(bytes);
    }

    pub(crate) fn power_stays(&mut self) {
        self.cut_after = None;
    }

    /// Once the source has read to the end of the running image, a byte of it is another.
    pub(crate) fn running_rots_after_the_scan_at(&mut self, byte: usize) {
        self.disk.rots = Some(byte);
    }

    /// Writes the release at `address` into system B, which has to be `expected` then.
    pub(crate) fn update(&mut self, address: &str, expected: &Release) -> Outcome {
        let running = Seed {
            offset_bytes: 0,
            length_bytes: self.disk.running_bytes as u64,
        };
        let target = Seed {
            offset_bytes: SLOT_BYTES as u64,
            length_bytes: SLOT_BYTES as u64,
        };
        let wait = |_: &Interruption| ();
        let mut source = Adaptive::open(address, PATIENCE, wait, self.disk.clone())
            .unwrap()
            .with_seeds(Seeds {
                running: Some(running),
                target: Some(target),
            });
        let mut is_wrong = false;
        let cut_after = self.cut_after.unwrap_or(usize::MAX);
        let slot = Rc::clone(&self.disk.bytes);
        let taken = take_release(&mut source, &expected.parts, |offset, piece| {
            let offset = usize::try_from(offset).unwrap();
            let length = piece.len().min(cut_after.saturating_sub(offset));
            let place = SLOT_BYTES + offset;
            slot.borrow_mut()[place..place + length].copy_from_slice(&piece[..length]);
            is_wrong |= piece != &expected.bytes[offset..offset + piece.len()];
            match length < piece.len() {
                true => Err(SourceError::Unreadable("the power went".to_owned())),
                false => Ok(()),
            }
        });
        assert!(!is_wrong, "the slot holds other bytes than the release");
        Outcome {
            error: taken.err().map(|error| error.to_string()),
            tally: source.tally(),
            detour: source.detour().cloned(),
        }
    }
}

/// Shared by who writes it and who reads it.
#[derive(Clone)]
struct Disk {
    bytes: Rc<RefCell<Vec<u8>>>,
    position: usize,
    running_bytes: usize,
    rots: Option<usize>,
}

impl ErrorType for Disk {
    type Error = ErrorKind;
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut bytes = self.bytes.borrow_mut();
        let rest = bytes.get(self.position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        if self.position == self.running_bytes
            && let Some(byte) = self.rots.take()
        {
            bytes[byte] ^= 1;
        }
        Ok(length)
    }
}

/// A source only reads.
impl Write for Disk {
    fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
        Err(ErrorKind::PermissionDenied)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Err(ErrorKind::PermissionDenied)
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        let SeekFrom::Start(position) = to else {
            return Err(ErrorKind::Unsupported);
        };
        self.position = usize::try_from(position).map_err(|_| ErrorKind::InvalidInput)?;
        Ok(position)
    }
}
