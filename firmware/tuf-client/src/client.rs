//! The workflow of section 5: asks for files, lets `Trusted` judge them, keeps what it accepts.

use crate::delegations::{list, search};
use crate::error::{Error, Rule};
use crate::fetch::{Fetch, FetchError, Place, Reply, Request, Validator};
use crate::limits::Limits;
use crate::metadata::{RoleName, Targets, Version};
use crate::names::encode_component;
use crate::store::MetadataStore;
use crate::target::{TargetFile, TargetName};
use crate::time::UtcTime;
use crate::trusted::{Offer, OnlineKeys, Trusted};
use crate::verify::Verified;
use std::io::Read;

/// A client of one repository, at one moment: a process that lives long makes a new one
/// for each refresh.
pub struct Client<S, F> {
    pub(crate) store: S,
    pub(crate) fetch: F,
    trusted: Trusted,
    limits: Limits,
    validator: Option<Validator>,
}

/// What became of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The repository is as it was, by one conditional request.
    Unchanged,
    /// Something may be new: a whole refresh was made.
    Refreshed,
}

/// Keeps `root` as what everything else hangs on. Asks nobody.
pub fn initialise(store: &mut impl MetadataStore, root: &[u8]) -> Result<(), Error> {
    // No file of the top level depends on the time yet.
    Trusted::new(root, UtcTime(0))?;
    let role = RoleName::root();
    store
        .save(&role, root)
        .map_err(Error::storage("keep the root"))
}

impl<S: MetadataStore, F: Fetch> Client<S, F> {
    /// Begins with the root that `store` keeps. `now` is what expiry is held against, from
    /// here to the end (section 5.1).
    pub fn new(store: S, fetch: F, now: UtcTime) -> Result<Self, Error> {
        let limits = Limits::default();
        let root = store
            .load(&RoleName::root(), limits.root_bytes)
            .map_err(Error::storage("read the trusted root"))?
            .ok_or(Error::NoTrustedRoot(None))?;
        let trusted = Trusted::new(&root, now)?;
        Ok(Client {
            store,
            fetch,
            trusted,
            limits,
            validator: None,
        })
    }

    /// The same client with other bounds.
    pub fn with_limits(self, limits: Limits) -> Self {
        Client { limits, ..self }
    }

    /// What is trusted now.
    pub fn trusted(&self) -> &Trusted {
        &self.trusted
    }

    /// The mark of the timestamp that the last refresh fetched, for the next poll.
    pub fn validator(&self) -> Option<&Validator> {
        self.validator.as_ref()
    }

    /// Brings the four roles of the top level up to date.
    pub fn refresh(&mut self) -> Result<(), Error> {
        self.trusted.forget_all_but_root();
        self.validator = None;
        self.follow_roots()?;
        self.trusted.check_last_root()?;
        self.refresh_timestamp()?;
        self.refresh_snapshot()?;
        self.refresh_targets()
    }

    /// Asks only whether the timestamp is still the one of `validator`, which came from the
    /// refresh that wrote what the store keeps. If it is, and everything kept still counts,
    /// nothing else is asked; otherwise this is `refresh`. A publisher signs a new timestamp
    /// with each new root, or devices see that root when the timestamp expires.
    pub fn poll(&mut self, validator: &Validator) -> Result<Poll, Error> {
        self.trusted.forget_all_but_root();
        if self.recall_all().is_ok() {
            let request = Request {
                place: Place::Metadata("timestamp.json"),
                max_bytes: self.limits.timestamp_bytes,
                unless: Some(validator),
            };
            let reply = self.fetch.fetch(request).map_err(|error| Error::Fetch {
                file: "timestamp.json".to_owned(),
                error,
            })?;
            if matches!(reply, Reply::NotModified) {
                self.validator = Some(validator.clone());
                return Ok(Poll::Unchanged);
            }
        }
        self.refresh()?;
        Ok(Poll::Refreshed)
    }

    /// What is known of a target, by the first role in the order of trust that lists it
    /// (section 5.6.7). Refreshes first, if that was not done yet.
    pub fn target_info(&mut self, name: &str) -> Result<Option<TargetFile>, Error> {
        let name = TargetName::new(name)?;
        if self.trusted.targets().is_none() {
            self.refresh()?;
        }
        search(self, &name)
    }

    /// Everything that a role lists to which the top role delegates, in the order of names,
    /// and that [`target_info`](Self::target_info) would find there; `None` when there is no
    /// such role. Refreshes first, if that was not done yet.
    pub fn targets_of(&mut self, role: &RoleName) -> Result<Option<Vec<TargetFile>>, Error> {
        if self.trusted.targets().is_none() {
            self.refresh()?;
        }
        list(self, role)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn follow_roots(&mut self) -> Result<(), Error> {
        let role = RoleName::root();
        for _ in 0..self.limits.roots {
            let Some(version) = self.trusted.root().version.next() else {
                return Ok(());
            };
            let file = format!("{version}.root.json");
            let bytes = match self.fetch_file(&role, &file, self.limits.root_bytes) {
                Err(Error::Fetch {
                    error: FetchError::NotFound,
                    ..
                }) => return Ok(()),
                fetched => fetched?.0,
            };
            if self.trusted.accept_root(&bytes)? == OnlineKeys::Withdrawn {
                // Before the root: after a power cut between the two it is withdrawn again.
                for role in [RoleName::timestamp(), RoleName::snapshot()] {
                    self.store
                        .remove(&role)
                        .map_err(Error::storage(format!("drop {role}")))?;
                }
            }
            self.keep(&role, &bytes)?;
        }
        let followed = self.limits.roots;
        Err(Error::refused(&role)(Rule::TooManyRoots { followed }))
    }

    fn refresh_timestamp(&mut self) -> Result<(), Error> {
        let role = RoleName::timestamp();
        if let Some(bytes) = self.recall(&role, self.limits.timestamp_bytes) {
            // One that does not verify any more guards nothing.
            let _ = self.trusted.recall_timestamp(&bytes);
        }
        let (bytes, validator) =
            self.fetch_file(&role, "timestamp.json", self.limits.timestamp_bytes)?;
        if self.trusted.accept_timestamp(&bytes)? == Offer::Newer {
            self.keep(&role, &bytes)?;
        }
        self.validator = validator;
        Ok(())
    }

    fn refresh_snapshot(&mut self) -> Result<(), Error> {
        let role = RoleName::snapshot();
        let meta = self.trusted.listed_snapshot()?.clone();
        let max_bytes = self
            .limits
            .of_file(meta.length_bytes, self.limits.snapshot_bytes);
        if let Some(bytes) = self.recall(&role, self.largest_snapshot()) {
            let _ = self.trusted.recall_snapshot(&bytes);
            if self.trusted.accept_snapshot(&bytes).is_ok() {
                return Ok(());
            }
        }
        let (bytes, _) = self.fetch_file(&role, &self.file(&role, meta.version), max_bytes)?;
        self.trusted.accept_snapshot(&bytes)?;
        self.keep(&role, &bytes)
    }

    fn refresh_targets(&mut self) -> Result<(), Error> {
        let role = RoleName::targets();
        let bytes = self.recall(&role, self.largest_targets());
        if bytes.is_some_and(|bytes| self.trusted.accept_targets(&bytes).is_ok()) {
            return Ok(());
        }
        let bytes = self.fetch_listed(&role)?;
        self.trusted.accept_targets(&bytes)?;
        self.keep(&role, &bytes)
    }

    /// The file of a role that `delegator` delegates to, kept or fetched.
    pub(crate) fn delegated(
        &mut self,
        delegator: &Verified<Targets>,
        role: &RoleName,
    ) -> Result<Verified<Targets>, Error> {
        self.trusted.listed(role)?;
        if let Some(bytes) = self.recall(role, self.largest_targets())
            && let Ok(targets) = self.trusted.check_delegated(delegator, role, &bytes)
        {
            return Ok(targets);
        }
        let bytes = self.fetch_listed(role)?;
        let targets = self.trusted.check_delegated(delegator, role, &bytes)?;
        self.keep(role, &bytes)?;
        Ok(targets)
    }

    /// The top level as the store has it, if all of it still counts.
    fn recall_all(&mut self) -> Result<(), Error> {
        let kept = |client: &Self, role, max_bytes| {
            let bytes = client.recall(&role, max_bytes).ok_or(Rule::TooEarly);
            bytes.map_err(Error::refused(&role))
        };
        let timestamp = kept(self, RoleName::timestamp(), self.limits.timestamp_bytes)?;
        self.trusted.accept_timestamp(&timestamp)?;
        let snapshot = kept(self, RoleName::snapshot(), self.largest_snapshot())?;
        self.trusted.accept_snapshot(&snapshot)?;
        let targets = kept(self, RoleName::targets(), self.largest_targets())?;
        self.trusted.accept_targets(&targets)
    }

    /// A file that was kept. One that cannot be read is one that is not there: the
    /// repository has it still.
    fn recall(&self, role: &RoleName, max_bytes: u64) -> Option<Vec<u8>> {
        self.store.load(role, max_bytes).ok().flatten()
    }

    fn keep(&mut self, role: &RoleName, bytes: &[u8]) -> Result<(), Error> {
        self.store.save(role, bytes).map_err(Error::storage(format!(
            "keep the file of role {:?}",
            role.0
        )))
    }

    fn fetch_listed(&mut self, role: &RoleName) -> Result<Vec<u8>, Error> {
        let meta = self.trusted.listed(role)?;
        let max_bytes = self
            .limits
            .of_file(meta.length_bytes, self.limits.targets_bytes);
        let file = self.file(role, meta.version);
        Ok(self.fetch_file(role, &file, max_bytes)?.0)
    }

    fn largest_snapshot(&self) -> u64 {
        self.limits.told_bytes.max(self.limits.snapshot_bytes)
    }

    fn largest_targets(&self) -> u64 {
        self.limits.told_bytes.max(self.limits.targets_bytes)
    }

    /// With consistent snapshots a file keeps its name for ever (section 6.2).
    fn file(&self, role: &RoleName, version: Version) -> String {
        let name = encode_component(&role.0);
        if self.trusted.root().consistent_snapshot {
            format!("{version}.{name}.json")
        } else {
            format!("{name}.json")
        }
    }

    fn fetch_file(
        &mut self,
        role: &RoleName,
        file: &str,
        max_bytes: u64,
    ) -> Result<(Vec<u8>, Option<Validator>), Error> {
        let failed = |error| Error::Fetch {
            file: file.to_owned(),
            error,
        };
        let request = Request {
            place: Place::Metadata(file),
            max_bytes,
            unless: None,
        };
        let Reply::File { body, validator } = self.fetch.fetch(request).map_err(failed)? else {
            return Err(failed(FetchError::Status(304)));
        };
        let mut bytes = Vec::new();
        body.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| failed(FetchError::Broken(error.to_string())))?;
        if bytes.len() as u64 > max_bytes {
            return Err(Error::refused(role)(Rule::TooLong { max_bytes }));
        }
        Ok((bytes, validator))
    }
}
