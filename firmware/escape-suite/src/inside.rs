//! The confinement that attempts are made in: that of a snap without plugs, with a layout.

use crate::Limited;
use crate::attempts::layouts::PLACE;
use crate::stage::USER;
use anyhow::{Context, Result};
use confinement::{
    LayoutEntry, LayoutSource, Lifetime, Limits, Mode, Program, Sandbox, Shared, Side, Sources,
    UserId,
};
use std::path::Path;
use std::process::ExitCode;

/// Makes the attempt there.
pub(crate) fn run(attempt: &str, stage: &Path, limited: Limited) -> Result<ExitCode> {
    let mut sandbox = Sandbox {
        snap: "escape".to_owned(),
        app: "suite".to_owned(),
        revision: "1".to_owned(),
        mode: Mode::Strict,
        user: UserId::new(USER).context("the number is no snap's")?,
        sources: Sources {
            base: "/".into(),
            snap: stage.join("snap"),
            data: stage.join("data"),
            common: stage.join("common"),
            control: None,
        },
        plugs: [].into(),
        devices: Vec::new(),
        shared: vec![Shared {
            source: stage.join("control"),
            at: "/run/snapctl".into(),
            side: Side::Plugs,
        }],
        layout: vec![LayoutEntry {
            at: PLACE.into(),
            source: LayoutSource::Directory("/var/snap/escape/common/layout".into()),
            mode: 0o755,
        }],
        limits: limits(limited),
        notify: None,
        inherited_sockets: Vec::new(),
        lifetime: Lifetime::FirstProcess,
        program: Program {
            path: "/snap/escape/1/escape-suite".into(),
            arguments: vec!["attempt".into(), attempt.into()],
            environment: Vec::new(),
            directory: "/var/snap/escape/1".into(),
        },
    };
    let mut environment: Vec<_> = std::env::vars_os().collect();
    environment.push(("SNAP".into(), sandbox.snap_directory().into()));
    environment.push(("SNAP_DATA".into(), sandbox.data_directory().into()));
    environment.retain(|(name, _)| name != "CONTROL" && name != "LAYOUT");
    environment.push(("CONTROL".into(), "/run/snapctl".into()));
    environment.push(("LAYOUT".into(), PLACE.into()));
    sandbox.program.environment = environment;
    Ok(confinement::run(&sandbox)?.into())
}

fn limits(limited: Limited) -> Limits {
    let none = Limits {
        temporary_bytes: 8 << 20,
        ..Limits::default()
    };
    match limited {
        Limited::WithoutGroups => none,
        Limited::Fully => Limits {
            memory_bytes: Some(48 << 20),
            processes: Some(64),
            cpu_percent: Some(100),
            ..none
        },
    }
}
