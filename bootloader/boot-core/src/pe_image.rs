//! A kernel as a PE image: where its parts go in memory, and where it begins.
//!
//! Linux's EFI stub makes the kernel a program of the firmware in the form of PE/COFF
//! (Microsoft's "PE Format"; UEFI 2.10, section 2.1.1 "UEFI Images"). A shell calls this
//! with the kernel's bytes after they were verified, never before, gets memory of the
//! size that is named here, and has the image put there. So the firmware's own
//! `LoadImage` is not needed, which under Secure Boot would ask for a second signature
//! by another key.
//!
//! Not a general loader: a kernel is position independent. What would need relocations,
//! imports or a fixed address is refused by name.

mod error;
mod headers;
mod section;

pub use error::PeError;
pub use headers::Machine;

use core::ops::Range;
use headers::Headers;
use section::{Section, read_sections};

/// More sections than any kernel has, and few enough to keep without an allocator.
pub const MAX_SECTIONS: usize = 16;

/// A kernel's file whose headers make sense.
#[derive(Clone, Debug)]
pub struct PeImage<'a> {
    file: &'a [u8],
    headers: Headers,
    sections: heapless::Vec<Section, MAX_SECTIONS>,
}

impl<'a> PeImage<'a> {
    /// Parses the headers of `file`, which must be for `machine`.
    ///
    /// # Errors
    /// What about the file is not as it must be. Every part of the file and of memory
    /// that a header names was found to be inside, without overlaps.
    pub fn parse(file: &'a [u8], machine: Machine) -> Result<Self, PeError> {
        let headers = Headers::parse(file, machine)?;
        let sections = read_sections(file, &headers)?;
        let image = Self {
            file,
            headers,
            sections,
        };
        let entry = image.entry_offset();
        let begins_in_code = image
            .sections
            .iter()
            .any(|section| section.is_executable && section.memory.contains(&entry));
        if begins_in_code {
            Ok(image)
        } else {
            Err(PeError::EntryOutsideCode)
        }
    }

    /// The room that the image takes in memory, room for its variables included.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.headers.image_bytes
    }

    /// What its address must be a multiple of: a power of two.
    #[must_use]
    pub fn alignment_bytes(&self) -> usize {
        self.headers.alignment_bytes
    }

    /// Where it begins to run, counted from its start.
    #[must_use]
    pub fn entry_offset(&self) -> usize {
        self.headers.entry_offset
    }

    /// What must be executable, counted from its start: its code, or all of it where the
    /// kernel does not claim to bear less (`IMAGE_DLLCHARACTERISTICS_NX_COMPAT`).
    pub fn executable_spans(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let whole = (!self.headers.is_nx_compatible).then_some(0..self.headers.image_bytes);
        let code = self
            .sections
            .iter()
            .filter(|section| section.is_executable && self.headers.is_nx_compatible)
            .map(|section| section.memory.clone());
        whole.into_iter().chain(code)
    }

    /// Lays the image out in `memory`: headers, sections, zeros between and behind them.
    ///
    /// # Errors
    /// [`PeError::Memory`] when `memory` is not of [`size_bytes`](Self::size_bytes).
    pub fn place(&self, memory: &mut [u8]) -> Result<(), PeError> {
        if memory.len() != self.headers.image_bytes {
            return Err(PeError::Memory);
        }
        // What is copied to is not filled before: a kernel is tens of megabytes.
        let headers = 0..self.headers.headers_bytes;
        let mut rest = copy_to_start(self.file, headers.clone(), memory)?;
        let mut placed = headers.end;
        for section in &self.sections {
            let gap = section.memory.start.checked_sub(placed);
            rest = gap
                .and_then(|gap| rest.split_at_mut_checked(gap))
                .map(|(gap, rest)| {
                    gap.fill(0);
                    rest
                })
                .ok_or(PeError::Overlap)?;
            placed = section.memory.start.saturating_add(section.file.len());
            rest = copy_to_start(self.file, section.file.clone(), rest)?;
        }
        rest.fill(0);
        Ok(())
    }
}

/// Gives what lies behind. Both ends were checked while parsing; an error here would be a
/// fault of this module.
fn copy_to_start<'m>(
    file: &[u8],
    from: Range<usize>,
    memory: &'m mut [u8],
) -> Result<&'m mut [u8], PeError> {
    let source = file.get(from).ok_or(PeError::SectionOutsideFile)?;
    let (start, rest) = memory
        .split_at_mut_checked(source.len())
        .ok_or(PeError::SectionOutsideImage)?;
    start.copy_from_slice(source);
    Ok(rest)
}
