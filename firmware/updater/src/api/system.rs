//! `/v2/system-info` and `/v2/systems`: the device as a whole.

use super::{Answer, Api, ApiError, Request};
use crate::changes::ChangeKind;
use crate::settings::Hold;
use image_format::AppData;
use serde::Deserialize;
use serde_json::{Value, json};
use tuf_client::UtcTime;

/// Which form of snapd's API this is: the only one that there is.
const SERIES: &str = "16";

#[derive(Deserialize)]
struct Asked {
    action: String,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    twinkeel: Ours,
}

/// What snapd has no words for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Ours {
    data: Data,
}

/// What a factory reset does with the data of apps.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Data {
    #[default]
    Drop,
    Keep,
}

impl Api {
    pub(super) fn system_info(&self) -> Result<Answer, ApiError> {
        let system = self.device.system()?;
        let version = system.running.version;
        let next = system.unattended.next_poll_secs.map(|secs| {
            let secs = i64::try_from(secs).unwrap_or(i64::MAX);
            UtcTime(UtcTime::of_this_machine().0.saturating_add(secs))
        });
        let settings = self.device.settings();
        Ok(Answer::Sync(json!({
            "series": SERIES,
            "version": env!("CARGO_PKG_VERSION"),
            "os-release": {
                "id": system.product,
                "version-id": version.map(|version| version.to_string()),
            },
            "on-classic": false,
            "managed": false,
            "architecture": architecture(),
            "kernel-version": rustix::system::uname().release().to_string_lossy(),
            "confinement": system.confinement,
            "refresh": {
                "timer": format!("every {} s", settings.poll_interval_secs),
                "next": next,
                "hold": held_until(settings.hold),
            },
            "twinkeel": system,
        })))
    }

    /// There is one system, and one mode to start it in. A factory reset is done by the next
    /// boot, which is asked for at once.
    pub(super) fn act_on_system(&self, request: &Request) -> Result<Answer, ApiError> {
        let asked: Asked = super::act::parse_body(request)?;
        match (&*asked.action, &*asked.mode) {
            ("reboot", "" | "run") => {
                self.device.reboot()?;
                Ok(Answer::Sync(Value::Null))
            }
            ("reboot", mode) => Err(ApiError::bad_request(format!(
                "cannot reboot into mode {mode:?}: there is only \"run\""
            ))),
            ("do", "factory-reset") => {
                // What a revert would have to wait for.
                if let Some(conflict) = self.changes.in_the_way(ChangeKind::RevertSnap) {
                    return Err(conflict.into());
                }
                self.device.reset(match asked.twinkeel.data {
                    Data::Drop => AppData::Dropped,
                    Data::Keep => AppData::Kept,
                })?;
                Ok(Answer::Sync(Value::Null))
            }
            ("do", mode) => Err(ApiError::bad_request(format!(
                "cannot do {mode:?} with this system: there is only \"factory-reset\""
            ))),
            (action, _) => Err(super::act::no_action(action)),
        }
    }
}

/// As snapd tells it: for ever is the end of the year 9999.
pub(super) fn held_until(hold: Hold) -> Option<UtcTime> {
    match hold {
        Hold::None => None,
        Hold::Until(end) => Some(end),
        Hold::Forever => Some(UtcTime(253_402_300_799)),
    }
}

/// The name that Debian and snaps have for the architecture.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "armhf",
        "powerpc64" => "ppc64el",
        other => other,
    }
}
