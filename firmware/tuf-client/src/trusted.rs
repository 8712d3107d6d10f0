//! The state of trust: bytes in, verdict out. No network, no file, no clock.
//!
//! What is here has been verified by the roles above it. Files that the client kept from
//! earlier come in through `recall_`: they are checked against the keys of today, and then
//! say what may not be taken back. Files of the repository come in through `accept_`, one
//! role after the other, each only when the one above it is settled.

use crate::error::{Error, Rule};
use crate::metadata::{
    Hashes, MetaFile, RoleKeys, RoleName, Root, Signed, Snapshot, Targets, Timestamp, Version,
};
use crate::time::UtcTime;
use crate::verify::{
    Verified, identities, verify_delegated, verify_first_root, verify_next_root, verify_snapshot,
    verify_targets, verify_timestamp,
};

/// What is trusted now.
pub struct Trusted {
    now: UtcTime,
    root: Verified<Root>,
    timestamp: Option<Verified<Timestamp>>,
    /// Of an earlier timestamp, maybe: it only says what may not be taken back.
    earlier_snapshot: Option<Verified<Snapshot>>,
    snapshot: Option<Verified<Snapshot>>,
    targets: Option<Verified<Targets>>,
}

/// What a new root did to the online roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlineKeys {
    /// All keys of timestamp and snapshot still stand.
    Kept,
    /// A key of one of the two was withdrawn: whoever had it may have signed versions that
    /// no honest one ever reaches, so what is known of both counts no more (section 5.3.11).
    Withdrawn,
}

/// What came of a timestamp that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is newer, and trusted now.
    Newer,
    /// It has the version that is trusted already; that one stays, as long as it counts.
    Known,
}

impl Trusted {
    /// Begins with a root that somebody vouches for, at a time that stays the same
    /// (section 5.1).
    pub fn new(root: &[u8], now: UtcTime) -> Result<Self, Error> {
        let root = verify_first_root(root).map_err(|rule| Error::NoTrustedRoot(Some(rule)))?;
        Ok(Trusted {
            now,
            root,
            timestamp: None,
            earlier_snapshot: None,
            snapshot: None,
            targets: None,
        })
    }

    /// The newest root.
    pub fn root(&self) -> &Verified<Root> {
        &self.root
    }

    /// The timestamp, if one is trusted.
    pub fn timestamp(&self) -> Option<&Verified<Timestamp>> {
        self.timestamp.as_ref()
    }

    /// The snapshot, if the timestamp's is trusted.
    pub fn snapshot(&self) -> Option<&Verified<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// The top of the targets roles, if it is trusted.
    pub fn targets(&self) -> Option<&Verified<Targets>> {
        self.targets.as_ref()
    }

    /// The time that expiry is held against.
    pub fn now(&self) -> UtcTime {
        self.now
    }

    /// Back to the root alone.
    pub(crate) fn forget_all_but_root(&mut self) {
        self.timestamp = None;
        self.earlier_snapshot = None;
        self.snapshot = None;
        self.targets = None;
    }

    /// The root after the trusted one (sections 5.3.4 to 5.3.6). Whether it expired does not
    /// matter yet.
    pub fn accept_root(&mut self, bytes: &[u8]) -> Result<OnlineKeys, Error> {
        let refused = Error::refused(&RoleName::root());
        let expected = self
            .root
            .version
            .next()
            .ok_or(Rule::LastVersion)
            .map_err(&refused)?;
        let root = verify_next_root(&self.root, bytes).map_err(&refused)?;
        check_version(expected, root.version).map_err(&refused)?;
        let keeps = |role: fn(&Root) -> &RoleKeys| {
            identities(&self.root, role(&self.root)).is_subset(&identities(&root, role(&root)))
        };
        let kept = keeps(|root| &root.roles.timestamp) && keeps(|root| &root.roles.snapshot);
        self.root = root;
        self.forget_all_but_root();
        Ok(if kept {
            OnlineKeys::Kept
        } else {
            OnlineKeys::Withdrawn
        })
    }

    /// The chain of roots ends here: the last one must not have expired (section 5.3.10).
    pub fn check_last_root(&self) -> Result<(), Error> {
        self.check_expiry(&*self.root)
            .map_err(Error::refused(&RoleName::root()))
    }

    /// A timestamp that was accepted earlier, maybe long ago. It guards against going back.
    pub fn recall_timestamp(&mut self, bytes: &[u8]) -> Result<(), Rule> {
        self.timestamp = Some(verify_timestamp(&self.root, bytes)?);
        Ok(())
    }

    /// A timestamp of the repository (section 5.4).
    pub fn accept_timestamp(&mut self, bytes: &[u8]) -> Result<Offer, Error> {
        self.check_last_root()?;
        let refused = Error::refused(&RoleName::timestamp());
        let offered = verify_timestamp(&self.root, bytes).map_err(&refused)?;
        if let Some(trusted) = &self.timestamp {
            check_rollback("timestamp.json", trusted.version, offered.version).map_err(&refused)?;
            if trusted.version == offered.version {
                return Ok(Offer::Known);
            }
            let (trusted, offered) = (&trusted.meta.snapshot, &offered.meta.snapshot);
            check_rollback("snapshot.json", trusted.version, offered.version).map_err(&refused)?;
        }
        self.check_expiry(&*offered).map_err(&refused)?;
        self.timestamp = Some(offered);
        Ok(Offer::Newer)
    }

    /// A snapshot that was accepted earlier. It guards against going back, whatever hash the
    /// timestamp of today tells.
    pub fn recall_snapshot(&mut self, bytes: &[u8]) -> Result<(), Rule> {
        self.earlier_snapshot = Some(verify_snapshot(&self.root, bytes)?);
        Ok(())
    }

    /// The snapshot that the timestamp names (section 5.5), from wherever it comes.
    pub fn accept_snapshot(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let meta = self.listed_snapshot()?;
        if let Some(timestamp) = &self.timestamp {
            // It may have been recalled.
            let refused = Error::refused(&RoleName::timestamp());
            self.check_expiry(&**timestamp).map_err(refused)?;
        }
        let check = || {
            check_bytes(meta, bytes)?;
            let offered = verify_snapshot(&self.root, bytes)?;
            check_version(meta.version, offered.version)?;
            if let Some(earlier) = &self.earlier_snapshot {
                check_no_file_goes_back(earlier, &offered)?;
            }
            self.check_expiry(&*offered)?;
            Ok(offered)
        };
        self.snapshot = Some(check().map_err(Error::refused(&RoleName::snapshot()))?);
        Ok(())
    }

    /// The top of the targets roles, from wherever it comes (section 5.6).
    pub fn accept_targets(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let role = RoleName::targets();
        let root = &self.root;
        let targets = self.check_targets_role(&role, bytes, || verify_targets(root, bytes))?;
        self.targets = Some(targets);
        Ok(())
    }

    /// A delegated role's file, which `delegator` must vouch for. Nothing remembers it: a
    /// role that two others delegate to is verified through each of them.
    pub fn check_delegated(
        &self,
        delegator: &Verified<Targets>,
        role: &RoleName,
        bytes: &[u8],
    ) -> Result<Verified<Targets>, Error> {
        self.check_targets_role(role, bytes, || verify_delegated(delegator, role, bytes))
    }

    /// What the snapshot says of a role.
    pub fn listed(&self, role: &RoleName) -> Result<&MetaFile, Error> {
        let listed = self.snapshot.as_ref().ok_or(Rule::TooEarly);
        listed
            .and_then(|snapshot| snapshot.role(role).ok_or(Rule::NotInSnapshot))
            .map_err(Error::refused(role))
    }

    /// What the timestamp says of the snapshot.
    pub fn listed_snapshot(&self) -> Result<&MetaFile, Error> {
        let timestamp = self.timestamp.as_ref().ok_or(Rule::TooEarly);
        timestamp
            .map(|timestamp| &timestamp.meta.snapshot)
            .map_err(Error::refused(&RoleName::snapshot()))
    }

    fn check_targets_role(
        &self,
        role: &RoleName,
        bytes: &[u8],
        verify: impl FnOnce() -> Result<Verified<Targets>, Rule>,
    ) -> Result<Verified<Targets>, Error> {
        let meta = self.listed(role)?;
        let check = || {
            check_bytes(meta, bytes)?;
            let targets = verify()?;
            check_version(meta.version, targets.version)?;
            self.check_expiry(&*targets)?;
            Ok(targets)
        };
        check().map_err(Error::refused(role))
    }

    fn check_expiry(&self, signed: &impl Signed) -> Result<(), Rule> {
        let (at, now) = (signed.expires(), self.now);
        if now < at {
            Ok(())
        } else {
            Err(Rule::Expired { at, now })
        }
    }
}

fn check_version(expected: Version, found: Version) -> Result<(), Rule> {
    if expected == found {
        Ok(())
    } else {
        Err(Rule::Version { expected, found })
    }
}

fn check_rollback(file: &str, trusted: Version, offered: Version) -> Result<(), Rule> {
    if trusted <= offered {
        return Ok(());
    }
    Err(Rule::Rollback {
        file: file.to_owned(),
        trusted,
        offered,
    })
}

/// No role that was listed disappears or goes back, and neither does the snapshot.
fn check_no_file_goes_back(trusted: &Snapshot, offered: &Snapshot) -> Result<(), Rule> {
    check_rollback("snapshot.json", trusted.version, offered.version)?;
    for (file, trusted) in &trusted.meta {
        let Some(offered) = offered.meta.get(file) else {
            return Err(Rule::Removed { file: file.clone() });
        };
        check_rollback(file, trusted.version, offered.version)?;
    }
    Ok(())
}

/// The length and the hashes, as far as they are told.
fn check_bytes(meta: &MetaFile, bytes: &[u8]) -> Result<(), Rule> {
    let received_bytes = bytes.len() as u64;
    if let Some(signed_bytes) = meta.length_bytes.filter(|length| *length != received_bytes) {
        return Err(Rule::Length {
            signed_bytes,
            received_bytes,
        });
    }
    let Some(hashes) = &meta.hashes else {
        return Ok(());
    };
    match hashes.agree_with(&Hashes::of(bytes)) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Rule::Hash),
        Err(_) => Err(Rule::UnknownHashes),
    }
}
