//! A small kernel's file: headers, a section of code, one of data with variables behind.

/// Where the optional header begins.
pub(crate) const OPTIONAL_HEADER: usize = 0x58;
/// Where the section headers begin, in a PE32+ file.
pub(crate) const SECTION_TABLE: usize = OPTIONAL_HEADER + 160;

const CODE: u32 = 0x6000_0020;
const DATA: u32 = 0xc000_0040;

/// What differs from processor to processor.
pub(crate) struct Kernel {
    machine: u16,
    magic: u16,
    directory_count_at: usize,
}

impl Kernel {
    pub(crate) fn x86_64() -> Self {
        Self {
            machine: 0x8664,
            magic: 0x20b,
            directory_count_at: 108,
        }
    }

    pub(crate) fn aarch64() -> Self {
        Self {
            machine: 0xaa64,
            ..Self::x86_64()
        }
    }

    pub(crate) fn arm() -> Self {
        Self {
            machine: 0x1c2,
            magic: 0x10b,
            directory_count_at: 92,
        }
    }

    /// 0x200 bytes of headers, 0x400 of code for 0x1000, 0x100 of data for 0x1800.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut file: Vec<u8> = (0..0x700_u32).map(|at| (at % 251) as u8 | 1).collect();
        file[..0x200].fill(0);
        let optional_bytes = self.directory_count_at + 4 + 6 * 8;
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"MZ");
        put(0x3c, &0x40_u32.to_le_bytes());
        put(0x40, b"PE\0\0");
        put(0x44, &self.machine.to_le_bytes());
        put(0x46, &2_u16.to_le_bytes());
        put(0x54, &(optional_bytes as u16).to_le_bytes());
        put(0x56, &0x206_u16.to_le_bytes());
        put(OPTIONAL_HEADER, &self.magic.to_le_bytes());
        for (offset, value) in [
            (16, 0x1010_u32),
            (32, 0x1000),
            (36, 0x200),
            (56, 0x4000),
            (60, 0x200),
            (68, 10 | 0x100 << 16),
            (self.directory_count_at, 6),
        ] {
            put(OPTIONAL_HEADER + offset, &value.to_le_bytes());
        }
        let table = OPTIONAL_HEADER + optional_bytes;
        let sections = [
            [0x1000_u32, 0x1000, 0x400, 0x200, CODE],
            [0x1800, 0x2000, 0x100, 0x600, DATA],
        ];
        for (index, [memory, start, length, offset, kind]) in sections.into_iter().enumerate() {
            let at = table + 40 * index;
            for (field, value) in [
                (8, memory),
                (12, start),
                (16, length),
                (20, offset),
                (36, kind),
            ] {
                put(at + field, &value.to_le_bytes());
            }
        }
        file
    }
}
