//! A release from the store, for a device that cannot boot.

use super::known::{Conditions, choose_for_rescue};
use crate::device::FailureKind;
use crate::device::Verdict;
use crate::engine::{Engine, Order};
use crate::machine::Machine;
use crate::schedule::Looked;
use crate::store::Lists;
use http_file::Patience;
use system_update::{Downgrade, FailedBefore, Progress, Staged};

impl<M: Machine> Engine<M> {
    /// Asks the store, and installs the newest release that it offers to this device.
    ///
    /// # Errors
    /// What it means for the next question, and why as a sentence.
    pub(super) fn install_from_store(
        &self,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Staged, (Looked, String)> {
        let slots = self
            .rescue_slots()
            .map_err(|failure| (Looked::NotInstalled, failure.message))?;
        let settings = self.settings.read().settings;
        let listing = self.look(&settings, &slots, None, Lists::System);
        let mut listing = listing.map_err(|error| (error.looked(), error.to_string()))?;
        let machine_id = self.machine().machine_id();
        let conditions = Conditions {
            channel: &settings.channel,
            machine_id: &machine_id,
            now_secs: u64::try_from(listing.now.0).unwrap_or_default(),
            rolled_back: self.memory.read().rolled_back,
        };
        let (verdicts, chosen) = choose_for_rescue(&mut listing.listed, &slots, &conditions);
        let Some(release) = chosen else {
            return Err((Looked::Answered, nothing_offered(&verdicts)));
        };
        let order = Order {
            release,
            address: &listing.address,
            rate_bytes_per_sec: settings.rate_limit_bytes_per_sec,
            patience: Patience::OF_A_PERSON,
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        };
        self.install(&order, &slots, progress).map_err(|error| {
            let looked = match error.kind() {
                FailureKind::Network | FailureKind::Busy => Looked::Failed { retry_after: None },
                FailureKind::NotFound => Looked::Refused,
                _ => Looked::NotInstalled,
            };
            (looked, error.to_string())
        })
    }
}

/// Of the newest one. The listing has the newest first.
fn nothing_offered(verdicts: &[Verdict]) -> String {
    match verdicts.first() {
        Some(Verdict::NotOffered(reason)) => {
            format!("it offers nothing; of the newest release: {reason}")
        }
        _ => "it lists no release".to_owned(),
    }
}
