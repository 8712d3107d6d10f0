//! What the store lists: refreshes the signed metadata and keeps it on `writable`.
//!
//! The time that it goes by is the watermark, which only signed statements raise.

use crate::choice::{Listed, ListedPatch};
use crate::fetch::HttpStore;
use crate::schedule;
use crate::snaps::{ListedSnap, sha256_of};
use image_format::Digest;
use image_trust::sha256;
use std::cmp::Reverse;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use store_format::{Custom, GRANTS, SNAP_ROLE_PREFIX, SYSTEM_ROLE, SnapGrants, snap_role};
use tuf_client::metadata::RoleName;
use tuf_client::{
    Client, DirectoryStore, Error, FetchError, TargetFile, UtcTime, Validator, initialise,
    watermark,
};

/// Which root the kept metadata began with.
const FIRST: &str = "first-root.sha256";

/// Where the metadata is kept, and what it began with.
#[derive(Clone, Debug)]
pub(crate) struct StoreFiles {
    /// The image's first root.
    pub(crate) first_root: PathBuf,
    /// What is trusted, one file a role.
    pub(crate) directory: PathBuf,
}

/// What a server said at the last look, to ask it whether anything is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    address: String,
    validator: Validator,
}

/// What the store lists.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// Releases of the system, the newest first.
    pub(crate) listed: Vec<Listed>,
    /// Which address answered.
    pub(crate) address: String,
    /// The watermark from now on.
    pub(crate) now: UtcTime,
    /// What publishers list, if that was asked.
    pub(crate) snaps: Vec<ListedSnap>,
    /// For the next look.
    pub(crate) known: Option<Known>,
}

/// What is asked of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Releases of the system.
    System,
    /// Those, and snaps.
    SystemAndSnaps,
}

/// Why nobody knows what the store lists.
#[derive(Debug)]
pub(crate) enum LookError {
    /// No address is set.
    NoStore,
    /// The image has no first root, or not a usable one.
    NoRoot(String),
    /// One server after the other failed; this is the last.
    Client {
        error: Error,
        retry_after: Option<Duration>,
    },
}

impl StoreFiles {
    /// Asks one address after the other until one answers as it should.
    pub(crate) fn look(
        &self,
        addresses: &[String],
        report: &str,
        built: UtcTime,
        known: Option<&Known>,
        lists: Lists,
    ) -> Result<Listing, LookError> {
        self.begin()?;
        let mut last = LookError::NoStore;
        for address in addresses {
            let mut server = HttpStore::new(address, report.to_owned());
            let known = known.filter(|known| known.address == *address);
            match self.ask(&mut server, address, built, known, lists) {
                Ok(listing) => return Ok(listing),
                Err(error) => {
                    let retry_after = server.retry_after();
                    last = LookError::Client { error, retry_after };
                }
            }
        }
        Err(last)
    }

    /// The present, by what was signed and when the image was built.
    pub(crate) fn now(&self, built: UtcTime) -> UtcTime {
        watermark(&DirectoryStore::new(&self.directory), built).unwrap_or(built)
    }

    /// Asks for what all publishers of snaps list.
    pub(crate) fn look_for_snaps(
        &self,
        addresses: &[String],
        report: &str,
        built: UtcTime,
    ) -> Result<Vec<ListedSnap>, LookError> {
        self.begin()?;
        let mut last = LookError::NoStore;
        for address in addresses {
            let mut server = HttpStore::new(address, report.to_owned());
            match self.ask_for_snaps(&mut server, address, built) {
                Ok(listed) => return Ok(listed),
                Err(error) => {
                    let retry_after = server.retry_after();
                    last = LookError::Client { error, retry_after };
                }
            }
        }
        Err(last)
    }

    fn ask_for_snaps(
        &self,
        server: &mut HttpStore,
        address: &str,
        built: UtcTime,
    ) -> Result<Vec<ListedSnap>, Error> {
        let store = DirectoryStore::new(&self.directory);
        let now = watermark(&store, built)?;
        let mut client = Client::new(store, server, now)?;
        client.refresh()?;
        Self::snaps_of(&mut client, address)
    }

    /// What all publishers list, through a client that has refreshed.
    fn snaps_of(
        client: &mut Client<DirectoryStore, &mut HttpStore>,
        address: &str,
    ) -> Result<Vec<ListedSnap>, Error> {
        let top = client.trusted().targets();
        let grants = top.and_then(|targets| targets.extra.get(GRANTS).cloned());
        // In a form that is not understood they grant nothing.
        let grants: SnapGrants = grants
            .and_then(|grants| serde_json::from_value(grants).ok())
            .unwrap_or_default();
        let roles = top.and_then(|targets| targets.delegations.as_ref());
        let roles = roles
            .iter()
            .flat_map(|all| &all.roles)
            .map(|role| &role.name);
        let of_snaps = |role: &&RoleName| role.0.starts_with(SNAP_ROLE_PREFIX);
        let roles: Vec<_> = roles.filter(of_snaps).cloned().collect();
        let mut listed = Vec::new();
        for role in roles {
            let targets = match client.targets_of(&role) {
                Ok(targets) => targets.unwrap_or_default(),
                // Who asks again will be told of all of them.
                Err(
                    error @ Error::Fetch {
                        error: FetchError::Broken(_) | FetchError::Status(_),
                        ..
                    },
                ) => return Err(error),
                // One publisher must not keep the others' snaps away.
                Err(error) => {
                    eprintln!("cannot use what {} lists: {error}", role.0);
                    continue;
                }
            };
            for target in &targets {
                let path = client.target_path(target)?;
                listed.extend(listed_snap(target, &role, &grants, address, &path));
            }
        }
        listed.sort_by(|one, other| {
            let key = |snap: &ListedSnap| (snap.name.clone(), Reverse(snap.revision));
            key(one).cmp(&key(other))
        });
        Ok(listed)
    }

    /// Trust begins with the image's first root: when nothing is kept that can be used, and
    /// when another image brings another root. What else is kept still guards, if the new
    /// root's keys signed it.
    fn begin(&self) -> Result<(), LookError> {
        let unusable = |reason: &dyn fmt::Display| {
            LookError::NoRoot(format!(
                "cannot use {}: {reason}",
                self.first_root.display()
            ))
        };
        let root = std::fs::read(&self.first_root).map_err(|error| unusable(&error))?;
        let digest = sha256(&root).to_string();
        let first = self.directory.join(FIRST);
        let same = std::fs::read_to_string(&first).is_ok_and(|kept| kept.trim_end() == digest);
        let mut store = DirectoryStore::new(&self.directory);
        let usable = Client::new(DirectoryStore::new(&self.directory), Nobody, UtcTime(0)).is_ok();
        if same && usable {
            return Ok(());
        }
        initialise(&mut store, &root).map_err(|error| unusable(&error))?;
        crate::keep::replace(&first, format!("{digest}\n").as_bytes())
            .map_err(|error| unusable(&error))
    }

    fn ask(
        &self,
        server: &mut HttpStore,
        address: &str,
        built: UtcTime,
        known: Option<&Known>,
        lists: Lists,
    ) -> Result<Listing, Error> {
        let store = DirectoryStore::new(&self.directory);
        let now = watermark(&store, built)?;
        let mut client = Client::new(store, server, now)?;
        match known {
            // Unchanged or not, all of it is there now.
            Some(known) => {
                client.poll(&known.validator)?;
            }
            None => client.refresh()?,
        }
        let role = RoleName(SYSTEM_ROLE.to_owned());
        let targets = client.targets_of(&role)?.unwrap_or_default();
        let mut listed: Vec<Listed> = Vec::new();
        let mut patches = Vec::new();
        for target in &targets {
            let custom = target.custom().cloned().map(serde_json::from_value);
            let release = match custom {
                Some(Ok(Custom::System(release))) => release,
                Some(Ok(Custom::SystemPatch(patch))) => {
                    patches.push((patch, client.target_path(target)?));
                    continue;
                }
                // What this program does not understand is for a newer one.
                _ => continue,
            };
            let Some(manifest_hash) = Digest::parse_hex(&release.manifest_sha256) else {
                continue;
            };
            listed.push(Listed {
                name: target.name().to_owned(),
                path: client.target_path(target)?,
                length_bytes: target.length_bytes(),
                manifest_hash,
                release,
                patches: Vec::new(),
            });
        }
        for (patch, path) in patches {
            let hashes = [&patch.from_manifest_sha256, &patch.to_manifest_sha256];
            let [Some(from), Some(to)] = hashes.map(|hex| Digest::parse_hex(hex)) else {
                continue;
            };
            let leads_to = listed.iter_mut().find(|one| one.manifest_hash == to);
            if let Some(one) = leads_to {
                one.patches.push(ListedPatch { from, path });
            }
        }
        listed.sort_by_key(|one| std::cmp::Reverse(one.release.version));
        let snaps = match lists {
            Lists::System => Vec::new(),
            // No publisher of snaps keeps a release of the system away.
            Lists::SystemAndSnaps => Self::snaps_of(&mut client, address).unwrap_or_else(|error| {
                eprintln!("cannot look for newer snaps: {error}");
                Vec::new()
            }),
        };
        let validator = client.validator().cloned();
        Ok(Listing {
            listed,
            snaps,
            address: address.to_owned(),
            now: watermark(&DirectoryStore::new(&self.directory), built)?,
            known: validator.map(|validator| Known {
                address: address.to_owned(),
                validator,
            }),
        })
    }
}

/// A target of a publisher, if it is a snap of that publisher's.
fn listed_snap(
    target: &TargetFile,
    role: &RoleName,
    grants: &SnapGrants,
    address: &str,
    path: &str,
) -> Option<ListedSnap> {
    let custom = serde_json::from_value(target.custom()?.clone()).ok()?;
    let Custom::Snap(release) = custom else {
        return None;
    };
    if snap_role(&release.publisher) != role.0 {
        return None;
    }
    let root_hash = match &release.root_hash {
        Some(hex) => Some(Digest::parse_hex(hex)?),
        None => None,
    };
    let frameworks = release.frameworks.iter().map(|name| name.parse());
    let frameworks: Result<_, snap_format::NameError> = frameworks.collect();
    let granted = grants.of(&release.publisher, &release.name);
    let granted = granted.map(str::to_owned).collect();
    Some(ListedSnap {
        grants: granted,
        name: release.name.as_str().parse().ok()?,
        revision: u32::try_from(release.revision).ok()?.try_into().ok()?,
        length_bytes: target.length_bytes(),
        sha256: sha256_of(target.hashes())?,
        root_hash,
        frameworks: frameworks.ok()?,
        address: HttpStore::target_address(address, path),
        release,
    })
}

/// Asked for nothing.
struct Nobody;

impl tuf_client::Fetch for Nobody {
    fn fetch(&mut self, _: tuf_client::Request<'_>) -> Result<tuf_client::Reply<'_>, FetchError> {
        Err(FetchError::NotFound)
    }
}

impl LookError {
    /// What it means for the next poll.
    pub(crate) fn looked(&self) -> schedule::Looked {
        match self {
            Self::NoStore | Self::NoRoot(_) => schedule::Looked::Refused,
            Self::Client { error, retry_after } => match error {
                Error::Fetch { error, .. } if is_refusal(error) => schedule::Looked::Refused,
                _ => schedule::Looked::Failed {
                    retry_after: *retry_after,
                },
            },
        }
    }
}

/// The server's no, which a second question does not change.
fn is_refusal(error: &FetchError) -> bool {
    match error {
        FetchError::NotFound => true,
        FetchError::Status(408 | 425 | 429) => false,
        FetchError::Status(status) => (400..500).contains(status),
        FetchError::Broken(_) => false,
    }
}

impl fmt::Display for LookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStore => f.write_str(
                "cannot look for releases: no store is set; set the address of one, or update \
                 from a file",
            ),
            Self::NoRoot(reason) => write!(
                f,
                "cannot look for releases: this image trusts no store: {reason}"
            ),
            Self::Client { error, .. } => {
                write!(f, "cannot look for releases: {error}; {}", error.remedy())
            }
        }
    }
}

impl std::error::Error for LookError {}
