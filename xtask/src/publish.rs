//! `cargo xtask publish`.

mod exchange;
mod keys;
mod releases;

use anyhow::Result;
use clap::{Args, Subcommand};
use image_builder::Workspace;
use std::path::PathBuf;
use store_builder::{Outcome, RealFiles, Store, StoreError, StoreKeys};
use tuf_client::UtcTime;

use crate::workspace;

/// Publish releases: a store of signed files for any web server
///
/// A store is a directory; `public/` in it is what devices are given. Every command leaves a
/// store that they can read, wherever it is stopped. Where keys are off-line, a command
/// leaves a change that waits: `export-request` writes the bytes to sign (`openssl pkeyutl
/// -sign -rawin -inkey KEY.pem -in REQUEST -out SIGNATURE`), and the last `import-signature`
/// publishes it. See docs/store.md.
#[derive(Debug, Args)]
pub(crate) struct PublishCommand {
    #[command(subcommand)]
    task: PublishTask,
}

#[derive(Debug, Subcommand)]
enum PublishTask {
    Init(Box<keys::Init>),
    Add(releases::Add),
    Promote(releases::Promote),
    Hold(releases::Hold),
    Resume(releases::Resume),
    Withdraw(releases::Withdraw),
    Refresh(releases::Refresh),
    Grant(releases::GrantCommand),
    AddPublisher(keys::AddPublisher),
    Rotate(keys::Rotate),
    Renew(keys::Renew),
    ExportRequest(exchange::ExportRequest),
    ImportSignature(exchange::ImportSignature),
    Sign(exchange::Sign),
    Abandon(exchange::Abandon),
    Status(exchange::StatusCommand),
}

impl PublishCommand {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<()> {
        match self.task {
            PublishTask::Init(command) => command.run(),
            PublishTask::Add(command) => command.run(),
            PublishTask::Promote(command) => command.run(),
            PublishTask::Hold(command) => command.run(),
            PublishTask::Resume(command) => command.run(),
            PublishTask::Withdraw(command) => command.run(),
            PublishTask::Refresh(command) => command.run(),
            PublishTask::Grant(command) => command.run(),
            PublishTask::AddPublisher(command) => command.run(),
            PublishTask::Rotate(command) => command.run(),
            PublishTask::Renew(command) => command.run(),
            PublishTask::ExportRequest(command) => command.run(),
            PublishTask::ImportSignature(command) => command.run(),
            PublishTask::Sign(command) => command.run(),
            PublishTask::Abandon(command) => command.run(),
            PublishTask::Status(command) => command.run(),
        }
    }
}

/// Which store, whose keys, and how to say what happened.
#[derive(Debug, Args)]
struct Place {
    /// The store [default: target/store]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The store's keys [default: test keys in target/keys/store-test]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Place {
    fn store(&self) -> PathBuf {
        match &self.store {
            Some(directory) => directory.clone(),
            None => default_store(),
        }
    }

    fn keys(&self) -> PathBuf {
        match &self.keys {
            Some(directory) => directory.clone(),
            None => checkout().store_test_keys(),
        }
    }

    /// Opens the store and the keys for one act.
    fn act<T>(
        &self,
        act: impl FnOnce(&mut Store<'_>, &mut StoreKeys) -> Result<T, StoreError>,
    ) -> Result<T> {
        let mut files = RealFiles;
        let mut store = Store::open(&self.store(), &mut files, UtcTime::of_this_machine())?;
        let mut keys = StoreKeys::open(&self.keys())?;
        Ok(act(&mut store, &mut keys)?)
    }

    /// Opens the store alone.
    fn read<T>(&self, read: impl FnOnce(&mut Store<'_>) -> Result<T, StoreError>) -> Result<T> {
        let mut files = RealFiles;
        let mut store = Store::open(&self.store(), &mut files, UtcTime::of_this_machine())?;
        Ok(read(&mut store)?)
    }

    /// Says what became of `what`.
    fn report(&self, what: &str, outcome: &Outcome) {
        if self.json {
            let waits = match outcome {
                Outcome::Published => serde_json::Value::Null,
                Outcome::Waits(roles) => {
                    let quorum = |(role, quorum): (&tuf_client::metadata::RoleName, _)| {
                        (role.0.clone(), serde_json::json!(quorum))
                    };
                    roles.iter().map(quorum).collect()
                }
            };
            let published = *outcome == Outcome::Published;
            let report =
                serde_json::json!({ "what": what, "published": published, "waits": waits });
            println!("{report}");
            return;
        }
        match outcome {
            Outcome::Published => println!("{what}: published"),
            Outcome::Waits(roles) => {
                println!("{what}: waits for signatures, nothing is public yet");
                for (role, quorum) in roles {
                    println!("  {role}: {} of {} keys signed", quorum.have, quorum.need);
                }
                println!("next: cargo xtask publish export-request --role ROLE --out FILE");
            }
        }
    }
}

fn checkout() -> Workspace {
    Workspace::at(workspace::root())
}

/// The store of commands that name none.
pub(crate) fn default_store() -> PathBuf {
    checkout().target().join("store")
}
