//! `cargo xtask setup`.

use anyhow::Result;
use clap::Args;
use image_builder::Workspace;

use crate::host_tests::foreign;
use crate::setup;
use crate::workspace;

/// Install everything that any command needs, for every board
///
/// Every command installs what it needs by itself; this one does it for all of them
/// at once, for instance before going off-line. As root it installs Debian packages,
/// otherwise it prints the line to type. Rust targets are added with rustup.
#[derive(Debug, Args)]
pub(crate) struct SetupCommand {
    /// Install Debian packages only, no Rust targets (what `sudo` is asked to run)
    #[arg(long)]
    packages_only: bool,
}

impl SetupCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        let boards = Workspace::at(workspace::root()).read_boards()?;
        let machines: Vec<_> = boards.iter().flat_map(setup::virtual_machine).collect();
        let compilers: Vec<_> = boards.iter().flat_map(setup::compilers).collect();
        let needs = &[
            setup::IMAGE,
            &compilers,
            setup::SECURE_BOOT,
            &machines,
            setup::CORRUPTION,
            setup::CROSS_CHECKS,
            setup::FAULTS,
            setup::FUZZ,
            foreign::NEEDS,
            setup::STORE_TESTS,
            setup::SOCKET_TESTS,
        ];
        if self.packages_only {
            setup::prepare_packages(workspace::root(), needs)?;
        } else {
            setup::prepare(workspace::root(), needs)?;
        }
        println!("everything is installed");
        Ok(())
    }
}
