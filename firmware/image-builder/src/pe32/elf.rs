//! The ELF program: its segments, and which of its words hold addresses.

use object::LittleEndian;
use object::elf::{
    DT_DEBUG, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH, DT_HASH, DT_NULL, DT_REL, DT_RELCOUNT, DT_RELENT,
    DT_RELSZ, DT_STRSZ, DT_STRTAB, DT_SYMENT, DT_SYMTAB, Dyn32, EM_ARM, ET_DYN, FileHeader32, PF_W,
    PF_X, PT_ARM_EXIDX, PT_DYNAMIC, PT_GNU_STACK, PT_LOAD, PT_NULL, PT_PHDR, ProgramHeader32,
    R_ARM_RELATIVE, Rel32,
};
use object::pod::slice_from_all_bytes;
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};

use super::Pe32Error;

/// What sections are aligned to, and where the first may begin.
pub(super) const PAGE_BYTES: u32 = 4096;

const ENDIAN: LittleEndian = LittleEndian;
const WORD_BYTES: u32 = 4;

/// A part of the program as it is loaded.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) address: u32,
    pub(super) memory_bytes: u32,
    pub(super) content: &'a [u8],
    pub(super) is_code: bool,
}

/// A program that runs anywhere.
#[derive(Debug)]
pub(super) struct Program<'a> {
    pub(super) entry: u32,
    /// In the order of their addresses, each in pages of its own.
    pub(super) segments: Vec<Segment<'a>>,
    /// The addresses of all words that hold one, sorted. The words count from address 0.
    pub(super) relocated: Vec<u32>,
}

impl<'a> Program<'a> {
    pub(super) fn parse(elf: &'a [u8]) -> Result<Self, Pe32Error> {
        let header = FileHeader32::<LittleEndian>::parse(elf).map_err(|_| Pe32Error::NotElf)?;
        if !header.is_little_endian() {
            return Err(Pe32Error::NotElf);
        }
        let machine = header.e_machine.get(ENDIAN);
        if machine != EM_ARM {
            return Err(Pe32Error::Machine { found: machine.0 });
        }
        if header.e_type.get(ENDIAN) != ET_DYN {
            return Err(Pe32Error::NotPositionIndependent);
        }
        let parts = header
            .program_headers(ENDIAN, elf)
            .map_err(|_| Pe32Error::NotElf)?;
        let mut program = Self {
            entry: header.e_entry.get(ENDIAN),
            segments: Vec::new(),
            relocated: Vec::new(),
        };
        let mut dynamic: &[Dyn32<LittleEndian>] = &[];
        for part in parts {
            match part.p_type.get(ENDIAN) {
                PT_LOAD => program.add(part, elf)?,
                PT_DYNAMIC => {
                    let entries = part.dynamic(ENDIAN, elf).map_err(|_| Pe32Error::NotElf)?;
                    dynamic = entries.ok_or(Pe32Error::NotElf)?;
                }
                PT_NULL | PT_PHDR | PT_GNU_STACK | PT_ARM_EXIDX => {}
                kind => return Err(Pe32Error::Segment { kind: kind.0 }),
            }
        }
        program.relocated = program.find_relocated(dynamic)?;
        let entry = program.entry;
        match program.segments.iter().find(|part| part.holds(entry, 1)) {
            Some(segment) if segment.is_code => Ok(program),
            _ => Err(Pe32Error::Entry { address: entry }),
        }
    }

    fn add(
        &mut self,
        part: &ProgramHeader32<LittleEndian>,
        elf: &'a [u8],
    ) -> Result<(), Pe32Error> {
        let segment = Segment {
            address: part.p_vaddr.get(ENDIAN),
            memory_bytes: part.p_memsz.get(ENDIAN),
            content: part.data(ENDIAN, elf).map_err(|()| Pe32Error::NotElf)?,
            is_code: part.p_flags.get(ENDIAN).contains(PF_X),
        };
        let address = segment.address;
        if segment.is_code && part.p_flags.get(ENDIAN).contains(PF_W) {
            return Err(Pe32Error::WritableCode { address });
        }
        let free_from = self.segments.last().map_or(PAGE_BYTES, Segment::end);
        // Half of the addresses: sums of what is checked here stay in range.
        let fits = segment.memory_bytes >= segment.content.len() as u32
            && u64::from(address) + u64::from(segment.memory_bytes) < 1 << 31;
        if !address.is_multiple_of(PAGE_BYTES) || address < free_from || !fits {
            return Err(Pe32Error::Place { address });
        }
        self.segments.push(segment);
        Ok(())
    }

    fn find_relocated(&self, dynamic: &[Dyn32<LittleEndian>]) -> Result<Vec<u32>, Pe32Error> {
        let (mut table, mut table_bytes) = (0, 0);
        for entry in dynamic {
            let value = entry.d_val(ENDIAN);
            match entry.d_tag(ENDIAN) {
                DT_NULL => break,
                DT_REL => table = value,
                DT_RELSZ => table_bytes = value,
                DT_RELENT | DT_RELCOUNT | DT_FLAGS | DT_FLAGS_1 | DT_DEBUG | DT_SYMTAB
                | DT_SYMENT | DT_STRTAB | DT_STRSZ | DT_HASH | DT_GNU_HASH => {}
                tag => return Err(Pe32Error::Dynamic { tag: tag.0 }),
            }
        }
        if table_bytes == 0 {
            return Ok(Vec::new());
        }
        let bytes = self
            .content_at(table, table_bytes)
            .ok_or(Pe32Error::RelocatesOutside { address: table })?;
        let relocations: &[Rel32<LittleEndian>] =
            slice_from_all_bytes(bytes).map_err(|()| Pe32Error::NotElf)?;
        let addresses = relocations.iter().map(|one| self.relocated_by(one));
        let mut addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        addresses.sort_unstable();
        Ok(addresses)
    }

    /// The word that a relocation changes: it holds an address of this program.
    fn relocated_by(&self, relocation: &Rel32<LittleEndian>) -> Result<u32, Pe32Error> {
        let address = relocation.r_offset.get(ENDIAN);
        let (kind, symbol) = (relocation.r_type(ENDIAN), relocation.r_sym(ENDIAN));
        if kind != R_ARM_RELATIVE || symbol != 0 {
            return Err(Pe32Error::Relocation {
                kind: kind.0,
                address,
            });
        }
        let word = self.content_at(address, WORD_BYTES);
        let word = word.and_then(|word| word.first_chunk().copied());
        let value = word.map(u32::from_le_bytes);
        // One past the end of something is an address, too.
        let is_inside = |value: &u32| {
            self.segments
                .iter()
                .any(|segment| (segment.address..=segment.end()).contains(value))
        };
        match value.filter(is_inside) {
            Some(_) => Ok(address),
            None => Err(Pe32Error::RelocatesOutside { address }),
        }
    }

    fn content_at(&self, address: u32, length_bytes: u32) -> Option<&'a [u8]> {
        self.segments.iter().find_map(|segment| {
            let start = address.checked_sub(segment.address)? as usize;
            let end = start.checked_add(length_bytes as usize)?;
            segment.content.get(start..end)
        })
    }
}

impl Segment<'_> {
    /// The first address behind it.
    pub(super) fn end(&self) -> u32 {
        self.address + self.memory_bytes
    }

    fn holds(&self, address: u32, length_bytes: u32) -> bool {
        address >= self.address && address.saturating_add(length_bytes) <= self.end()
    }
}
