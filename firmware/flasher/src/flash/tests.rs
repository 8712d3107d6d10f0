use super::*;
use crate::fixtures::{BOARD, Fixture};
use crate::progress::Silent;
use crate::table::{BLOCK_BYTES, Table};
use anyhow::Result;
use boot_core::{GptError, Layout, read_layout};
use embedded_io_adapters::std::FromStd;
use std::fs;
use std::io::{self, Cursor};

const DISK_BYTES: usize = (40 << 20) + 512 * 3;

/// A disk in memory whose power fails behind so many acts. What is not flushed may be there,
/// or not.
struct CutDisk {
    sector_bytes: u64,
    flushed: Vec<u8>,
    /// Not flushed, in the order in which it came.
    pending: Vec<(u64, Vec<u8>)>,
    acts_left: usize,
    acts: usize,
    /// One bit of what is read back from there is wrong.
    bad_byte: Option<u64>,
}

impl CutDisk {
    fn new(content: Vec<u8>) -> Self {
        Self {
            sector_bytes: 512,
            flushed: content,
            pending: Vec::new(),
            acts_left: usize::MAX,
            acts: 0,
            bad_byte: None,
        }
    }

    fn act(&mut self) -> io::Result<()> {
        if self.acts == self.acts_left {
            return Err(io::Error::other("the power failed"));
        }
        self.acts += 1;
        Ok(())
    }

    fn with(&self, pending: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut content = self.flushed.clone();
        for (offset, bytes) in pending {
            let start = *offset as usize;
            content[start..start + bytes.len()].copy_from_slice(bytes);
        }
        content
    }

    /// What may be on it after the cut: none of what was pending, all of it, or half of the
    /// last piece alone.
    fn outcomes(&self) -> Vec<Vec<u8>> {
        let mut outcomes = vec![self.with(&[]), self.with(&self.pending)];
        if let Some((offset, bytes)) = self.pending.last() {
            let half = bytes.len() / 2 / 512 * 512;
            outcomes.push(self.with(&[(*offset, bytes[..half].to_vec())]));
            outcomes.push(self.with(&[(offset + half as u64, bytes[half..].to_vec())]));
        }
        outcomes
    }
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
        let length = self.flushed.len();
        self.pending.push((0, vec![0xdb; length]));
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        assert!(offset.is_multiple_of(self.sector_bytes));
        assert!((bytes.len() as u64).is_multiple_of(self.sector_bytes));
        assert!(bytes.len() <= CHUNK_BYTES);
        self.act()?;
        self.pending.push((offset, bytes.to_vec()));
        Ok(())
    }

    fn zero(&mut self, range: Range<u64>) -> io::Result<()> {
        self.act()?;
        let length = (range.end - range.start) as usize;
        self.pending.push((range.start, vec![0; length]));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.act()?;
        self.flushed = self.with(&self.pending);
        self.pending.clear();
        Ok(())
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
        disk.flushed == before && disk.acts == 0,
        "something was written"
    );
    Ok(())
}

/// Wherever the power fails, the disk boots what it booted before, untouched, or nothing, or
/// all of what was flashed.
#[test]
fn a_cut_anywhere_leaves_no_half_image_that_boots() -> Result<()> {
    let made = make(Fixture::default())?;
    let old = old_image()?;
    let former = former(&old);
    let mut whole = CutDisk::new(former.clone());
    flash(&made, &mut whole)?;
    let (mut nothing, mut complete) = (0, 0);
    for cut in 0..whole.acts {
        let mut disk = CutDisk::new(former.clone());
        disk.acts_left = cut;
        let error = flash(&made, &mut disk).expect_err("the power failed");
        for mut content in disk.outcomes() {
            let layout = layout_of(&mut content);
            match layout {
                Err(_) => nothing += 1,
                Ok(layout) if layout.disk_guid == new_guid() => {
                    assert!(matches!(error, FlashError::TableUnsure(_)), "cut {cut}");
                    assert!(holds(&content, &made), "half an image boots, cut {cut}");
                    complete += 1;
                }
                Ok(_) => assert!(holds(&content, &old), "half an old image, cut {cut}"),
            }
        }
    }
    assert!(nothing > 100 && complete > 1, "{nothing} and {complete}");
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
    assert_eq!(disk.acts, 0);
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
