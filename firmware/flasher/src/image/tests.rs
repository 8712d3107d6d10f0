use super::*;
use crate::fixtures::{BOARD, Fixture};
use anyhow::Result;
use std::fs::OpenOptions;

fn image_in(directory: &tempfile::TempDir) -> Result<std::path::PathBuf> {
    let path = directory.path().join("image");
    Fixture::default().write(&path)?;
    Ok(path)
}

#[test]
fn a_whole_image_says_what_it_is() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let image = Image::open(&image_in(&directory)?, BOARD)?;
    assert_eq!(image.release.version, 0x11);
    let slot = image.place(Role::SystemA);
    let used = image.used_range(Role::SystemA);
    assert_eq!(used.start, slot.offset_bytes);
    // Up to the hash tree, not to the end of the slot.
    assert_eq!(used.end - used.start, (2 << 20) + (64 << 10) + 4 * 4096);
    let writable = image.used_range(Role::Writable);
    assert_eq!(writable.end - writable.start, 2 << 20);
    Ok(())
}

#[test]
fn an_image_of_another_board_is_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let error = Image::open(&image_in(&directory)?, "other").expect_err("another board");
    assert!(
        error
            .to_string()
            .ends_with("it is for the board test-board, not for other"),
        "{error}"
    );
    Ok(())
}

#[test]
fn one_bit_anywhere_in_what_is_signed_is_noticed() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = image_in(&directory)?;
    let slot = Image::open(&path, BOARD)?.place(Role::SystemB).offset_bytes;
    let manifest = 800;
    let root = (2 << 20) + (64 << 10);
    for place in [
        manifest,
        (1 << 20) + 299_999,
        (2 << 20) + 1,
        root,
        root + 3 * 4096,
    ] {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let mut byte = [0];
        file.read_exact_at(&mut byte, slot + place)?;
        file.write_all_at(&[byte[0] ^ 1], slot + place)?;
        let error = Image::open(&path, BOARD).expect_err("it is damaged");
        assert!(
            matches!(
                error,
                FlashError::DamagedImage {
                    role: Role::SystemB,
                    ..
                }
            ),
            "{place}: {error}"
        );
        file.write_all_at(&byte, slot + place)?;
    }
    Image::open(&path, BOARD)?;
    Ok(())
}

#[test]
fn a_file_without_a_table_is_no_image() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("photo");
    std::fs::write(&path, vec![7; 1 << 20])?;
    let error = Image::open(&path, BOARD).expect_err("no image");
    assert!(error.to_string().contains("no partition table"), "{error}");
    Ok(())
}
