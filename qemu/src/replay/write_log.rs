//! The log of a disk's writes, as QEMU's `blklogwrites` notes it: in the order in which they
//! were done, with the flushes between them.
//!
//! The format is that of Linux' dm-log-writes, all little-endian. The first sector holds the
//! magic, a version, the number of entries and the size of a sector. Each entry is one
//! sector (first sector, number of sectors, flags, length of a mark) and the data behind it.
//! Specification: <https://docs.kernel.org/admin-guide/device-mapper/log-writes.html>.
//!
//! QEMU brings the number of entries up to date at a flush, not at the end: the log is read
//! to the end of the file, and the number is what it must have at least.

use std::fmt;
use std::ops::Range;

/// The unit of offsets and lengths, which QEMU is told to use.
pub const SECTOR_BYTES: usize = 512;

const MAGIC: u64 = 0x006a_7366_7773_6872;
const VERSION: u64 = 1;

const FLUSH: u64 = 1;
const FORCED: u64 = 2;
const DISCARD: u64 = 4;

/// What the machine asked of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// These bytes, whole sectors, from that sector on.
    Write {
        /// The first sector.
        sector: u64,
        /// What was written.
        bytes: &'a [u8],
    },
    /// Nobody needs these sectors any more. QEMU makes holes of them.
    Discard {
        /// The first sector.
        sector: u64,
        /// How many.
        sectors: u64,
    },
    /// Everything before is to survive a loss of power.
    Flush,
}

impl Request<'_> {
    /// The sectors that it changes.
    #[must_use]
    pub fn sectors(&self) -> Range<u64> {
        match *self {
            Self::Write { sector, bytes } => sector..sector + (bytes.len() / SECTOR_BYTES) as u64,
            Self::Discard { sector, sectors } => sector..sector.saturating_add(sectors),
            Self::Flush => 0..0,
        }
    }
}

/// Why a file is no whole log of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogError {
    /// It does not begin with the header of a log.
    NoLog,
    /// A version of the format that nobody has described.
    Version(u64),
    /// It counts in sectors of another size.
    SectorBytes(u32),
    /// An entry that is something unknown, by its number from 0 on.
    Unknown {
        /// Which entry.
        entry: u64,
        /// Its flags.
        flags: u64,
    },
    /// The file ends inside this entry.
    CutOff {
        /// Which entry.
        entry: u64,
    },
    /// There are fewer entries than the header counts.
    Missing {
        /// As the header has it.
        counted: u64,
        /// In the file.
        found: u64,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot use the log of writes: ")?;
        match self {
            Self::NoLog => f.write_str("it does not begin as a log of blklogwrites does"),
            Self::Version(version) => write!(f, "its version is {version} instead of {VERSION}"),
            Self::SectorBytes(bytes) => write!(
                f,
                "it counts in sectors of {bytes} bytes; record it with log-sector-size={SECTOR_BYTES}"
            ),
            Self::Unknown { entry, flags } => {
                write!(f, "entry {entry} has the unknown flags {flags:#x}")
            }
            Self::CutOff { entry } => write!(
                f,
                "it ends inside entry {entry}; let QEMU end before it is read"
            ),
            Self::Missing { counted, found } => {
                write!(f, "it has {found} entries, and its header counts {counted}")
            }
        }
    }
}

impl std::error::Error for LogError {}

/// All requests of a log, in their order.
///
/// # Errors
/// See [`LogError`].
pub fn parse_log(log: &[u8]) -> Result<Vec<Request<'_>>, LogError> {
    let mut sectors = Sectors(log);
    let header = sectors.take(1).ok_or(LogError::NoLog)?;
    let [magic, version, counted] = [0, 8, 16].map(|at| number(header, at));
    if magic != MAGIC {
        return Err(LogError::NoLog);
    }
    if version != VERSION {
        return Err(LogError::Version(version));
    }
    let sector_bytes = number(header, 24) as u32;
    if sector_bytes as usize != SECTOR_BYTES {
        return Err(LogError::SectorBytes(sector_bytes));
    }
    let mut requests = Vec::new();
    let mut entry = 0;
    while !sectors.0.is_empty() {
        read_entry(&mut sectors, entry, &mut requests)?;
        entry += 1;
    }
    if entry < counted {
        let found = entry;
        return Err(LogError::Missing { counted, found });
    }
    Ok(requests)
}

fn read_entry<'a>(
    sectors: &mut Sectors<'a>,
    entry: u64,
    requests: &mut Vec<Request<'a>>,
) -> Result<(), LogError> {
    let cut_off = LogError::CutOff { entry };
    let head = sectors.take(1).ok_or(cut_off)?;
    let [sector, length, flags] = [0, 8, 16].map(|at| number(head, at));
    if flags & !(FLUSH | FORCED | DISCARD) != 0 {
        return Err(LogError::Unknown { entry, flags });
    }
    // A flush that comes with a write comes before it.
    if flags & FLUSH != 0 {
        requests.push(Request::Flush);
    }
    if flags & DISCARD != 0 {
        let sectors = length;
        requests.push(Request::Discard { sector, sectors });
    } else if length > 0 {
        let bytes = sectors.take(length).ok_or(cut_off)?;
        requests.push(Request::Write { sector, bytes });
    }
    Ok(())
}

/// What is left of the log.
struct Sectors<'a>(&'a [u8]);

impl<'a> Sectors<'a> {
    fn take(&mut self, sectors: u64) -> Option<&'a [u8]> {
        let bytes = usize::try_from(sectors).ok()?.checked_mul(SECTOR_BYTES)?;
        let (taken, left) = self.0.split_at_checked(bytes)?;
        self.0 = left;
        Some(taken)
    }
}

/// Of a header, which is a whole sector.
fn number(header: &[u8], at: usize) -> u64 {
    header[at..]
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A log with these entries: first sector, sectors, flags, and what follows.
    pub(in crate::replay) fn log(counted: u64, entries: &[(u64, u64, u64, &[u8])]) -> Vec<u8> {
        let mut log = sector(&[MAGIC, VERSION, counted, SECTOR_BYTES as u64]);
        for (first, sectors, flags, bytes) in entries {
            log.extend(sector(&[*first, *sectors, *flags, 0]));
            log.extend(*bytes);
        }
        log
    }

    fn sector(numbers: &[u64]) -> Vec<u8> {
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|one| one.to_le_bytes()).collect();
        bytes.resize(SECTOR_BYTES, 0);
        bytes
    }

    const TWO: &[u8] = &[0xee; 2 * SECTOR_BYTES];

    #[test]
    fn requests_come_in_their_order() {
        let log = log(
            3,
            &[
                (7, 2, 0, TWO),
                (0, 0, FLUSH, &[]),
                (9, 2, FLUSH | FORCED, TWO),
                // Behind the last flush: not counted yet.
                (100, 8, DISCARD, &[]),
            ],
        );
        let write = |sector| Request::Write { sector, bytes: TWO };
        let (sector, sectors) = (100, 8);
        assert_eq!(
            parse_log(&log).unwrap(),
            [
                write(7),
                Request::Flush,
                Request::Flush,
                write(9),
                Request::Discard { sector, sectors }
            ]
        );
    }

    #[test]
    fn what_is_no_log_is_refused_by_name() {
        let good = log(0, &[]);
        let changed = |at: usize, byte| {
            let mut log = good.clone();
            log[at] = byte;
            parse_log(&log).unwrap_err()
        };
        assert_eq!(changed(0, 0), LogError::NoLog);
        assert_eq!(changed(8, 2), LogError::Version(2));
        assert_eq!(changed(25, 16), LogError::SectorBytes(4096));
        for length in [0, 1, SECTOR_BYTES - 1] {
            assert_eq!(parse_log(&good[..length]), Err(LogError::NoLog));
        }
        assert_eq!(parse_log(&good), Ok(vec![]));
    }

    #[test]
    fn a_log_that_is_not_whole_is_refused_at_every_length() {
        let entries: &[(u64, u64, u64, &[u8])] = &[(7, 2, 0, TWO), (0, 0, FLUSH, &[])];
        let whole = log(2, entries);
        assert_eq!(parse_log(&whole).unwrap().len(), 2);
        let ends = [SECTOR_BYTES, 4 * SECTOR_BYTES];
        for length in SECTOR_BYTES..whole.len() {
            let expected = match ends.iter().position(|end| *end == length) {
                Some(found) => LogError::Missing {
                    counted: 2,
                    found: found as u64,
                },
                None => LogError::CutOff {
                    entry: u64::from(length > ends[1]),
                },
            };
            assert_eq!(parse_log(&whole[..length]), Err(expected), "{length}");
        }
    }

    #[test]
    fn an_entry_of_an_unknown_kind_is_refused() {
        // The first is a mark, which people set and QEMU does not.
        for flags in [8, 16, 1 << 63] {
            let refused = parse_log(&log(1, &[(0, 0, flags, &[])])).map(|_| ());
            assert_eq!(refused, Err(LogError::Unknown { entry: 0, flags }));
        }
    }

    #[test]
    fn an_absurd_length_is_refused() {
        for sectors in [u64::MAX, u64::MAX / SECTOR_BYTES as u64 + 1] {
            let refused = parse_log(&log(1, &[(0, sectors, 0, TWO)])).map(|_| ());
            assert_eq!(refused, Err(LogError::CutOff { entry: 0 }));
        }
    }
}
