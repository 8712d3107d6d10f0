//! What `cargo xtask image` makes beside the raw image: other forms, compressed, with sums.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use image_builder::signing::KeyDirectory;
use image_builder::{Format, ImageReport, Packer, Printed, Progress, Sizes, write_sums};

use crate::setup::{self, Need};

/// The files beside the image.
#[derive(Debug, Args)]
pub(crate) struct ImageFiles {
    /// Also write it as raw, qcow2, vhd (Azure), vmdk or gce (Google); may be given again
    #[arg(long, value_name = "FORMAT")]
    format: Vec<Format>,
    /// Also write it compressed
    #[arg(long, value_name = "PROGRAM")]
    compress: Option<Compressor>,
    /// Print what the image's bytes are spent on
    #[arg(long)]
    sizes: bool,
    /// Print parts, files and sizes as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Compressor {
    Zstd,
    Xz,
}

/// What there is in the end.
struct Made {
    files: Vec<PathBuf>,
    sizes: Option<Sizes>,
}

impl ImageFiles {
    /// The programs that this takes.
    pub(crate) fn needs(&self) -> Vec<Need<'static>> {
        let mut needs = Vec::new();
        if self.format.iter().any(|format| *format != Format::Raw) {
            needs.extend(setup::FORMATS);
        }
        if matches!(self.compress, Some(Compressor::Xz)) {
            needs.extend(setup::XZ);
        }
        needs
    }

    /// Makes the files and prints everything.
    pub(crate) fn finish(
        &self,
        report: &ImageReport,
        keys: &KeyDirectory,
        progress: &mut Printed,
    ) -> Result<()> {
        let made = self.make(report, keys, progress)?;
        if self.json {
            println!("{}", as_json(report, &made)?);
            return Ok(());
        }
        println!("{report}");
        if let Some(sizes) = &made.sizes {
            println!("\n{sizes}");
        }
        Ok(())
    }

    fn make(
        &self,
        report: &ImageReport,
        keys: &KeyDirectory,
        progress: &mut Printed,
    ) -> Result<Made> {
        let mut files = vec![report.image.clone()];
        for format in &self.format {
            let file = format.write(&report.image, report.sha256)?;
            say_made(progress, &file);
            if !files.contains(&file) {
                files.push(file);
            }
        }
        let packed = match self.compress {
            Some(Compressor::Zstd) => Some(Packer::Zstd.pack(&report.image)?),
            Some(Compressor::Xz) => Some(Packer::Xz.pack(&report.image)?),
            None => None,
        };
        if let Some(file) = &packed {
            say_made(progress, file);
            files.push(file.clone());
        }
        let sizes = self.sizes.then(|| report.sizes()).transpose()?;
        let sizes = match (sizes, &packed) {
            (Some(sizes), Some(packed)) => Some(sizes.with_packed_image(packed)?),
            (sizes, _) => sizes,
        };
        if self.format.is_empty() && self.compress.is_none() {
            return Ok(Made { files, sizes });
        }
        let sums = write_sums(&report.image, &files, keys)?;
        say_made(progress, &sums.file);
        match &sums.signature {
            Some(signature) => say_made(progress, signature),
            None => progress.warn(&format!(
                "no release key is here: sign {} where it is, with openssl pkeyutl -sign -rawin",
                sums.file.display()
            )),
        }
        files.push(sums.file);
        files.extend(sums.signature);
        Ok(Made { files, sizes })
    }
}

fn say_made(progress: &mut Printed, file: &Path) {
    progress.step(&format!("made {}", file.display()));
}

fn as_json(report: &ImageReport, made: &Made) -> Result<serde_json::Value> {
    let parts = report.components.iter().map(|component| {
        serde_json::json!({
            "name": component.name,
            "bytes": component.length_bytes,
            "sha256": component.sha256.to_string(),
        })
    });
    let mut files = Vec::new();
    for file in &made.files {
        let bytes = std::fs::metadata(file)?.len();
        files.push(serde_json::json!({ "file": file, "bytes": bytes }));
    }
    Ok(serde_json::json!({
        "image": report.image,
        "bytes": report.length_bytes,
        "sha256": report.sha256.to_string(),
        "manifest": report.manifest_hash.to_string(),
        "disk": report.disk_guid.to_string(),
        "parts": parts.collect::<Vec<_>>(),
        "files": files,
        "sizes": made.sizes,
    }))
}
