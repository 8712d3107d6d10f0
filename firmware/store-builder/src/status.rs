//! What a store is, for people and programs.

use crate::StoreError;
use crate::add::custom_of;
use crate::authority::Quorum;
use crate::grant::grants_in;
use crate::pending::read_pending;
use crate::store::Store;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use store_format::{Custom, Purpose};
use tuf_client::UtcTime;
use tuf_client::metadata::{RoleName, Signed};

/// A store as `publish status` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// What it is for.
    pub purpose: Purpose,
    /// Seconds since 1970: what `issued` of the timestamp says.
    pub issued_secs: Option<i64>,
    /// Those whose files are public.
    pub roles: Vec<RoleStatus>,
    /// All that devices may be offered.
    pub releases: Vec<ReleaseStatus>,
    /// What each role of a change that waits has and needs.
    pub pending: BTreeMap<String, Quorum>,
    #[serde(skip)]
    now: UtcTime,
}

/// A role.
#[derive(Clone, Debug, Serialize)]
pub struct RoleStatus {
    /// Its name.
    pub role: String,
    /// Of its file.
    pub version: u64,
    /// When the file's signatures end.
    pub expires: UtcTime,
    /// How many keys must sign.
    pub threshold: u32,
    /// Its public keys.
    pub keys: Vec<String>,
}

/// A release.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseStatus {
    /// Its name.
    pub target: String,
    /// Of its file.
    pub length_bytes: u64,
    /// What the store says of it.
    pub custom: Custom,
    /// Of a snap: what the store's owner grants it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
}

const WARN_SECS: i64 = 30 * 86_400;

impl Store<'_> {
    /// What it is now.
    ///
    /// # Errors
    /// What waits cannot be read.
    pub fn status(&self) -> Result<Status, StoreError> {
        let old = self.published.as_ref();
        let pending = match read_pending(&self.layout, old)? {
            Some(change) => change.quorums(old)?,
            None => BTreeMap::new(),
        };
        let mut status = Status {
            purpose: self.settings.purpose,
            issued_secs: old.map(|old| old.issued().0),
            roles: Vec::new(),
            releases: Vec::new(),
            pending: pending
                .into_iter()
                .map(|(role, quorum)| (role.0, quorum))
                .collect(),
            now: self.now,
        };
        let Some(old) = old else { return Ok(status) };
        status.roles = vec![
            self.role(&RoleName::root(), &old.root)?,
            self.role(&RoleName::targets(), &old.targets)?,
        ];
        let grants = grants_in(&old.targets);
        for (role, targets) in &old.delegated {
            status.roles.push(self.role(role, targets)?);
            let releases = targets.targets.iter().filter_map(|(name, target)| {
                let custom = custom_of(target)?;
                let granted = match &custom {
                    Custom::Snap(snap) => grants.of(&snap.publisher, &snap.name).collect(),
                    Custom::System(_) | Custom::SystemPatch(_) => Vec::new(),
                };
                Some(ReleaseStatus {
                    target: name.clone(),
                    length_bytes: target.length_bytes,
                    custom,
                    grants: granted.into_iter().map(str::to_owned).collect(),
                })
            });
            status.releases.extend(releases);
        }
        status
            .roles
            .push(self.role(&RoleName::snapshot(), &old.snapshot)?);
        status
            .roles
            .push(self.role(&RoleName::timestamp(), &old.timestamp)?);
        Ok(status)
    }

    fn role(&self, role: &RoleName, signed: &impl Signed) -> Result<RoleStatus, StoreError> {
        let authority = self.published()?.authority(role)?;
        Ok(RoleStatus {
            role: role.0.clone(),
            version: signed.version().get(),
            expires: signed.expires(),
            threshold: authority.need(),
            keys: authority.keys().map(ToString::to_string).collect(),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.purpose == Purpose::Test {
            writeln!(f, "TEST KEYS: anyone can sign for this store")?;
        }
        if self.issued_secs.is_none() {
            writeln!(f, "nothing is public yet")?;
        } else {
            writeln!(
                f,
                "{:<16} {:>7}  {:<20} signers",
                "role", "version", "expires"
            )?;
        }
        for role in &self.roles {
            write!(
                f,
                "{:<16} {:>7}  {:<20} {} of {}",
                role.role,
                role.version,
                role.expires.to_string(),
                role.threshold,
                role.keys.len()
            )?;
            let left_secs = role.expires.0 - self.now.0;
            match () {
                () if left_secs <= 0 => writeln!(f, "  EXPIRED")?,
                // A timestamp never lives long.
                () if left_secs < WARN_SECS && role.role != "timestamp" => {
                    writeln!(f, "  {} days left", left_secs / 86_400)?;
                }
                () => writeln!(f)?,
            }
        }
        for release in &self.releases {
            write_release(f, release, u64::try_from(self.now.0).unwrap_or_default())?;
        }
        for (role, quorum) in &self.pending {
            writeln!(
                f,
                "{role} waits: {} of {} keys signed",
                quorum.have, quorum.need
            )?;
        }
        Ok(())
    }
}

fn write_release(
    f: &mut fmt::Formatter<'_>,
    release: &ReleaseStatus,
    now_secs: u64,
) -> fmt::Result {
    writeln!(f, "\n{}  {} bytes", release.target, release.length_bytes)?;
    match &release.custom {
        Custom::System(system) => {
            writeln!(
                f,
                "  epoch {}, manifest {}",
                system.epoch, system.manifest_sha256
            )?;
            if let Some(minimum) = system.minimum_version {
                writeln!(f, "  for devices of version {minimum} or newer")?;
            }
        }
        Custom::SystemPatch(patch) => {
            writeln!(
                f,
                "  from version {} to version {}",
                patch.from_version, patch.to_version
            )?;
        }
        Custom::Snap(snap) => {
            writeln!(
                f,
                "  version {}, {}",
                snap.version,
                snap.architectures.join(" ")
            )?;
            if !release.grants.is_empty() {
                writeln!(f, "  granted {}", release.grants.join(", "))?;
            }
        }
    }
    for (channel, rollout) in release.custom.channels() {
        write!(f, "  {channel}: {} now", rollout.share_at(now_secs))?;
        for wave in rollout
            .waves()
            .iter()
            .filter(|wave| wave.from_secs > now_secs)
        {
            let from = UtcTime(i64::try_from(wave.from_secs).unwrap_or(i64::MAX));
            write!(f, ", {} from {from}", wave.share)?;
        }
        writeln!(f)?;
    }
    if let Some(hold) = release.custom.hold() {
        writeln!(f, "  HELD: {}", hold.0)?;
    }
    Ok(())
}
