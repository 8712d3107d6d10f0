//! Builds an image twice and compares.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use boards::{Board, Firmware};
use image_builder::secure_boot::SecureBootKeys;
use image_builder::{DiskLayout, Workspace, find_build_time};
use image_format::disk::Role;

use super::source_copy::{SourceCopy, other_temporary_directory};
use super::{Finding, Outcome};

/// What a build left behind.
struct Build {
    image: PathBuf,
    /// Name, length and digest of each part, one a line.
    parts: String,
}

pub(super) fn check(workspace: &Workspace, board: &Board) -> Result<Vec<Finding>> {
    let directory = workspace.target().join("check");
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let time = find_build_time(workspace.root())?.secs();
    // Before the first build: an edit while it runs is no fault of the builder's.
    let copy = SourceCopy::of(workspace)?;
    let signing = signing(workspace, board)?;
    eprintln!("check: building the image here");
    let first = build(
        &directory.join("first"),
        image_command("umask 022", board, time, workspace.root())?
            .args(&signing)
            .env("CARGO_TARGET_DIR", workspace.target()),
    )?;
    eprintln!("check: building the image again, elsewhere");
    copy.take_inputs(workspace)?;
    let second = build(
        &directory.join("second"),
        image_command("umask 077", board, time, copy.root())?
            .args(&signing)
            .env("CARGO_TARGET_DIR", copy.target())
            .env("TMPDIR", other_temporary_directory())
            .env("TZ", "Pacific/Kiritimati")
            .env("LC_ALL", "C.UTF-8"),
    )?;
    compare(&first, &second, &DiskLayout::new(&board.geometry))
}

/// Where there is Secure Boot, the loader is signed for it: a signature must not differ from
/// build to build either.
fn signing(workspace: &Workspace, board: &Board) -> Result<Vec<OsString>> {
    if board.loader.firmware != Firmware::Uefi {
        return Ok(Vec::new());
    }
    let keys = workspace.secure_boot_test_keys();
    SecureBootKeys::open_or_create_test(&keys)?;
    Ok(vec!["--secure-boot".into(), keys.into()])
}

/// This very program, so that both builds run the same builder.
fn image_command(umask: &str, board: &Board, time: u64, root: &Path) -> Result<Command> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{umask}; exec \"$0\" \"$@\"")])
        .arg(program)
        .args(["image", "--board", &board.id, "--workspace"])
        .arg(root)
        .env("SOURCE_DATE_EPOCH", time.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Ok(command)
}

fn build(stem: &Path, command: &mut Command) -> Result<Build> {
    let (image, report) = (stem.with_extension("img"), stem.with_extension("txt"));
    command
        .arg("--out")
        .arg(&image)
        .arg("--update-out")
        .arg(stem.with_extension("update"))
        .arg("--report")
        .arg(&report);
    let status = command.status().context("cannot run this program again")?;
    if !status.success() {
        bail!("cannot compare two images: a build ended with {status}");
    }
    let parts =
        fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    Ok(Build { image, parts })
}

/// The first part that differs makes those behind it differ too, so only it is named.
fn compare(first: &Build, second: &Build, layout: &DiskLayout) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (here, there) in first.parts.lines().zip(second.parts.lines()) {
        let (name, detail) = here.split_once('\t').unwrap_or((here, ""));
        let what = format!("{name}, built twice");
        if here != there {
            let outcome = Outcome::Bad(format!(
                "{detail} here, {} elsewhere",
                there.replace('\t', " ")
            ));
            findings.push(Finding { what, outcome });
            return Ok(findings);
        }
        let outcome = Outcome::Good(detail.replace('\t', " "));
        findings.push(Finding { what, outcome });
    }
    let outcome = match first_difference(&first.image, &second.image)? {
        None => Outcome::Good("bit for bit".to_owned()),
        Some(offset) => Outcome::Bad(format!(
            "first at byte {offset}, in {}",
            place_of(offset, layout)
        )),
    };
    findings.push(Finding {
        what: "the whole disk, built twice".to_owned(),
        outcome,
    });
    Ok(findings)
}

fn place_of(offset: u64, layout: &DiskLayout) -> &'static str {
    let holds = |role: &Role| {
        let place = layout.place(*role);
        (place.offset_bytes..place.offset_bytes + place.length_bytes).contains(&offset)
    };
    Role::ALL
        .into_iter()
        .find(holds)
        .map_or("the partition table", Role::name)
}

/// The offset of the first byte that differs, or at which one file ends.
fn first_difference(first: &Path, second: &Path) -> Result<Option<u64>> {
    let open = |path: &Path| -> Result<_> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(BufReader::with_capacity(1 << 20, file))
    };
    let (mut first, mut second) = (open(first)?, open(second)?);
    let (mut here, mut there) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut offset = 0;
    loop {
        let length = fill(&mut first, &mut here)?;
        let other_length = fill(&mut second, &mut there)?;
        let differs = here
            .iter()
            .zip(&there)
            .take(length.min(other_length))
            .position(|(one, other)| one != other);
        if let Some(position) = differs {
            return Ok(Some(offset + position as u64));
        }
        if length != other_length {
            return Ok(Some(offset + length.min(other_length) as u64));
        }
        if length == 0 {
            return Ok(None);
        }
        offset += length as u64;
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            length => filled += length,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use boards::Geometry;

    const LAYOUT: Geometry = Geometry {
        system_boot_mib: 64,
        rescue_mib: 96,
        system_slot_mib: 256,
        writable_mib: 64,
        table_entries: 128,
    };

    fn builds(parts: [&str; 2], bytes: [&[u8]; 2]) -> Result<(tempfile::TempDir, Build, Build)> {
        let directory = tempfile::tempdir()?;
        let build = |name: &str, parts: &str, bytes: &[u8]| -> Result<Build> {
            let image = directory.path().join(name);
            fs::write(&image, bytes)?;
            Ok(Build {
                image,
                parts: parts.to_owned(),
            })
        };
        let first = build("first", parts[0], bytes[0])?;
        let second = build("second", parts[1], bytes[1])?;
        Ok((directory, first, second))
    }

    fn lines(parts: [&str; 2], bytes: [&[u8]; 2]) -> Result<String> {
        let (_directory, first, second) = builds(parts, bytes)?;
        let findings = compare(&first, &second, &DiskLayout::new(&LAYOUT))?;
        Ok(findings
            .iter()
            .map(|finding| format!("{finding}\n"))
            .collect())
    }

    #[test]
    fn equal_builds_are_good() -> Result<()> {
        let text = lines(["init\t5\tab\n"; 2], [b"same"; 2])?;
        assert!(
            text.contains("bit for bit") && !text.contains("FAILED"),
            "{text}"
        );
        Ok(())
    }

    #[test]
    fn the_first_part_that_differs_is_named_and_no_other() -> Result<()> {
        let text = lines(
            ["init\t5\tab\nroot\t9\tcd\n", "init\t5\tba\nroot\t9\tdc\n"],
            [b"one", b"two"],
        )?;
        assert!(text.starts_with("FAILED  init"), "{text}");
        assert!(!text.contains("root"), "{text}");
        Ok(())
    }

    #[test]
    fn a_difference_outside_the_parts_is_placed() -> Result<()> {
        let mut other = vec![0; 66 << 20];
        other[65 << 20] = 1;
        let text = lines([""; 2], [&vec![0; 66 << 20], &other])?;
        assert!(text.contains("in boot-state"), "{text}");
        let text = lines([""; 2], [b"abc", b"ab"])?;
        assert!(
            text.contains("first at byte 2, in the partition table"),
            "{text}"
        );
        Ok(())
    }
}
