//! `cargo xtask serve`.

use anyhow::{Result, bail};
use clap::Args;
use std::path::PathBuf;
use store_builder::{DevelopmentServer, Layout};

use crate::publish::default_store;

/// Serve a store on this machine, for development
///
/// Prints each request. For devices in the field use a real web server: docs/store.md has a
/// configuration.
#[derive(Debug, Args)]
pub(crate) struct ServeCommand {
    /// The store [default: target/store]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 is any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

impl ServeCommand {
    /// Runs until it is interrupted.
    pub(crate) fn run(self) -> Result<()> {
        let layout = Layout::new(&self.store.unwrap_or_else(default_store));
        let public = layout.public();
        if !public.is_dir() {
            bail!(
                "cannot find {}; make a store with `cargo xtask publish init`",
                public.display()
            );
        }
        let server = DevelopmentServer::bind(&public, self.port)?;
        println!("{} at http://{}/", public.display(), server.address());
        server.run(|line| println!("{line}"));
        Ok(())
    }
}
