//! The machine code that a program of the firmware begins with, from its file: PE32+,
//! Microsoft's "PE Format".

use anyhow::{Context, Result, ensure};

/// Enough that no other program begins so.
const MARK_BYTES: usize = 48;

/// Sections begin with a page in memory, and the mark must lie in one.
const PAGE_BYTES: usize = 4096;

/// The code at the entry point of `program`.
pub(super) fn entry_code(program: &[u8]) -> Result<Vec<u8>> {
    let code = find(program).context("cannot find the entry point: it is no PE file")?;
    ensure!(
        code.len() >= MARK_BYTES / 2,
        "cannot use the entry point as a mark: only {} bytes are in its page",
        code.len()
    );
    Ok(code.to_vec())
}

fn find(program: &[u8]) -> Option<&[u8]> {
    let headers = number(program, 0x3c, 4)?;
    let sections = number(program, headers + 6, 2)?;
    let optional_bytes = number(program, headers + 20, 2)?;
    let entry = number(program, headers + 40, 4)?;
    (0..sections).find_map(|index| {
        let section = headers + 24 + optional_bytes + 40 * index;
        let start = number(program, section + 12, 4)?;
        let (file_bytes, file_start) = (
            number(program, section + 16, 4)?,
            number(program, section + 20, 4)?,
        );
        let offset = entry.checked_sub(start)?;
        let length = MARK_BYTES.min(PAGE_BYTES - entry % PAGE_BYTES);
        (offset + length <= file_bytes)
            .then(|| program.get(file_start + offset..)?.get(..length))
            .flatten()
    })
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.get(..length)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | usize::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers at 64 and 200, one section of a page at 512 of the file and 4096 of memory.
    fn program(entry: u32) -> Vec<u8> {
        let mut file = vec![0; 512 + PAGE_BYTES];
        let mut put =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(0x3c, 64);
        put(64 + 6, 1);
        put(64 + 20, 112);
        put(64 + 40, entry);
        put(200 + 12, 4096);
        put(200 + 16, PAGE_BYTES as u32);
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
        assert!(error.to_string().contains("no PE file"), "{error}");
        assert!(entry_code(b"MZ").is_err());
    }
}
