//! Releases: added, promoted, held, withdrawn; and the timestamp.

use anyhow::{Context, Result, bail};
use clap::Args;
use snap_format::Grant;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use store_builder::{NewRelease, PatchBase, parse_waves};
use store_format::{Channel, PublisherName, Rollout};
use tuf_client::UtcTime;

use super::{Place, checkout};

/// Who gets a release, and when.
#[derive(Debug, Args)]
struct Audience {
    /// A share of the devices, from now or from a time on, such as 5% or
    /// 0.5%@2026-12-01T08:00:00Z; more of them in their order [default: everyone now]
    #[arg(long = "wave", value_name = "SHARE[@TIME]")]
    waves: Vec<String>,
}

impl Audience {
    fn rollout(&self) -> Result<Rollout> {
        Ok(parse_waves(&self.waves, UtcTime::of_this_machine())?)
    }
}

/// Add an update file or a snap
///
/// A system file has to verify to its last byte with the keyring that the store was made
/// with, and to be newer than every release of its board and product.
#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    place: Place,
    /// What `cargo xtask image --update-out` wrote, or a snap
    file: PathBuf,
    /// Channels that get it at once
    #[arg(long = "channel", value_name = "NAME", default_value = "edge")]
    channels: Vec<Channel>,
    #[command(flatten)]
    audience: Audience,
    /// Refuse a system file for any other board
    #[arg(long)]
    board: Option<String>,
    /// Whose snap it is
    #[arg(long, value_name = "NAME")]
    publisher: Option<PublisherName>,
    /// Grant the snap what snap.yaml alone never gives: a plug, such as gpio, or a device node,
    /// such as /dev/ttyUSB0; more than once. It is for all revisions, and the store's owner
    /// signs it: it takes the keys of targets
    #[arg(long = "grant", value_name = "PLUG|DEVICE", requires = "publisher")]
    grants: Vec<Grant>,
    /// Devices below this version (of a snap: revision) take another release first
    #[arg(long, value_name = "N")]
    minimum_version: Option<u64>,
    /// Add a patch from an older release, too: devices that run it fetch a few per cent of the
    /// update file. An update file, or the version of a release in this store; more than once
    #[arg(long = "patch-from", value_name = "FILE|VERSION")]
    patches_from: Vec<OsString>,
    /// What people should know
    #[arg(long, default_value = "", value_name = "TEXT")]
    notes: String,
}

/// A number is a version.
fn patch_base(word: &OsString) -> PatchBase {
    match word.to_str().map(str::parse) {
        Some(Ok(version)) => PatchBase::Listed(version),
        _ => PatchBase::File(word.into()),
    }
}

impl Add {
    pub(super) fn run(self) -> Result<()> {
        if let Some(board) = &self.board {
            checkout().read_board(board)?;
        }
        let rollout = self.audience.rollout()?;
        let channels = self.channels.iter();
        refuse_devmode(&self.grants)?;
        let patches_from: Vec<_> = self.patches_from.iter().map(patch_base).collect();
        let new = NewRelease {
            file: &self.file,
            board: self.board.as_deref(),
            publisher: self.publisher.as_ref(),
            channels: channels
                .map(|channel| (channel.clone(), rollout.clone()))
                .collect::<BTreeMap<_, _>>(),
            minimum: self.minimum_version,
            grants: &self.grants,
            notes: self.notes.clone(),
            patches_from: &patches_from,
        };
        let (name, outcome) = self.place.act(|store, keys| store.add(&new, keys))?;
        self.place.report(&name, &outcome);
        Ok(())
    }
}

fn refuse_devmode(grants: &[Grant]) -> Result<()> {
    if grants.contains(&Grant::Devmode) {
        bail!("cannot grant devmode: only the administrator of a device does");
    }
    Ok(())
}

/// Grant a snap something, in place of what it was granted
///
/// The store's owner signs it: it takes the keys of targets. It counts for each revision that a
/// device takes from then on.
#[derive(Debug, Args)]
pub(super) struct GrantCommand {
    #[command(flatten)]
    place: Place,
    /// The snap
    #[arg(value_name = "PUBLISHER/NAME")]
    snap: String,
    /// All that it is granted: plugs, such as gpio, and device nodes, such as /dev/ttyUSB0
    #[arg(value_name = "PLUG|DEVICE", required_unless_present = "nothing")]
    grants: Vec<Grant>,
    /// Grant it nothing any more
    #[arg(long, conflicts_with = "grants")]
    nothing: bool,
}

impl GrantCommand {
    pub(super) fn run(self) -> Result<()> {
        refuse_devmode(&self.grants)?;
        let parts = self.snap.split_once('/');
        let (publisher, name) = parts.with_context(|| {
            format!("cannot find the snap {:?}: write PUBLISHER/NAME", self.snap)
        })?;
        let (publisher, name) = (publisher.parse()?, name.parse()?);
        let outcome = self
            .place
            .act(|store, keys| store.grant(&publisher, &name, &self.grants, keys))?;
        self.place.report(&self.snap, &outcome);
        Ok(())
    }
}

/// Give a release to a channel, or change its waves there
#[derive(Debug, Args)]
pub(super) struct Promote {
    #[command(flatten)]
    place: Place,
    /// The release, as `publish status` names it
    name: String,
    /// The channel
    #[arg(long, value_name = "NAME")]
    channel: Channel,
    #[command(flatten)]
    audience: Audience,
}

impl Promote {
    pub(super) fn run(self) -> Result<()> {
        let rollout = self.audience.rollout()?;
        let channel = self.channel.clone();
        let outcome = self
            .place
            .act(|store, keys| store.promote(&self.name, channel, rollout, keys))?;
        self.place.report(&self.name, &outcome);
        Ok(())
    }
}

/// Stop a release: no device that does not have it takes it
#[derive(Debug, Args)]
pub(super) struct Hold {
    #[command(flatten)]
    place: Place,
    /// The release, as `publish status` names it
    name: String,
    /// Why; devices show it
    #[arg(long)]
    reason: String,
}

impl Hold {
    pub(super) fn run(self) -> Result<()> {
        let outcome = self
            .place
            .act(|store, keys| store.hold(&self.name, &self.reason, keys))?;
        self.place.report(&self.name, &outcome);
        Ok(())
    }
}

/// End a hold
#[derive(Debug, Args)]
pub(super) struct Resume {
    #[command(flatten)]
    place: Place,
    /// The release, as `publish status` names it
    name: String,
}

impl Resume {
    pub(super) fn run(self) -> Result<()> {
        let outcome = self
            .place
            .act(|store, keys| store.resume(&self.name, keys))?;
        self.place.report(&self.name, &outcome);
        Ok(())
    }
}

/// Take a release out of a channel, or out of the store
///
/// Its file stays where it is, for devices that are fetching it.
#[derive(Debug, Args)]
pub(super) struct Withdraw {
    #[command(flatten)]
    place: Place,
    /// The release, as `publish status` names it
    name: String,
    /// Out of this channel only
    #[arg(long, value_name = "NAME")]
    channel: Option<Channel>,
}

impl Withdraw {
    pub(super) fn run(self) -> Result<()> {
        let outcome = self.place.act(|store, keys| match &self.channel {
            Some(channel) => store.withdraw_from(&self.name, channel, keys),
            None => store.withdraw(&self.name, keys),
        })?;
        self.place.report(&self.name, &outcome);
        Ok(())
    }
}

/// Sign a new timestamp: run it from a timer, some times in each life of one
///
/// Needs the on-line keys only. The snapshot is signed anew in the last third of its life.
#[derive(Debug, Args)]
pub(super) struct Refresh {
    #[command(flatten)]
    place: Place,
}

impl Refresh {
    pub(super) fn run(self) -> Result<()> {
        let outcome = self.place.act(|store, keys| store.refresh(keys))?;
        self.place.report("timestamp", &outcome);
        Ok(())
    }
}

/// The 64 bytes of a signature.
pub(super) fn read_signature(path: &Path) -> Result<[u8; 64]> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let length = bytes.len();
    let Ok(bytes) = bytes.try_into() else {
        bail!(
            "cannot use {}: an Ed25519 signature has 64 bytes, this file {length}",
            path.display()
        );
    };
    Ok(bytes)
}
