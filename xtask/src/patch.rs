//! `cargo xtask patch`.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use image_delta::make::{make_patch, verify_patch};

/// Make a patch from one update file to another
///
/// Applies it as a device will, and compares, before it is written. `publish add --patch-from`
/// does the same for a store.
#[derive(Debug, Args)]
pub(crate) struct PatchCommand {
    /// The update file of the release that devices run
    old: PathBuf,
    /// The update file of the release that they are to get
    new: PathBuf,
    /// Where to write the patch
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl PatchCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let mut patch = Vec::new();
        let made = make_patch(&self.old, &self.new, &mut patch)?;
        verify_patch(Cursor::new(&patch), &self.old, &self.new)?;
        fs::write(&self.out, &patch)
            .with_context(|| format!("cannot write {}", self.out.display()))?;
        let update_bytes = fs::metadata(&self.new)?.len();
        println!(
            "{}: {} bytes in {} segments, in place of {update_bytes}",
            self.out.display(),
            made.patch_bytes,
            made.segments,
        );
        Ok(())
    }
}
