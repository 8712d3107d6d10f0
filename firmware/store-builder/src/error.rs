//! What can go wrong with a store, each with its remedy.

use image_builder::signing::KeyError;
use image_delta::make::MakeError;
use image_format::{PublicKey, Refusal};
use snap_format::SnapFileError;
use std::path::{Path, PathBuf};
use std::{fmt, io};
use store_format::{Channel, NameError, PublisherName};
use tuf_client::UtcTime;
use tuf_client::metadata::RoleName;

/// Why a store was not changed or not read. What is public is as it was.
#[derive(Debug)]
pub enum StoreError {
    /// The operating system refused.
    Io {
        /// What was tried: "read", "write" ...
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// A key cannot be used or made.
    Key(KeyError),
    /// A name cannot be used.
    Name(NameError),
    /// There is no store.
    NoStore(PathBuf),
    /// There is one already.
    Exists(PathBuf),
    /// Somebody else changes the store now.
    Busy(PathBuf),
    /// The key directory does not say what its keys are for.
    NoKeyDirectory(PathBuf),
    /// Keys for tests would sign for devices in the field.
    TestKeys(PathBuf),
    /// A keyring for tests would decide what goes to devices in the field.
    TestKeyring(PathBuf),
    /// A file of the store's own is no JSON of its form.
    Damaged {
        /// Which.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A change waits for signatures.
    Pending(PathBuf),
    /// No change waits for signatures.
    NothingPending,
    /// The pending change does not have this role.
    NotPending(RoleName),
    /// Nobody has this role.
    UnknownRole(String),
    /// The role has no such key.
    NoSuchKey {
        /// The role.
        role: RoleName,
        /// The key.
        key: PublicKey,
    },
    /// More signatures would be needed than there are keys.
    Threshold {
        /// The role.
        role: RoleName,
        /// Needed.
        need: u32,
        /// Keys that there would be.
        keys: usize,
    },
    /// Timestamp or snapshot cannot be signed here.
    OnlineKeys {
        /// Which of the two.
        role: RoleName,
        /// Keys at hand.
        have: u32,
        /// Keys needed.
        need: u32,
    },
    /// The signature is over nothing that waits for one.
    StraySignature(PublicKey),
    /// The key may not sign what it signed.
    Unlisted {
        /// The key.
        key: PublicKey,
        /// What it signed.
        role: RoleName,
    },
    /// The clock is behind the last signature.
    ClockWentBack {
        /// The last signature's time.
        issued: UtcTime,
        /// What the clock says.
        now: UtcTime,
    },
    /// Devices would refuse what was to be published, or refuse what is public.
    Refused(tuf_client::Error),
    /// The envelope or a part of the system file does not hold.
    System(Refusal),
    /// The system file is too short or too long.
    Length {
        /// Its length.
        have_bytes: u64,
        /// What the manifest asks for.
        need_bytes: u64,
    },
    /// There are bytes between the parts of a system file.
    NotZero(u64),
    /// The file is neither an update file nor a snap.
    UnknownFile(PathBuf),
    /// The snap does not end with a whole block.
    RaggedSnap(PathBuf),
    /// The snap cannot be read.
    Snap {
        /// Which.
        path: PathBuf,
        /// Why.
        source: SnapFileError,
    },
    /// A snap needs a publisher, a system file has none.
    Publisher(PathBuf),
    /// There is a publisher of this name.
    PublisherExists(PublisherName),
    /// No such publisher of snaps.
    UnknownPublisher(String),
    /// The store has this version or a newer one.
    NotHigher {
        /// What it would have been.
        target: String,
        /// The newest one of the same line.
        present: u64,
    },
    /// The store has no such release.
    NoTarget {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The channel does not have the release.
    NotInChannel {
        /// The release.
        name: String,
        /// The channel.
        channel: Channel,
    },
    /// Nothing to release: it is not held.
    NotHeld(String),
    /// A patch goes where its release goes.
    IsPatch(String),
    /// A snap has no patches.
    PatchOfSnap(PathBuf),
    /// No patch can begin there, and why.
    PatchBase {
        /// The older release.
        from: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A patch was not made, or is no good.
    Patch {
        /// What it would have been.
        target: String,
        /// What went wrong.
        source: MakeError,
    },
}

impl StoreError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path: path.clone(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, reason: impl fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl From<KeyError> for StoreError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<NameError> for StoreError {
    fn from(error: NameError) -> Self {
        Self::Name(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::Key(error) => error.fmt(f),
            Self::Name(error) => error.fmt(f),
            Self::NoStore(path) => write!(
                f,
                "cannot find a store in {}; make one with `cargo xtask publish init`",
                path.display()
            ),
            Self::Exists(path) => write!(
                f,
                "cannot make a store: there is one in {}; name another directory",
                path.display()
            ),
            Self::Busy(path) => write!(
                f,
                "cannot change the store: another command holds {}; wait for it",
                path.display()
            ),
            Self::NoKeyDirectory(path) => write!(
                f,
                "cannot use {} as the store's keys: it has no file `purpose`; \
                 `cargo xtask publish init --keys DIR` makes such a directory",
                path.display()
            ),
            Self::TestKeys(path) => write!(
                f,
                "cannot sign with {}: its keys are for tests and the store is not; keep the \
                 store's own keys in a directory of their own",
                path.display()
            ),
            Self::TestKeyring(path) => write!(
                f,
                "cannot use the keyring {}: it is marked for tests and the store is not; make \
                 production keys with `cargo xtask keys new --dir DIR`",
                path.display()
            ),
            Self::Damaged { path, reason } => write!(
                f,
                "cannot read {}: {reason}; bring it back from a copy",
                path.display()
            ),
            Self::Pending(path) => write!(
                f,
                "cannot begin another change: {} waits for signatures; finish it with \
                 `publish sign` or `publish import-signature`, or drop it with `publish abandon`",
                path.display()
            ),
            Self::NothingPending => f.write_str(
                "cannot find a change that waits for signatures; `publish status` shows the store",
            ),
            Self::NotPending(role) => write!(
                f,
                "cannot find {role} in the change that waits; `publish status` tells what is in it"
            ),
            Self::UnknownRole(role) => write!(
                f,
                "cannot find the role {role:?}; `publish status` lists the roles"
            ),
            Self::NoSuchKey { role, key } => write!(
                f,
                "cannot take {key} away from {role}: it is none of its keys; `publish status` \
                 lists them"
            ),
            Self::Threshold { role, need, keys } => write!(
                f,
                "cannot ask {need} signatures for {role}: it would have {keys} keys; add keys \
                 or lower the threshold, which is at least 1"
            ),
            Self::OnlineKeys { role, have, need } => write!(
                f,
                "cannot sign {role}: {have} of the {need} keys needed are here; name the \
                 directory with the online keys by --keys"
            ),
            Self::StraySignature(key) => write!(
                f,
                "cannot add the signature: {key} signed nothing that waits; export the request \
                 again and sign exactly those bytes"
            ),
            Self::Unlisted { key, role } => write!(
                f,
                "cannot count {key}: it is not among the keys that may sign {role}"
            ),
            Self::ClockWentBack { issued, now } => write!(
                f,
                "cannot sign a timestamp: the last one is of {issued} and the clock says {now}; \
                 set the clock"
            ),
            Self::Refused(error) => write!(
                f,
                "cannot go on, devices would refuse it: {error}; what is public is unchanged"
            ),
            Self::System(refusal) => write!(
                f,
                "cannot take the system file, devices would refuse it: {refusal}"
            ),
            Self::Length {
                have_bytes,
                need_bytes,
            } => write!(
                f,
                "cannot take the system file: it has {have_bytes} bytes and its manifest asks \
                 for {need_bytes}; copy it again"
            ),
            Self::NotZero(offset) => write!(
                f,
                "cannot take the system file: the gap at byte {offset} is not zero; copy it again"
            ),
            Self::UnknownFile(path) => write!(
                f,
                "cannot tell what {} is: give a file of `cargo xtask image --update-out`, or a \
                 snap",
                path.display()
            ),
            Self::RaggedSnap(path) => write!(
                f,
                "cannot take {}: it does not end with a whole block of 4096 bytes, and devices \
                 verify blocks; make it with `cargo xtask snap build` or `snap pack`",
                path.display()
            ),
            Self::Snap { path, source } => {
                write!(f, "cannot take {}: {source}", path.display())
            }
            Self::Publisher(path) => write!(
                f,
                "cannot add {}: --publisher is for snaps, and every snap needs one",
                path.display()
            ),
            Self::PublisherExists(name) => write!(
                f,
                "cannot add the publisher {name}: there is one; `publish rotate snaps-{name}` \
                 changes its keys"
            ),
            Self::UnknownPublisher(name) => write!(
                f,
                "cannot find the publisher {name:?}; `cargo xtask publish add-publisher` makes one"
            ),
            Self::NotHigher { target, present } => write!(
                f,
                "cannot add {target}: the store has {present} already, and devices take only \
                 what is newer; build it with a higher --version"
            ),
            Self::IsPatch(name) => write!(
                f,
                "cannot give {name} an audience of its own: it is for the devices that may take \
                 its release; name the release"
            ),
            Self::PatchOfSnap(path) => write!(
                f,
                "cannot make a patch to {}: only system files have patches; leave --patch-from \
                 out",
                path.display()
            ),
            Self::PatchBase { from, why } => write!(
                f,
                "cannot make a patch from {from}: {why}; name an older release of the same board \
                 and product by its update file or, if the store lists it, by its version"
            ),
            Self::Patch { target, source } => write!(
                f,
                "cannot publish {target}: {source}; without --patch-from the release is added \
                 alone"
            ),
            Self::NoTarget { name, known } if known.is_empty() => {
                write!(f, "cannot find {name:?}: the store has no release yet")
            }
            Self::NoTarget { name, known } => write!(
                f,
                "cannot find {name:?}; the store has {}",
                known.join(", ")
            ),
            Self::NotInChannel { name, channel } => write!(
                f,
                "cannot find {name} in channel {channel}; `publish status` lists the channels"
            ),
            Self::NotHeld(name) => write!(f, "cannot release {name}: it is not held"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Patch { source, .. } => Some(source),
            _ => None,
        }
    }
}
