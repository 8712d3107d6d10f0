//! How patient this image is: `/settings.json` of the initrd, which the image's builder
//! writes and the loader verified.

use serde::Deserialize;
use std::time::Duration;

const PATH: &str = "/settings.json";

/// Times, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// From PID 1's start until the system is up.
    pub(crate) boot_secs: u32,
    /// From *up* until all checks of the health gate have passed.
    pub(crate) health_secs: u32,
    /// How long a service has to run to count as up.
    pub(crate) settle_secs: u32,
    /// How long the hardware watchdog waits to be fed.
    pub(crate) watchdog_secs: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            boot_secs: 300,
            health_secs: 120,
            settle_secs: 10,
            watchdog_secs: 60,
        }
    }
}

impl Settings {
    /// Reads the file. One that cannot be used costs its values, not the boot.
    pub(crate) fn read() -> Self {
        let content = std::fs::read_to_string(PATH).map_err(anyhow::Error::from);
        let parsed = content.and_then(|text| Ok(serde_json::from_str(&text)?));
        parsed.unwrap_or_else(|error| {
            log::warn!("cannot use {PATH}: {error:#}; the usual times hold");
            Self::default()
        })
    }

    pub(crate) fn health(&self) -> Duration {
        Duration::from_secs(self.health_secs.into())
    }

    pub(crate) fn settle(&self) -> Duration {
        Duration::from_secs(self.settle_secs.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_as_usual_and_what_is_unknown_is_an_error() {
        let settings: Settings = serde_json::from_str(r#"{"health_secs":20}"#).unwrap();
        let expected = Settings {
            health_secs: 20,
            ..Settings::default()
        };
        assert_eq!(settings, expected);
        assert!(serde_json::from_str::<Settings>(r#"{"health":20}"#).is_err());
    }
}
