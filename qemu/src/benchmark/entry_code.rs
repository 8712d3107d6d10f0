//! The machine code that a program begins with, from its file.

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSegment};

/// Enough that no other program begins so.
const MARK_BYTES: usize = 48;

/// A mark must lie in one page of the guest's memory.
const PAGE_BYTES: u64 = 4096;

/// The code at the entry point of `program`, a PE or an ELF file.
pub(super) fn entry_code(program: &[u8]) -> Result<Vec<u8>> {
    let code = find(program).context("cannot find the entry point: it is no PE and no ELF file")?;
    ensure!(
        code.len() >= MARK_BYTES / 2,
        "cannot use the entry point as a mark: only {} bytes are in its page",
        code.len()
    );
    Ok(code.to_vec())
}

fn find(program: &[u8]) -> Option<&[u8]> {
    let file = object::File::parse(program).ok()?;
    let entry = file.entry();
    let code = file.segments().find_map(|segment| {
        let offset = entry.checked_sub(segment.address())?;
        segment.data().ok()?.get(usize::try_from(offset).ok()?..)
    })?;
    let rest_of_page = usize::try_from(PAGE_BYTES - entry % PAGE_BYTES).ok()?;
    code.get(..MARK_BYTES.min(rest_of_page))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    /// PE32+: headers at 64 and 88, one section of a page at 512 of the file and 4096 of memory.
    fn program(entry: u32) -> Vec<u8> {
        let mut file = vec![0; 512 + PAGE];
        let mut put =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(0, 0x5a4d);
        put(0x3c, 64);
        put(64, 0x4550);
        put(64 + 4, 0x1_8664);
        put(64 + 20, 112);
        put(88, 0x20b);
        put(88 + 16, entry);
        put(200 + 8, PAGE as u32);
        put(200 + 12, 4096);
        put(200 + 16, PAGE as u32);
        put(200 + 20, 512);
        file[512 + 256..][..MARK_BYTES].fill(7);
        file
    }

    #[test]
    fn the_code_is_read_from_its_place_in_the_file() -> Result<()> {
        assert_eq!(entry_code(&program(4096 + 256))?, [7; MARK_BYTES]);
        Ok(())
    }

    #[test]
    fn an_entry_at_the_end_of_a_page_and_no_program_are_refused() {
        let error = entry_code(&program(8192 - 8)).expect_err("too short");
        assert!(error.to_string().contains("only 8 bytes"), "{error}");
        let error = entry_code(&program(20000)).expect_err("outside");
        assert!(error.to_string().contains("no PE"), "{error}");
        assert!(entry_code(b"MZ").is_err());
    }

    /// ELF of 32 bits, big-endian, as POWER's loader is: one segment of a page.
    #[test]
    fn an_elf_file_has_an_entry_too() -> Result<()> {
        let mut file = vec![0; 256 + PAGE];
        let mut put =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_be_bytes());
        put(0, 0x7f45_4c46);
        put(4, 0x0102_0100);
        put(16, 0x0002_0014);
        put(20, 1);
        put(24, 0x20_0040);
        put(28, 52);
        put(40, 0x34_0020);
        put(44, 0x1_0000);
        for (at, value) in [(0, 1), (4, 256), (8, 0x20_0000), (16, PAGE), (20, PAGE)] {
            put(52 + at, value as u32);
        }
        file[256 + 64..][..MARK_BYTES].fill(9);
        assert_eq!(entry_code(&file)?, [9; MARK_BYTES]);
        Ok(())
    }
}
