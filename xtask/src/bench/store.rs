//! `cargo xtask bench store`.

use anyhow::{Context, Result};
use clap::Args;
use image_builder::Workspace;
use image_builder::signing::KeyDirectory;
use store_interop::{Programs, PythonTuf, measure};

use super::build;
use crate::{setup, workspace};

/// Measure what a store costs: our client beside python-tuf and tough, idle polls, nginx
///
/// All clients run in one go, over the same store behind the same nginx, so that their ratios
/// mean something. Processor time is user and system time of the client's process alone.
#[derive(Debug, Args)]
pub(super) struct StoreBenchmark {
    /// How often each client goes from its first root to a verified target
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Leave tough out, whose build needs a C compiler and some minutes
    #[arg(long)]
    without_tough: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl StoreBenchmark {
    pub(super) fn run(self) -> Result<()> {
        setup::prepare(workspace::root(), &[setup::IMAGE, setup::STORE_TESTS])?;
        let checkout = Workspace::at(workspace::root());
        let keyring = KeyDirectory::open_or_create_test(&checkout.test_keys())?.keyring_path();
        let python = PythonTuf::prepare(checkout.target())?;
        let ours = build(&checkout, &["--package", "store-interop"], "refresh-loop")?;
        let tough = match self.without_tough {
            true => None,
            false => {
                let manifest = "firmware/store-interop/tough/Cargo.toml";
                let arguments = ["--locked", "--manifest-path", manifest];
                Some(build(&checkout, &arguments, "tough-loop").context(
                    "cannot build tough, which is compared with; --without-tough leaves it out",
                )?)
            }
        };
        let programs = Programs {
            ours: &ours,
            tough: tough.as_deref(),
            python: &python,
        };
        let report = measure(&keyring, &programs, self.rounds)?;
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => println!("{report}"),
        }
        Ok(())
    }
}
