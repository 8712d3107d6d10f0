use super::*;
use crate::host_tool::output_of;
use image_trust::sha256;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// 3 MiB with something at both ends, and zeros between.
fn raw_in(directory: &Path) -> Result<(PathBuf, Digest)> {
    let path = directory.join("disk.img");
    let file = File::create(&path)?;
    file.set_len(3 << 20)?;
    let noise: Vec<u8> = (0..70_000_u32)
        .map(|at| (at.wrapping_mul(at) >> 7) as u8)
        .collect();
    file.write_all_at(&noise, 0)?;
    file.write_all_at(&noise, (3 << 20) - 70_000)?;
    let digest = sha256(&fs::read(&path)?);
    Ok((path, digest))
}

fn has_qemu_img() -> bool {
    let there = output_of(host_tool("qemu-img").arg("--version")).is_ok();
    if !there {
        println!("there is no qemu-img: nothing is tried");
    }
    there
}

#[test]
fn every_form_holds_the_disk_and_is_the_same_again() -> Result<()> {
    if !has_qemu_img() {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let (image, digest) = raw_in(directory.path())?;
    for (format, driver) in [
        (Format::Qcow2, "qcow2"),
        (Format::Vhd, "vpc"),
        (Format::Vmdk, "vmdk"),
    ] {
        let out = format.write(&image, digest)?;
        let first = fs::read(&out)?;
        run(host_tool("qemu-img")
            .args(["compare", "-f", "raw", "-F", driver])
            .args([&image, &out]))?;
        format.write(&image, digest)?;
        assert!(first == fs::read(&out)?, "two {format} differ");
    }
    let check = |driver: &str, file: &str| {
        let file = directory.path().join(file);
        run(host_tool("qemu-img")
            .args(["check", "-f", driver])
            .arg(file))
    };
    check("qcow2", "disk.qcow2")?;
    check("vmdk", "disk.vmdk")?;
    Ok(())
}

#[test]
fn a_vhd_keeps_to_azures_rules() -> Result<()> {
    if !has_qemu_img() {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let (image, digest) = raw_in(directory.path())?;
    let file = fs::read(Format::Vhd.write(&image, digest)?)?;
    assert_eq!(file.len(), (3 << 20) + 512);
    let footer = &file[3 << 20..];
    assert_eq!(&footer[..8], b"conectix");
    // Fixed, and without a dynamic header.
    assert_eq!(footer[16..24], [0xff; 8]);
    assert_eq!(footer[60..64], [0, 0, 0, 2]);
    assert_eq!(footer[48..56], (3_u64 << 20).to_be_bytes());
    let without: u32 = (0..512)
        .filter(|at| !(64..68).contains(at))
        .map(|at| u32::from(footer[at]))
        .sum();
    assert_eq!(footer[64..68], (!without).to_be_bytes());
    // Another length has no form that Azure takes.
    File::options()
        .write(true)
        .open(&image)?
        .set_len((3 << 20) + 512)?;
    let error = Format::Vhd.write(&image, digest).expect_err("not whole");
    assert!(error.to_string().contains("multiple of 1 MiB"), "{error}");
    Ok(())
}

/// A smaller unit than Google's, for the time that it takes.
#[test]
fn googles_archive_has_one_file_of_whole_units() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (image, _) = raw_in(directory.path())?;
    let out = directory.path().join("disk.tar.gz");
    let make = || gce::write(&image, &out, directory.path(), 8 << 20);
    make()?;
    let list = run(host_tool("tar").arg("-tvzf").arg(&out))?;
    assert_eq!(
        list,
        "-rw-r--r-- 0/0         8388608 1980-01-01 00:00 disk.raw\n"
    );
    // The old GNU form says so with two spaces and a zero behind the magic.
    let start = run(host_tool("sh")
        .args([
            "-c",
            "gzip -dc \"$1\" | head -c 265 | tail -c 8 | od -An -tx1",
            "-",
        ])
        .arg(&out))?;
    assert_eq!(start.trim(), "75 73 74 61 72 20 20 00");
    let first = fs::read(&out)?;
    make()?;
    assert!(first == fs::read(&out)?, "two archives differ");
    let unpacked = run(host_tool("sh")
        .args([
            "-c",
            "tar -xOzf \"$1\" | cmp -n 3145728 - \"$2\" && echo same",
            "-",
        ])
        .args([&out, &image]))?;
    assert_eq!(unpacked, "same\n");
    Ok(())
}

#[test]
fn names_are_those_that_clouds_go_by() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let error = "ova".parse::<Format>().expect_err("there is none");
    assert_eq!(
        error,
        "cannot make \"ova\": there is raw, qcow2, vhd, vmdk, gce"
    );
}
