//! Looks into a trial of the other slot that was not confirmed, once this system works,
//! and keeps the network's baseline up to date where there is nothing to look into.
//!
//! The verdict is `system-update`'s; what is found out here is how the network is now.

use crate::health::network::{self, Baseline};
use crate::trial::Trial;
use image_format::Verdict;
use std::time::{Duration, Instant};
use system_update::{Finding, Judgement, NetworkNow, OpenCase};

/// How often the network is looked at while a verdict depends on it.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the baseline is brought up to date.
const BASELINE_PAUSE: Duration = Duration::from_secs(20);

/// What there is to do.
pub(crate) enum Inquest {
    /// A verdict depends on the network, which may come back until then.
    Waiting {
        case: Box<OpenCase>,
        baseline: Baseline,
        closes: Instant,
    },
    /// Nothing to judge: the baseline is looked at next then.
    Over { look: Instant },
}

impl Inquest {
    /// Opens the case, if there is one, and closes it if it is clear.
    pub(crate) fn open(trial: &Trial<'_>, window: Duration) -> Self {
        let over = Self::Over {
            look: Instant::now(),
        };
        let Some(case) = trial.open_case() else {
            return over;
        };
        if let Judgement::Clear(finding) = &case.judgement {
            close(trial, &case, finding);
            return over;
        }
        Self::Waiting {
            case: Box::new(case),
            baseline: Baseline::read(),
            closes: Instant::now() + window,
        }
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Instant {
        match self {
            Self::Waiting { closes, .. } => (*closes).min(Instant::now() + PAUSE),
            Self::Over { look } => *look,
        }
    }

    /// Looks at the network, and does what follows.
    pub(crate) fn look(&mut self, trial: &Trial<'_>) {
        let now = Instant::now();
        match self {
            Self::Waiting {
                case,
                baseline,
                closes,
            } => {
                let lost = !baseline.lost(&network::now()).is_empty();
                let network = match (lost, now < *closes) {
                    (false, _) => NetworkNow::Works,
                    (true, true) => return,
                    (true, false) => NetworkNow::Lost,
                };
                let finding = case.judgement.clone().settle(network);
                close(trial, case, &finding);
                *self = Self::Over { look: now };
            }
            Self::Over { look } if *look <= now => {
                keep_baseline();
                *look = now + BASELINE_PAUSE;
            }
            Self::Over { .. } => {}
        }
    }
}

fn keep_baseline() {
    if let Err(error) = network::now().keep() {
        log::debug!("{error:#}");
    }
}

fn close(trial: &Trial<'_>, case: &OpenCase, finding: &Finding) {
    let (slot, reason) = (case.slot, &finding.reason);
    match finding.verdict {
        Verdict::Failed => log::warn!("the release in {slot} failed its trial: {reason}"),
        Verdict::Inconclusive => {
            log::warn!("the trial of {slot} says nothing about the release: {reason}");
        }
    }
    trial.close_case(case, finding);
}
