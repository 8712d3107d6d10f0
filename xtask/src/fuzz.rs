//! `cargo xtask fuzz`: looks for bytes that a parser does not bear.

mod build;
mod report;
mod run;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use fuzz_targets::Target;
use image_builder::Workspace;

use crate::{setup, workspace};
use report::Report;
use run::Fuzzer;

/// Feed every parser of untrusted bytes, guided by coverage
///
/// Begins with the committed seeds in `fuzz/corpus` and with what earlier runs found, which
/// is kept in `target/fuzz/corpus`. Input that breaks a property stays in
/// `target/fuzz/crashes/TARGET`, with the line that tries it again.
///
/// The last line is `targets=N executions=N crashes=N`; with crashes the command fails.
#[derive(Debug, Args)]
pub(crate) struct FuzzCommand {
    /// How long each target is fed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// This target only
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Feed this file to the target, once, and show what it says
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
    /// Name the targets and do nothing else
    #[arg(long)]
    list: bool,
    /// Print the results as JSON; progress goes to standard error
    #[arg(long)]
    json: bool,
}

impl FuzzCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let targets = self.targets()?;
        if self.list {
            for target in targets {
                println!("{:<16} {}", target.name, target.about);
            }
            return Ok(());
        }
        setup::prepare(workspace::root(), &[setup::FUZZ])?;
        let workspace = Workspace::at(workspace::root());
        let fuzzer = Fuzzer::new(&workspace, build::build(&workspace)?);
        if let Some(input) = &self.input {
            for target in &targets {
                fuzzer.try_again(target, input)?;
            }
            return Ok(());
        }
        let mut report = Report::default();
        for target in targets {
            let result = fuzzer.feed(target, self.seconds)?;
            eprintln!("fuzz: {}", report::one_line(&result));
            report.add(result);
        }
        self.conclude(&report)
    }

    fn targets(&self) -> Result<Vec<&'static Target>> {
        let Some(name) = &self.target else {
            return Ok(fuzz_targets::ALL.iter().collect());
        };
        let target = fuzz_targets::find(name).with_context(|| {
            format!("cannot find the target {name:?}; `cargo xtask fuzz --list` names them")
        })?;
        Ok(vec![target])
    }

    fn conclude(&self, report: &Report) -> Result<()> {
        if self.json {
            println!("{}", report.to_json());
        } else {
            report.print();
        }
        if report.crashes() > 0 {
            // The reasons were shown; the last line is the account.
            std::process::exit(1);
        }
        if report.is_idle() {
            bail!("a target was not fed at all: its log says why");
        }
        Ok(())
    }
}
