//! The example `migrating-app`, from its sources: stored, mounted, its service and its hook
//! run. All of it as on a device but for the layer that verifies blocks.

#[path = "../../../snap-store/tests/real/loop_mounts.rs"]
mod loop_mounts;

use crate::bench::Bench;
use loop_mounts::LoopMounts;
use snap_format::Hook;
use snap_format::build::{Output, build};
use snap_services::Client;
use snap_store::{
    Data, DiskFiles, Installed, KernelMounts, Mounts, Parts, Places, Runtime, RuntimeError, Silent,
    Snaps, Source, SourceError, Sources, StoreError,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const NAME: &str = "migrating-app";

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

struct Supervised<'a>(&'a Client);

impl Runtime for Supervised<'_> {
    fn start(&self, snap: &Installed) -> Result<(), RuntimeError> {
        let started = self.0.start(NAME, &snap.revision.to_string());
        started.map_err(|error| RuntimeError(error.to_string()))
    }

    fn stop(&self, _: &Installed) -> Result<(), RuntimeError> {
        let stopped = self.0.stop(NAME);
        stopped.map_err(|error| RuntimeError(error.to_string()))
    }

    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        let (revision, limit) = (snap.revision.to_string(), Duration::from_secs(60));
        let settings = snap.configuration.document();
        let ran = self.0.hook(NAME, &revision, hook.as_str(), limit, settings);
        match ran.unwrap() {
            outcome if outcome.exit_code == 0 => Ok(()),
            outcome => Err(RuntimeError(format!("{hook}: {}", outcome.output.trim()))),
        }
    }
}

/// No mount outlives the test, whatever becomes of it.
struct Unmounted<'a>(&'a Path);

impl Drop for Unmounted<'_> {
    fn drop(&mut self) {
        for revision in ["x1", "x2"] {
            let _ = KernelMounts.unmount(&self.0.join("snap").join(NAME).join(revision));
        }
    }
}

/// Installs that version of the example.
fn take(snaps: &mut Snaps<'_>, root: &Path, version: u32) -> Result<(), StoreError> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../example-snaps/snaps");
    let file = root.join("snaps/.incoming/upload-1");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let source = examples.join(format!("{NAME}-{version}"));
    build(&source, Output::File(&file), 0).unwrap();
    snaps
        .take_file(&file, &BTreeSet::new(), &mut Silent)
        .map(drop)
}

/// What its command prints.
fn shown(bench: &Bench) -> String {
    let (program, words) = bench.places.snap_run.split_first().unwrap();
    let output = Command::new(program).args(words).arg(NAME).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_migration_that_fails_leaves_the_version_before_with_its_data() {
    let Some(bench) = Bench::new("  other: {command: bin/probe}\n") else {
        return;
    };
    let root = bench.directory.path();
    let places = Places {
        snaps: root.join("snaps"),
        mounts: root.join("snap"),
        data: root.join("var/snap"),
        grants: root.join("grants"),
        launcher: "/usr/bin/snap-run".into(),
    };
    let parts = Parts {
        files: &DiskFiles,
        mounts: &LoopMounts,
        runtime: &Supervised(&bench.client),
        sources: &NoSources,
    };
    let _unmounted = Unmounted(root);
    let mut snaps = Snaps::open(places, "amd64", parts).unwrap();
    snaps.start(&mut Silent);
    take(&mut snaps, root, 1).unwrap();
    assert_eq!(bench.state("writer"), "done");
    assert_eq!(shown(&bench), "version 1 reads format 1\n");
    let failed = take(&mut snaps, root, 2).unwrap_err().to_string();
    assert!(
        failed.contains("post-refresh: this migration fails on purpose"),
        "{failed}"
    );
    assert_eq!(shown(&bench), "version 1 reads format 1\n");
    assert_eq!(bench.state("writer"), "done");
    let name = NAME.parse().unwrap();
    snaps.remove(&name, Data::Purge, &mut Silent).unwrap();
    assert!(!root.join("var/snap").join(NAME).exists());
}
