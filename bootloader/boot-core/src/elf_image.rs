//! A kernel as an ELF file: where its parts go in memory, and where it begins.
//!
//! On POWER the kernel is `vmlinux`, 64-bit and little-endian, and Open Firmware enters it
//! at its own entry (System V ABI, "Program Loading"; Power Architecture 64-bit ELF V2
//! ABI, chapter 4). A shell calls this with the kernel's bytes after they were verified,
//! never before, gets memory of the size that is named here, and has the image put there.
//! The shell itself may be of 32 bits and big-endian: every field is read as what it is.
//!
//! Not a general loader: the addresses of a kernel only say how its segments lie to one
//! another, for it runs, and relocates itself, wherever it was put.

mod error;

pub use error::ElfError;

use core::ops::Range;

/// More segments than any kernel has, and few enough to keep without an allocator.
pub const MAX_SEGMENTS: usize = 8;
/// No kernel is larger: sizes beyond it do not fit the memory that firmware gives.
pub const MAX_IMAGE_BYTES: u64 = 1 << 30;

const MAGIC: &[u8] = b"\x7fELF";
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const EXECUTABLE: u16 = 2;
/// A kernel that was linked to be relocated.
const SHARED_OBJECT: u16 = 3;
const MACHINE_PPC64: u16 = 21;
const PROGRAM_HEADER_BYTES: usize = 56;
const LOAD: u32 = 1;
const IS_EXECUTABLE: u32 = 1;

/// A kernel's file whose headers make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElfImage<'a> {
    file: &'a [u8],
    segments: heapless::Vec<Segment, MAX_SEGMENTS>,
    image_bytes: usize,
    entry_offset: usize,
}

/// What goes from the file to memory, counted from the image's start.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    file: Range<usize>,
    memory: Range<usize>,
    is_executable: bool,
}

impl<'a> ElfImage<'a> {
    /// Parses the headers of `file`.
    ///
    /// # Errors
    /// What about the file is not as it must be. Every part of the file and of memory
    /// that a header names was found to be inside, in order and without overlaps.
    pub fn parse(file: &'a [u8]) -> Result<Self, ElfError> {
        check_identity(file)?;
        let table = program_headers(file)?;
        let base = base_address(table)?;
        let mut segments = heapless::Vec::new();
        let mut end = 0;
        for header in loaded(table) {
            let segment = Segment::parse(header, base, file.len())?;
            if segment.memory.start < end {
                return Err(ElfError::Overlap);
            }
            end = segment.memory.end;
            segments
                .push(segment)
                .map_err(|_| ElfError::TooManySegments)?;
        }
        let entry = u64_at(file, 24)?.checked_sub(base);
        let entry_offset = entry.and_then(|entry| usize::try_from(entry).ok());
        let image = Self {
            file,
            segments,
            image_bytes: end,
            entry_offset: entry_offset.ok_or(ElfError::EntryOutsideCode)?,
        };
        let begins_in_code = image
            .segments
            .iter()
            .any(|segment| segment.is_executable && segment.memory.contains(&image.entry_offset));
        if begins_in_code {
            Ok(image)
        } else {
            Err(ElfError::EntryOutsideCode)
        }
    }

    /// The room that the image takes in memory, room for its variables included.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.image_bytes
    }

    /// Where it begins to run, counted from its start.
    #[must_use]
    pub fn entry_offset(&self) -> usize {
        self.entry_offset
    }

    /// Lays the image out in `memory`: its segments, zeros between and behind them.
    ///
    /// # Errors
    /// [`ElfError::Memory`] when `memory` is not of [`size_bytes`](Self::size_bytes).
    pub fn place(&self, memory: &mut [u8]) -> Result<(), ElfError> {
        if memory.len() != self.image_bytes {
            return Err(ElfError::Memory);
        }
        memory.fill(0);
        for segment in &self.segments {
            // Both ends were checked while parsing.
            let content = self.file.get(segment.file.clone());
            let content = content.ok_or(ElfError::SegmentOutsideFile)?;
            memory
                .get_mut(segment.memory.clone())
                .and_then(|room| room.get_mut(..content.len()))
                .ok_or(ElfError::SegmentOutsideImage)?
                .copy_from_slice(content);
        }
        Ok(())
    }
}

impl Segment {
    /// `base` is the address of the image's start.
    fn parse(header: &[u8], base: u64, file_bytes: usize) -> Result<Self, ElfError> {
        let length_in_file = u64_at(header, 32)?;
        let length_in_memory = u64_at(header, 40)?;
        if length_in_file > length_in_memory {
            return Err(ElfError::SegmentOutsideImage);
        }
        let file = range(u64_at(header, 8)?, length_in_file);
        let file = file.filter(|file| file.end <= file_bytes);
        let start = u64_at(header, 16)?.checked_sub(base);
        let start = start.ok_or(ElfError::Overlap)?;
        let memory = range(start, length_in_memory);
        let memory = memory.filter(|memory| memory.end as u64 <= MAX_IMAGE_BYTES);
        Ok(Self {
            file: file.ok_or(ElfError::SegmentOutsideFile)?,
            memory: memory.ok_or(ElfError::SegmentOutsideImage)?,
            is_executable: u32_at(header, 4)? & IS_EXECUTABLE != 0,
        })
    }
}

fn check_identity(file: &[u8]) -> Result<(), ElfError> {
    if !file.starts_with(MAGIC) {
        return Err(ElfError::NotElf);
    }
    let [class, order] = *array_at(file, 4)?;
    if class != CLASS_64 || order != LITTLE_ENDIAN {
        return Err(ElfError::Form { class, order });
    }
    let found = u16_at(file, 18)?;
    if found != MACHINE_PPC64 {
        return Err(ElfError::Machine { found });
    }
    match u16_at(file, 16)? {
        EXECUTABLE | SHARED_OBJECT => Ok(()),
        _ => Err(ElfError::NotExecutable),
    }
}

/// The table of program headers, a whole number of them.
fn program_headers(file: &[u8]) -> Result<&[u8], ElfError> {
    if usize::from(u16_at(file, 54)?) != PROGRAM_HEADER_BYTES {
        return Err(ElfError::Truncated);
    }
    let count = usize::from(u16_at(file, 56)?);
    let length = count.saturating_mul(PROGRAM_HEADER_BYTES);
    let start = usize::try_from(u64_at(file, 32)?).map_err(|_| ElfError::Truncated)?;
    let table = file.get(start..).and_then(|rest| rest.get(..length));
    table.ok_or(ElfError::Truncated)
}

/// Those of the segments that take room in memory.
fn loaded(table: &[u8]) -> impl Iterator<Item = &[u8]> {
    let takes_room = |header: &&[u8]| u32_at(header, 0) == Ok(LOAD) && u64_at(header, 40) != Ok(0);
    table.chunks_exact(PROGRAM_HEADER_BYTES).filter(takes_room)
}

/// The address of the first segment: they must come in order.
fn base_address(table: &[u8]) -> Result<u64, ElfError> {
    let first = loaded(table).next().ok_or(ElfError::NoSegment)?;
    u64_at(first, 16)
}

fn range(start: u64, length: u64) -> Option<Range<usize>> {
    let end = usize::try_from(start.checked_add(length)?).ok()?;
    Some(usize::try_from(start).ok()?..end)
}

fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Result<&[u8; N], ElfError> {
    let rest = bytes.get(offset..);
    rest.and_then(<[u8]>::first_chunk)
        .ok_or(ElfError::Truncated)
}

fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, ElfError> {
    array_at(bytes, offset).map(|field| u16::from_le_bytes(*field))
}

fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, ElfError> {
    array_at(bytes, offset).map(|field| u32::from_le_bytes(*field))
}

fn u64_at(bytes: &[u8], offset: usize) -> Result<u64, ElfError> {
    array_at(bytes, offset).map(|field| u64::from_le_bytes(*field))
}
