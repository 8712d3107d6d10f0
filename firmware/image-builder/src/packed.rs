//! A disk image compressed for download, and how small its parts get.
//!
//! Both slots hold the same system, and rescue the same kernel. zstd finds what it saw half a
//! gigabyte before, and so each is in the file once; it takes that much memory to unpack. xz
//! does not look as far back.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::host_tool::{failure, host_tool};
use crate::output::write_complete;

/// What compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packer {
    /// Smaller by far; `zstd -d --long=29` unpacks it.
    Zstd,
    /// For those who have nothing else; `xz -d` unpacks it.
    Xz,
}

/// Close to the best, at a few MiB a second.
const LEVEL: i32 = 19;
/// It looks back by 2 to the power of this: over both slots.
const WINDOW_LOG: u32 = 29;

impl Packer {
    /// Compresses `image` to a file beside it, complete or not at all; returns that file.
    ///
    /// # Errors
    /// There is no room, or `xz` is not installed.
    pub fn pack(self, image: &Path) -> Result<PathBuf> {
        let mut out = image.as_os_str().to_owned();
        out.push(match self {
            Self::Zstd => ".zst",
            Self::Xz => ".xz",
        });
        let out = PathBuf::from(out);
        let input =
            File::open(image).with_context(|| format!("cannot open {}", image.display()))?;
        let length = input.metadata()?.len();
        write_complete(&out, |file| match self {
            Self::Zstd => Ok(pack_zstd(input, length, file)?),
            Self::Xz => pack_xz(input, file),
        })?;
        Ok(out)
    }
}

fn pack_xz(input: File, out: &File) -> Result<()> {
    let mut xz = host_tool("xz");
    // The number of threads divides the file: one for all machines.
    xz.args(["-9", "-T1", "--stdout"])
        .stdin(input)
        .stdout(out.try_clone()?)
        .stderr(Stdio::piped());
    let output = crate::host_tool::output_of(&mut xz)?;
    anyhow::ensure!(output.status.success(), "{}", failure(&xz, &output));
    Ok(())
}

fn pack_zstd(mut input: File, length: u64, out: &File) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(out, LEVEL)?;
    encoder.long_distance_matching(true)?;
    encoder.window_log(WINDOW_LOG)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(length))?;
    io::copy(&mut input, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

/// What `bytes` come to alone, at the same level.
pub(crate) fn packed_length(bytes: &[u8]) -> Result<u64> {
    let packed = zstd::bulk::compress(bytes, LEVEL).context("cannot compress")?;
    Ok(packed.len() as u64)
}

/// Of a file.
pub(crate) fn length_of(file: &Path) -> Result<u64> {
    let metadata = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_tool::run;
    use std::os::unix::fs::FileExt;

    /// Noise twice, further apart than zstd looks without being told.
    fn image_in(directory: &Path) -> Result<PathBuf> {
        let path = directory.join("disk.img");
        let file = File::create(&path)?;
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(1 << 20)
        .collect();
        file.write_all_at(&noise, 0)?;
        file.write_all_at(&noise, 20 << 20)?;
        Ok(path)
    }

    #[test]
    fn what_xz_packs_it_unpacks() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let image = directory.path().join("disk.img");
        fs::write(&image, vec![7; 100_000])?;
        let packed = Packer::Xz.pack(&image)?;
        assert!(packed.ends_with("disk.img.xz"));
        assert!(length_of(&packed)? < 1000);
        run(host_tool("xz").args(["-d", "-k"]).arg(&packed).arg("-f"))?;
        assert!(fs::read(&image)? == vec![7; 100_000]);
        Ok(())
    }

    #[test]
    fn a_slot_that_is_there_twice_is_packed_once() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let image = image_in(directory.path())?;
        let packed = Packer::Zstd.pack(&image)?;
        let length = length_of(&packed)?;
        assert!(length < (1 << 20) + (200 << 10), "{length}");
        let unpacked = directory.path().join("unpacked");
        run(host_tool("zstd")
            .args(["-d", "-q", "--long=29"])
            .arg(&packed)
            .arg("-o")
            .arg(&unpacked))?;
        run(host_tool("cmp").args([&image, &unpacked]))?;
        Ok(())
    }
}
