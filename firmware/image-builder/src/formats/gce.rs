//! What Google Compute Engine imports: `disk.raw` in a tar archive of the old GNU form,
//! compressed with gzip. The disk's length is a multiple of 1 GiB.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};

use crate::host_tool::{host_tool, run};
use crate::tree::FILE_TIME_SECS;

pub(super) const GIBIBYTE: u64 = 1 << 30;
/// The one name that is taken.
const NAME: &str = "disk.raw";

/// Writes `image` to `out`, lengthened to a multiple of `unit_bytes`, with its copy in the
/// directory `workplace`.
pub(super) fn write(image: &Path, out: &Path, workplace: &Path, unit_bytes: u64) -> Result<()> {
    let disk = workplace.join(NAME);
    run(host_tool("cp")
        .args(["--sparse=always", "--reflink=auto", "--"])
        .args([image, &disk]))?;
    let file = File::options()
        .write(true)
        .open(&disk)
        .context("cannot open the copy")?;
    let length = file.metadata()?.len();
    file.set_len(length.next_multiple_of(unit_bytes))
        .context("cannot lengthen the copy")?;
    // Not --sparse: where the holes are is this machine's business.
    run(host_tool("tar")
        .args([
            "--format=oldgnu",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
        ])
        .arg("--mode=0644")
        .arg(format!("--mtime=@{FILE_TIME_SECS}"))
        .args(["--use-compress-program=gzip -n -9", "-c", "-f"])
        .arg(out)
        .arg("-C")
        .args([workplace, Path::new(NAME)]))?;
    std::fs::remove_file(&disk).context("cannot remove the copy")
}
