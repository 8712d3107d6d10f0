//! Keys: a new store, publishers of snaps, rotation.

use anyhow::{Context, Result};
use clap::Args;
use image_builder::signing::{KeyDirectory, parse_public_key};
use image_format::PublicKey;
use std::path::PathBuf;
use store_builder::{RealFiles, RolePlan, Rotation, StoreKeys, StorePlan, create_store, parse_key};
use store_format::{PublisherName, Purpose};
use tuf_client::UtcTime;
use tuf_client::metadata::RoleName;

use super::{Place, checkout};

/// Make a store, and the keys that it lacks
///
/// Without --keys it is a store for tests, with keys that are marked so. With them it is one
/// for the field, which refuses keys and keyrings for tests.
#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    place: Place,
    /// Mark the keys and the store for tests
    #[arg(long)]
    test: bool,
    /// The keyring that system images are verified with: `root.keyring` of a directory of
    /// `cargo xtask keys` [default: that of the test keys]
    #[arg(long, value_name = "FILE")]
    image_keyring: Option<PathBuf>,
    /// Root keys to make
    #[arg(long, default_value_t = 3)]
    roots: u8,
    /// Root keys that must agree
    #[arg(long, default_value_t = 2)]
    root_threshold: u32,
    /// A root key whose private half is elsewhere: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    root_key: Vec<String>,
    /// A key of `targets` whose private half is elsewhere; none is made then
    #[arg(long, value_name = "KEY")]
    targets_key: Vec<String>,
    /// Keys of `targets` that must agree
    #[arg(long, default_value_t = 1)]
    targets_threshold: u32,
    /// A key for system releases whose private half is elsewhere; none is made then
    #[arg(long, value_name = "KEY")]
    system_key: Vec<String>,
    /// Keys for system releases that must agree
    #[arg(long, default_value_t = 1)]
    system_threshold: u32,
}

impl Init {
    pub(super) fn run(self) -> Result<()> {
        let purpose = match self.test || self.place.keys.is_none() {
            true => Purpose::Test,
            false => Purpose::Production,
        };
        let keyring = match (&self.image_keyring, purpose) {
            (Some(file), _) => file.clone(),
            (None, Purpose::Test) => {
                KeyDirectory::open_or_create_test(&checkout().test_keys())?.keyring_path()
            }
            (None, Purpose::Production) => anyhow::bail!(
                "cannot make a store for the field without --image-keyring FILE: which keys \
                 sign its system images?"
            ),
        };
        let mut plan = StorePlan::new(purpose, &keyring);
        plan.root = RolePlan {
            keys: self.roots,
            foreign: parse_keys(&self.root_key)?,
            threshold: self.root_threshold,
        };
        plan.targets = role(&self.targets_key, self.targets_threshold)?;
        plan.system = role(&self.system_key, self.system_threshold)?;
        let store = self.place.store();
        std::fs::create_dir_all(&store)
            .with_context(|| format!("cannot make {}", store.display()))?;
        let mut keys = StoreKeys::open_or_create(&self.place.keys(), purpose)?;
        let now = UtcTime::of_this_machine();
        let outcome = create_store(&store, &plan, &mut keys, &mut RealFiles, now)?;
        self.place.report(&store.display().to_string(), &outcome);
        Ok(())
    }
}

/// As many new keys as must agree, or those that are elsewhere.
fn role(foreign: &[String], threshold: u32) -> Result<RolePlan> {
    let made = match foreign {
        [] => u8::try_from(threshold).context("cannot use so high a threshold")?,
        _ => 0,
    };
    Ok(RolePlan {
        keys: made,
        foreign: parse_keys(foreign)?,
        threshold,
    })
}

/// Trust a publisher with the snaps `snaps/NAME/*`
#[derive(Debug, Args)]
pub(super) struct AddPublisher {
    #[command(flatten)]
    place: Place,
    /// Its name
    name: PublisherName,
    /// Its key, whose private half is elsewhere; none is made then
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Its keys that must agree
    #[arg(long, default_value_t = 1)]
    threshold: u32,
}

impl AddPublisher {
    pub(super) fn run(self) -> Result<()> {
        let plan = role(&self.key, self.threshold)?;
        let outcome = self
            .place
            .act(|store, keys| store.add_publisher(&self.name, &plan, keys))?;
        self.place.report(&format!("snaps-{}", self.name), &outcome);
        Ok(())
    }
}

/// Change the keys of a role: root, timestamp, snapshot, targets, system, snaps-NAME
///
/// Devices follow at their next poll. A new root is signed by enough old and enough new
/// keys.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    place: Place,
    /// The role
    role: String,
    /// Keys to make
    #[arg(long, default_value_t = 0)]
    new_keys: u8,
    /// A new key whose private half is elsewhere: file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// A key that may no longer sign: its name, such as system-1, file or hexadecimal digits
    #[arg(long, value_name = "KEY")]
    revoke: Vec<String>,
    /// Keys that must agree [default: as before]
    #[arg(long)]
    threshold: Option<u32>,
}

impl Rotate {
    pub(super) fn run(self) -> Result<()> {
        let directory = self.place.keys();
        let revoked: Result<Vec<_>, _> = self
            .revoke
            .iter()
            .map(|text| parse_key(&directory, text))
            .collect();
        let rotation = Rotation {
            new_keys: self.new_keys,
            foreign: parse_keys(&self.key)?,
            revoked: revoked?,
            threshold: self.threshold,
        };
        let role = RoleName(self.role.clone());
        let outcome = self
            .place
            .act(|store, keys| store.rotate(&role, &rotation, keys))?;
        self.place.report(&self.role, &outcome);
        Ok(())
    }
}

/// Sign roles' files again before they expire: root, targets, system, snaps-NAME
///
/// What has expired together has to be renewed together.
#[derive(Debug, Args)]
pub(super) struct Renew {
    #[command(flatten)]
    place: Place,
    /// The roles
    #[arg(required = true, value_name = "ROLE")]
    roles: Vec<String>,
}

impl Renew {
    pub(super) fn run(self) -> Result<()> {
        let roles: Vec<_> = self.roles.iter().cloned().map(RoleName).collect();
        let outcome = self.place.act(|store, keys| store.renew(&roles, keys))?;
        self.place.report(&self.roles.join(" "), &outcome);
        Ok(())
    }
}

fn parse_keys(texts: &[String]) -> Result<Vec<PublicKey>> {
    let keys: Result<_, _> = texts.iter().map(|text| parse_public_key(text)).collect();
    Ok(keys?)
}
