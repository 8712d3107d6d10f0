//! Handing a configuration of the ports to the program `network`, which tries it.

use super::Device;
use accounts::write_whole;
use anyhow::Context;
use network::configuration::Configuration;

/// Writes it to where `network` notices it.
///
/// # Errors
/// The file system's.
pub fn try_network(device: &Device, configuration: &Configuration) -> anyhow::Result<()> {
    let path = Configuration::ON_TRIAL.trim_start_matches('/');
    let path = device.root.join(path);
    let json = serde_json::to_string(configuration)?;
    write_whole(&path, json.as_bytes(), 0o600)
        .with_context(|| format!("cannot write {}", path.display()))
}
