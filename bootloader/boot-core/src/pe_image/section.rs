//! The sections of a PE file (PE Format: "Section Table").

use core::ops::Range;

use super::headers::{Headers, length_at, u32_at};
use super::{MAX_SECTIONS, PeError};

const SECTION_HEADER_BYTES: usize = 40;
/// `IMAGE_SCN_MEM_EXECUTE`
const EXECUTABLE: u32 = 0x2000_0000;

/// A section: where it is in the file, and where in memory. What memory has more is zeros.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) file: Range<usize>,
    pub(super) memory: Range<usize>,
    pub(super) is_executable: bool,
}

/// All sections, found to be inside the file and the image, in order, without overlaps.
pub(super) fn read_sections(
    file: &[u8],
    headers: &Headers,
) -> Result<heapless::Vec<Section, MAX_SECTIONS>, PeError> {
    let table = file
        .get(headers.section_table.clone())
        .ok_or(PeError::Truncated)?;
    let mut sections = heapless::Vec::new();
    let mut free_from = headers.headers_bytes;
    for header in table.chunks_exact(SECTION_HEADER_BYTES) {
        let section = Section::parse(header)?;
        if section.memory.start < free_from {
            return Err(PeError::Overlap);
        }
        if section.memory.end > headers.image_bytes {
            return Err(PeError::SectionOutsideImage);
        }
        if section.file.end > file.len() {
            return Err(PeError::SectionOutsideFile);
        }
        free_from = section.memory.end;
        sections
            .push(section)
            .map_err(|_| PeError::TooManySections { found: u16::MAX })?;
    }
    Ok(sections)
}

impl Section {
    fn parse(header: &[u8]) -> Result<Self, PeError> {
        let virtual_bytes = length_at(header, 8)?;
        let memory_start = length_at(header, 12)?;
        let file_bytes = length_at(header, 16)?;
        let file_start = length_at(header, 20)?;
        // A length in memory of zero means that of the file; a file longer than the
        // section is padding.
        let memory_bytes = match virtual_bytes {
            0 => file_bytes,
            bytes => bytes,
        };
        let copied = file_bytes.min(memory_bytes);
        let memory_end = memory_start.checked_add(memory_bytes);
        // Without content, where it would be does not matter.
        let file_start = if copied == 0 { 0 } else { file_start };
        let file_end = file_start.checked_add(copied);
        Ok(Self {
            file: file_start..file_end.ok_or(PeError::SectionOutsideFile)?,
            memory: memory_start..memory_end.ok_or(PeError::SectionOutsideImage)?,
            is_executable: u32_at(header, 36)? & EXECUTABLE != 0,
        })
    }
}
