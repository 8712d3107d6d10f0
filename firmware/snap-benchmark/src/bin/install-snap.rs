//! `install-snap DEVICE FILE`: installs a snap file as the daemon does, for
//! `cargo xtask bench snaps`. Nothing is mounted: what the daemon reads of a mount is read of
//! the file.

use anyhow::{Context, Result, bail};
use snap_format::SnapFile;
use snap_store::{
    DiskFiles, Mounts, NoRuntime, Parts, Places, Silent, Snaps, Source, SourceError, Sources,
    VerifiedImage,
};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const LONGEST_YAML_BYTES: usize = 64 << 10;

struct NoSources;

impl Sources for NoSources {
    fn open<'a>(
        &'a self,
        address: &str,
        _: Vec<fs::File>,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        Err(SourceError(format!("nothing is at {address}")))
    }
}

struct ReadMounts;

impl Mounts for ReadMounts {
    fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()> {
        let snap = SnapFile::open(File::open(image.file)?).map_err(io::Error::other)?;
        let yaml = snap.files().read("meta/snap.yaml", LONGEST_YAML_BYTES);
        fs::create_dir_all(at.join("meta"))?;
        fs::write(at.join("meta/snap.yaml"), yaml.map_err(io::Error::other)?)
    }

    fn unmount(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<()> {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [device, file] = &words[..] else {
        bail!("usage: install-snap DEVICE FILE");
    };
    let places = Places {
        snaps: device.join("snaps"),
        mounts: device.join("snap"),
        data: device.join("data"),
        grants: device.join("grants"),
        launcher: "/usr/bin/snap-run".into(),
    };
    let incoming = places.incoming();
    for place in [&incoming, &places.mounts, &places.data] {
        fs::create_dir_all(place)?;
    }
    let parts = Parts {
        files: &DiskFiles,
        mounts: &ReadMounts,
        runtime: &NoRuntime,
        sources: &NoSources,
    };
    let mut snaps = Snaps::open(places, "all", parts)?;
    snaps.start(&mut Silent);
    snaps
        .take_file(file, &BTreeSet::new(), &mut Silent)
        .context("cannot install")?;
    Ok(())
}
