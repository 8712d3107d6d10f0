//! A store that is open for one command.

use crate::StoreError;
use crate::authority::Quorum;
use crate::change::Change;
use crate::files::Files;
use crate::keys::StoreKeys;
use crate::layout::Layout;
use crate::lock::StoreLock;
use crate::pending::{read_pending, remove_pending, write_pending};
use crate::publication::{Publisher, Renew};
use crate::published::Published;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::path::Path;
use tuf_client::UtcTime;
use tuf_client::metadata::RoleName;

/// A store, held against other commands.
pub struct Store<'f> {
    pub(crate) layout: Layout,
    pub(crate) settings: Settings,
    pub(crate) published: Option<Published>,
    pub(crate) files: &'f mut dyn Files,
    pub(crate) now: UtcTime,
    _lock: StoreLock,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Devices see it at their next poll.
    Published,
    /// It waits for signatures: what each role has and needs.
    Waits(BTreeMap<RoleName, Quorum>),
}

impl<'f> Store<'f> {
    /// Opens the store in `directory`. `now` is when everything is signed.
    ///
    /// # Errors
    /// There is none, somebody else has it, or what is public is not what was published.
    pub fn open(
        directory: &Path,
        files: &'f mut dyn Files,
        now: UtcTime,
    ) -> Result<Self, StoreError> {
        let layout = Layout::new(directory);
        let settings = Settings::read(&layout)?;
        let lock = StoreLock::take(&layout)?;
        let published = Published::read(&layout)?;
        Ok(Store {
            layout,
            settings,
            published,
            files,
            now,
            _lock: lock,
        })
    }

    /// A store of which nothing is public.
    pub(crate) fn unpublished(
        layout: Layout,
        settings: Settings,
        files: &'f mut dyn Files,
        now: UtcTime,
        lock: StoreLock,
    ) -> Self {
        Store {
            layout,
            settings,
            published: None,
            files,
            now,
            _lock: lock,
        }
    }

    /// Where its files are.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn published(&self) -> Result<&Published, StoreError> {
        self.published.as_ref().ok_or_else(|| {
            let pending = self.layout.pending();
            match pending.exists() {
                true => StoreError::Pending(pending),
                false => StoreError::NoStore(self.layout.directory().to_owned()),
            }
        })
    }

    /// Refuses to begin a change where one waits.
    pub(crate) fn require_nothing_pending(&self) -> Result<(), StoreError> {
        match read_pending(&self.layout, self.published.as_ref())? {
            Some(_) => Err(StoreError::Pending(self.layout.pending())),
            None => Ok(()),
        }
    }

    /// Signs a change, and publishes it or lets it wait.
    pub(crate) fn commit(
        &mut self,
        mut change: Change,
        keys: &StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.check(keys)?;
        change.sign(keys, self.published.as_ref())?;
        let quorums = change.quorums(self.published.as_ref())?;
        if quorums.values().all(|quorum| quorum.is_complete()) {
            self.publish(&change, keys, Renew::Snapshot)?;
            remove_pending(&self.layout, self.files)?;
            return Ok(Outcome::Published);
        }
        write_pending(&self.layout, self.files, &change)?;
        Ok(Outcome::Waits(quorums))
    }

    /// A new timestamp, and a new snapshot if the old one has lived for two thirds of its
    /// time.
    ///
    /// # Errors
    /// The on-line keys are not here, or something off-line has expired.
    pub fn refresh(&mut self, keys: &StoreKeys) -> Result<Outcome, StoreError> {
        self.check(keys)?;
        let expires = self.published()?.snapshot.expires;
        let third_secs = i64::from(self.settings.lifetime_hours.snapshot) * 3600 / 3;
        let renew = if expires.0 - self.now.0 < third_secs {
            Renew::Snapshot
        } else {
            Renew::TimestampOnly
        };
        self.publish(&Change::default(), keys, renew)?;
        Ok(Outcome::Published)
    }

    fn check(&self, keys: &StoreKeys) -> Result<(), StoreError> {
        keys.require(self.settings.purpose)?;
        let issued = self.published.as_ref().map(Published::issued);
        match issued.filter(|issued| *issued > self.now) {
            Some(issued) => Err(StoreError::ClockWentBack {
                issued,
                now: self.now,
            }),
            None => Ok(()),
        }
    }

    fn publish(
        &mut self,
        change: &Change,
        keys: &StoreKeys,
        renew: Renew,
    ) -> Result<(), StoreError> {
        let publisher = Publisher {
            layout: &self.layout,
            settings: &self.settings,
            old: self.published.as_ref(),
            keys,
            now: self.now,
        };
        publisher.publish(self.files, change, renew)?;
        self.published = Published::read(&self.layout)?;
        Ok(())
    }
}
