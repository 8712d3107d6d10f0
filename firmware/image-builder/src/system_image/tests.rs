//! Placing parts in slots of several sizes.

use super::*;
use std::io::Read;
use tempfile::TempDir;

const MEBIBYTE: u64 = 1 << 20;

fn parts(directory: &TempDir) -> Result<PartFiles> {
    let file = |name: &str, byte: u8, length: usize| -> Result<PathBuf> {
        let path = directory.path().join(name);
        fs::write(&path, vec![byte; length])?;
        Ok(path)
    };
    Ok(PartFiles {
        kernel: file("kernel", 1, 5000)?,
        initrd: file("initrd", 2, 300)?,
        root: Some(RootFiles {
            root: file("root", 3, 2 * 4096)?,
            tree: file("tree", 4, 4096)?,
            root_hash: Digest([5; 32]),
            salt: Digest([6; 32]),
        }),
    })
}

fn description(command_line: &str) -> Description {
    Description {
        board: "x86_64-uefi".to_owned(),
        product: "twinkeel".to_owned(),
        version: Version(1),
        epoch: Epoch(1),
        build_time_secs: 0,
        command_line: command_line.to_owned(),
    }
}

fn place(directory: &TempDir, command_line: &str, slot_bytes: u64) -> Result<SystemImage> {
    SystemImage::place(
        Vec::new(),
        parts(directory)?,
        description(command_line),
        slot_bytes,
    )
}

#[test]
fn a_slot_too_small_names_both_sizes_and_the_largest_part() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let error = place(&directory, "panic=10", 3 * MEBIBYTE).expect_err("it needs 3 MiB and 12 KiB");
    let text = error.to_string();
    for word in [
        "needs 3.1 MiB",
        "has 3.0 MiB",
        "the root with 0.1 MiB",
        "boards/x86_64-uefi.toml",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(place(&directory, "panic=10", 3 * MEBIBYTE + 2 * 4096).is_err());
    place(&directory, "panic=10", 3 * MEBIBYTE + 3 * 4096)?;
    Ok(())
}

#[test]
fn what_the_loader_would_refuse_is_not_made() -> Result<()> {
    let directory = tempfile::tempdir()?;
    for line in ["panic=10 twinkeel.slot=system-b", "panic=10 \u{e9}"] {
        let error = place(&directory, line, 8 * MEBIBYTE).expect_err(line);
        assert!(
            error.to_string().contains("its command line is malformed"),
            "{error}"
        );
    }
    Ok(())
}

#[test]
fn parts_lie_in_the_slot_where_the_manifest_says() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let image = place(&directory, "panic=10", 8 * MEBIBYTE)?;
    let mut disk = tempfile::tempfile()?;
    disk.write_all(&vec![0xff; 9 * MEBIBYTE as usize])?;
    image.write_to_slot(b"envelope", &disk, MEBIBYTE)?;
    let mut bytes = Vec::new();
    disk.seek(SeekFrom::Start(MEBIBYTE))?;
    disk.read_to_end(&mut bytes)?;
    assert!(bytes.starts_with(b"envelope\0"));
    assert!(bytes[8..ENVELOPE_BYTES].iter().all(|byte| *byte == 0));
    let manifest = image.manifest();
    let kernel = &bytes[manifest.kernel.offset_bytes as usize..][..5000];
    assert_eq!(sha256(kernel), manifest.kernel.sha256);
    assert_eq!(bytes[manifest.root.offset_bytes as usize], 3);
    assert_eq!(bytes[manifest.root.tree_offset_bytes as usize], 4);
    assert_eq!(
        manifest.root.tree_offset_bytes,
        manifest.root.offset_bytes + 2 * 4096
    );
    assert_eq!(image.used_bytes(), manifest.root.tree_offset_bytes + 4096);
    Ok(())
}

#[test]
fn an_update_is_what_the_slot_holds_up_to_the_hash_tree() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let image = place(&directory, "panic=10", 8 * MEBIBYTE)?;
    let (slot, update) = (
        directory.path().join("slot"),
        directory.path().join("update"),
    );
    image.write_to_slot(b"envelope", &File::create(&slot)?, 0)?;
    image.write_update(b"envelope", &update)?;
    let tree_offset = image.manifest().root.tree_offset_bytes as usize;
    let slot = fs::read(slot)?;
    assert_eq!(slot.len(), tree_offset + 4096);
    assert!(fs::read(update)? == slot[..tree_offset]);
    Ok(())
}

#[test]
fn another_description_leaves_the_parts_alone() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let image = place(&directory, "panic=10", 8 * MEBIBYTE)?;
    let other = image.with_manifest(|fields| fields.epoch = Epoch(7));
    assert_eq!(other.manifest().epoch, Epoch(7));
    assert_eq!(other.manifest().root, image.manifest().root);
    assert_eq!(image.manifest().epoch, Epoch(1));
    Ok(())
}

#[test]
fn an_envelope_longer_than_its_area_is_refused() -> Result<()> {
    let disk = tempfile::tempfile()?;
    let error = write_envelope(&vec![1; ENVELOPE_BYTES + 1], &disk, 0).expect_err("too long");
    assert!(error.to_string().contains("65537"), "{error}");
    Ok(())
}

fn place_rescue(directory: &TempDir, partition_bytes: u64) -> Result<SystemImage> {
    let files = PartFiles {
        root: None,
        ..parts(directory)?
    };
    SystemImage::place(Vec::new(), files, description("panic=10"), partition_bytes)
}

#[test]
fn a_rescue_system_ends_with_its_initrd_and_has_no_root() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let rescue = place_rescue(&directory, 8 * MEBIBYTE)?;
    assert_eq!(ImageKind::of(&rescue.manifest()), ImageKind::Rescue);
    assert_eq!(rescue.used_bytes(), 2 * MEBIBYTE + 300);
    let mut disk = tempfile::tempfile()?;
    rescue.write_to_slot(b"envelope", &disk, 0)?;
    let mut bytes = Vec::new();
    disk.seek(SeekFrom::Start(0))?;
    disk.read_to_end(&mut bytes)?;
    assert_eq!(bytes.len() as u64, rescue.used_bytes());
    let names: Vec<_> = rescue.components()?.into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["kernel", "initrd"]);
    Ok(())
}

#[test]
fn a_rescue_system_too_large_names_its_own_setting() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let error = place_rescue(&directory, 2 * MEBIBYTE).expect_err("its initrd lies behind");
    let text = error.to_string();
    for word in ["rescue system", "geometry.rescue_mib", "the kernel with"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    Ok(())
}
