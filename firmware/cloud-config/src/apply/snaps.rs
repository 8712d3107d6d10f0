//! Snaps of the store, which the daemon `snappyd` installs, and what is set of them then.

use super::{Device, note};
use crate::document::CloudConfig;
use crate::report::Report;
use snap_format::SnapName;
use updater::wishes::{Wish, WishFiles, WishStanding};

/// Leaves a wish for each. The daemon goes on from there, as long as it takes: this is all
/// that happens once for an instance.
pub(super) fn apply(device: &Device, config: &CloudConfig, report: &mut Report) {
    let system = device.system();
    let files = WishFiles::below(&system);
    for package in &config.packages {
        let name = &package.name;
        let configuration = config.configurations.get(name).cloned();
        let wish = Wish {
            publisher: package.publisher.clone(),
            configuration: configuration.unwrap_or_default(),
            standing: WishStanding::Waits,
        };
        let written = files.write(name, &wish);
        let what = format!("snap {name}, for snappyd to install");
        note(report, what, &system.join("snaps/wanted"), written);
    }
    let is_wanted = |name: &SnapName| config.packages.iter().any(|package| package.name == *name);
    for name in config.configurations.keys().filter(|name| !is_wanted(name)) {
        report.failed(format!(
            "snappy.config.{name}: nobody installs that snap; name it in snappy.packages, too"
        ));
    }
}
