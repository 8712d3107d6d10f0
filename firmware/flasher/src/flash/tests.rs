use super::*;
use crate::fixtures::{BOARD, Fixture};
use crate::progress::Silent;
use crate::table::{BLOCK_BYTES, Table};
use anyhow::Result;
use boot_core::gpt::GptError;
use boot_core::{Layout, read_layout};
use embedded_io_adapters::std::FromStd;
use std::fs;
use std::io::{self, Cursor};

const DISK_BYTES: usize = (40 << 20) + 512 * 3;

/// A disk in memory that keeps a log, and fails behind so many acts.
struct CutDisk {
    sector_bytes: u64,
    flushed: Vec<u8>,
    /// Not flushed, in the order in which it came.
    pending: Vec<Piece>,
    log: Vec<Act>,
    acts_left: usize,
    /// One bit of what is read back from there is wrong.
    bad_byte: Option<u64>,
}

type Piece = (usize, Vec<u8>);

#[derive(Clone)]
enum Act {
    Write(Piece),
    Flush,
}

impl CutDisk {
    fn new(content: Vec<u8>) -> Self {
        Self {
            sector_bytes: 512,
            flushed: content,
            pending: Vec::new(),
            log: Vec::new(),
            acts_left: usize::MAX,
            bad_byte: None,
        }
    }

    fn act(&mut self, act: Act) -> io::Result<()> {
        if self.log.len() == self.acts_left {
            return Err(io::Error::other("the disk failed"));
        }
        self.log.push(act.clone());
        match act {
            Act::Write(piece) => self.pending.push(piece),
            Act::Flush => {
                for (offset, bytes) in self.pending.drain(..) {
                    put(&mut self.flushed, offset, &bytes);
                }
            }
        }
        Ok(())
    }
}

fn put(content: &mut [u8], offset: usize, bytes: &[u8]) {
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl Disk for CutDisk {
    fn size(&self) -> DiskSize {
        let length_bytes = self.flushed.len() as u64;
        DiskSize {
            length_bytes: length_bytes / self.sector_bytes * self.sector_bytes,
            sector_bytes: self.sector_bytes,
        }
    }

    /// As bad as a device may be: what it gave up reads as something else.
    fn discard(&mut self) {
        let garbage = vec![0xdb; self.flushed.len()];
        let _ = self.act(Act::Write((0, garbage)));
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        assert!(offset.is_multiple_of(self.sector_bytes));
        assert!((bytes.len() as u64).is_multiple_of(self.sector_bytes));
        assert!(bytes.len() <= CHUNK_BYTES);
        self.act(Act::Write((offset as usize, bytes.to_vec())))
    }

    fn zero(&mut self, range: Range<u64>) -> io::Result<()> {
        let zeros = vec![0; (range.end - range.start) as usize];
        self.act(Act::Write((range.start as usize, zeros)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.act(Act::Flush)
    }

    fn read_back(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        assert!(self.pending.is_empty(), "read back before it was flushed");
        let start = offset as usize;
        bytes.copy_from_slice(&self.flushed[start..start + bytes.len()]);
        if let Some(bad) = self.bad_byte
            && let Some(byte) = bad
                .checked_sub(offset)
                .and_then(|at| bytes.get_mut(at as usize))
        {
            *byte ^= 1;
        }
        Ok(())
    }
}

struct Made {
    _directory: tempfile::TempDir,
    image: Image,
    writable: tempfile::NamedTempFile,
    bytes: Vec<u8>,
}

fn make(fixture: Fixture) -> Result<Made> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("image");
    fixture.write(&path)?;
    let image = Image::open(&path, BOARD)?;
    let writable = crate::writable::make(&image, &[])?;
    Ok(Made {
        _directory: directory,
        image,
        writable,
        bytes: fs::read(path)?,
    })
}

fn new_guid() -> Guid {
    Guid::from_random_bytes([0x77; 16])
}

fn flash(made: &Made, disk: &mut CutDisk) -> Result<Done, FlashError> {
    let content = Content {
        image: &made.image,
        writable: made.writable.as_file(),
        disk_guid: new_guid(),
    };
    write_all(disk, Path::new("/dev/sdz"), &content, &mut Silent)
}

fn old_image() -> Result<Made> {
    make(Fixture {
        fill: 0xee,
        ..Fixture::default()
    })
}

/// A disk on which `old` was flashed before: what it did not write is nonsense.
fn former(old: &Made) -> Vec<u8> {
    let mut disk = vec![0xa5; DISK_BYTES];
    disk[..old.bytes.len()].copy_from_slice(&old.bytes);
    disk
}

fn layout_of(content: &mut [u8]) -> Result<Layout, GptError> {
    read_layout(&mut FromStd::new(Cursor::new(content)))
}

fn holds(content: &[u8], made: &Made) -> bool {
    Role::ALL.into_iter().all(|role| {
        let range = made.image.used_range(role);
        let range = range.start as usize..range.end as usize;
        content[range.clone()] == made.bytes[range]
    })
}

#[test]
fn a_flashed_disk_holds_the_image_and_nothing_of_what_was_there() -> Result<()> {
    let made = make(Fixture::default())?;
    for sector_bytes in [512, 4096] {
        let mut disk = CutDisk::new(former(&old_image()?));
        disk.sector_bytes = sector_bytes;
        let done = flash(&made, &mut disk)?;
        assert!(holds(&disk.flushed, &made));
        let layout = layout_of(&mut disk.flushed)?;
        assert_eq!(layout.disk_guid, new_guid());
        let writable = layout.partition(Role::Writable).expect("it is there");
        assert_eq!(
            writable.offset_bytes + writable.length_bytes,
            disk.size().tail_offset()
        );
        // Of 32 MiB, what has content: a chunk for each part, and the edges.
        assert!(done.written_bytes < 24 << 20, "{}", done.written_bytes);
        assert!(done.written_bytes + done.zeroed_bytes > 24 << 20);
    }
    Ok(())
}

#[test]
fn the_boards_firmware_stays_behind_the_table() -> Result<()> {
    let mut fixture = Fixture::default();
    fixture.geometry.table_entries = 56;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("image");
    fixture.write(&path)?;
    let firmware = [0xf1; 9000];
    File::options()
        .write(true)
        .open(&path)?
        .write_all_at(&firmware, 8192)?;
    let image = Image::open(&path, BOARD)?;
    let writable = crate::writable::make(&image, &[])?;
    let made = Made {
        bytes: fs::read(&path)?,
        _directory: directory,
        image,
        writable,
    };
    let mut disk = CutDisk::new(former(&old_image()?));
    flash(&made, &mut disk)?;
    assert!(disk.flushed[8192..8192 + 9000] == firmware);
    layout_of(&mut disk.flushed)?;

    // With larger sectors the table would lie on it.
    let before = former(&old_image()?);
    let mut disk = CutDisk::new(before.clone());
    disk.sector_bytes = 4096;
    let error = flash(&made, &mut disk).expect_err("no room for the table");
    assert!(
        matches!(error, FlashError::FirmwareInTable { .. }),
        "{error}"
    );
    assert!(
        disk.flushed == before && disk.log.is_empty(),
        "something was written"
    );
    Ok(())
}

/// Wherever the power fails, the disk boots what it booted before, untouched, or nothing, or
/// all of what was flashed. What was not flushed may be there, or not, or its last piece
/// alone, or half of that.
#[test]
fn a_cut_anywhere_leaves_no_half_image_that_boots() -> Result<()> {
    let (made, old) = (make(Fixture::default())?, old_image()?);
    let mut disk = CutDisk::new(former(&old));
    flash(&made, &mut disk)?;
    let (mut nothing, mut complete) = (0, 0);
    let mut check = |content: &mut [u8], cut: usize| match layout_of(content) {
        Err(_) => nothing += 1,
        Ok(layout) if layout.disk_guid == new_guid() => {
            assert!(holds(content, &made), "half an image boots, cut {cut}");
            complete += 1;
        }
        Ok(_) => assert!(holds(content, &old), "half an old image boots, cut {cut}"),
    };
    // What is there for sure, and what is there when all was written that was to be.
    let mut flushed = former(&old);
    let mut cached = flushed.clone();
    for (cut, act) in disk.log.iter().enumerate() {
        match act {
            Act::Flush => flushed.copy_from_slice(&cached),
            Act::Write((offset, bytes)) => {
                put(&mut cached, *offset, bytes);
                check(&mut cached, cut);
                let half = bytes.len() / 2 / 512 * 512;
                for part in [0..half, half..bytes.len(), 0..bytes.len()] {
                    let start = offset + part.start;
                    let before = flushed[start..start + part.len()].to_vec();
                    put(&mut flushed, start, &bytes[part]);
                    check(&mut flushed, cut);
                    put(&mut flushed, start, &before);
                }
            }
        }
        check(&mut flushed, cut);
    }
    assert!(nothing > 100 && complete > 4, "{nothing} and {complete}");
    Ok(())
}

/// A row of a line's table goes back only when its disk boots nothing.
#[test]
fn from_the_first_byte_of_a_table_on_nobody_says_that_the_disk_boots_nothing() -> Result<()> {
    let made = make(Fixture::default())?;
    let empty = vec![0; DISK_BYTES];
    let mut whole = CutDisk::new(empty.clone());
    flash(&made, &mut whole)?;
    for back in 1..=6 {
        let mut disk = CutDisk::new(empty.clone());
        disk.acts_left = whole.log.len() - back;
        let error = flash(&made, &mut disk).expect_err("the disk failed");
        let is_unsure = matches!(error, FlashError::TableUnsure(_));
        for (offset, bytes) in std::mem::take(&mut disk.pending) {
            put(&mut disk.flushed, offset, &bytes);
        }
        let boots = layout_of(&mut disk.flushed).is_ok();
        assert!(is_unsure || !boots, "{back} acts before the end: {error}");
    }
    Ok(())
}

#[test]
fn what_is_not_read_back_as_written_gets_no_table() -> Result<()> {
    let made = make(Fixture::default())?;
    let root = made.image.used_range(Role::SystemB).end - BLOCK_BYTES;
    let mut disk = CutDisk::new(former(&old_image()?));
    disk.bad_byte = Some(root);
    let error = flash(&made, &mut disk).expect_err("a bad disk");
    assert!(matches!(error, FlashError::NotAsWritten { .. }), "{error}");
    let layout = layout_of(&mut disk.flushed);
    assert!(layout.is_err(), "it got a table");
    Ok(())
}

#[test]
fn a_copy_of_an_older_superblock_does_not_survive() -> Result<()> {
    let made = make(Fixture::default())?;
    let place = made.image.place(Role::Writable).offset_bytes + SUPERBLOCK_COPY;
    let length = (place + (8 << 20)) as usize;
    let mut disk = CutDisk::new(vec![0x53; length]);
    flash(&made, &mut disk)?;
    let place = place as usize;
    assert!(disk.flushed[place..place + 4096] == [0; 4096]);
    Ok(())
}

#[test]
fn a_disk_that_is_too_small_says_what_is_needed_and_stays_as_it_is() -> Result<()> {
    let made = make(Fixture::default())?;
    let needs = made.image.needs_bytes() as usize;
    assert_eq!(needs, made.bytes.len());
    let mut disk = CutDisk::new(vec![0xa5; needs - 512]);
    let error = flash(&made, &mut disk).expect_err("too small");
    assert!(
        error
            .to_string()
            .contains("this image needs 34603008 (33 MiB)"),
        "{error}"
    );
    assert!(disk.log.is_empty());
    flash(&made, &mut CutDisk::new(vec![0xa5; needs]))?;
    Ok(())
}

#[test]
fn the_table_of_a_flashed_disk_is_the_images_with_its_own_guids() -> Result<()> {
    let made = make(Fixture::default())?;
    let mut disk = CutDisk::new(vec![0; DISK_BYTES]);
    flash(&made, &mut disk)?;
    let file = tempfile::tempfile()?;
    file.write_all_at(&disk.flushed, 0)?;
    let again = Table::read(&file)?;
    assert_eq!(again.end_bytes(512), made.image.table.end_bytes(512));
    Ok(())
}
