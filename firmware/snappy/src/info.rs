//! `snappy info`: what this device is. Snappy's lines first, ours behind them.

use crate::arguments::Form;
use crate::keys::Keys;
use crate::secure_boot::{Lockdown, SecureBoot};
use crate::slot_image::fingerprint;
use image_format::Source;
use serde_json::json;
use system_update::BootReport;

/// What `snappy info` prints.
pub(crate) fn output(
    report: &BootReport,
    channel: &str,
    keys: Keys,
    guards: Guards,
    installed: &Installed,
    form: Form,
) -> String {
    match form {
        Form::Text => text(report, channel, keys, guards, installed),
        Form::Json => json(report, channel, keys, guards, installed),
    }
}

/// What guards this boot besides our own chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards {
    pub(crate) secure_boot: SecureBoot,
    pub(crate) lockdown: Lockdown,
}

impl Guards {
    /// As firmware and kernel tell them.
    pub(crate) fn read() -> Self {
        Self {
            secure_boot: SecureBoot::read(),
            lockdown: Lockdown::read(),
        }
    }
}

/// The names of the snaps that are installed, as far as the daemon tells them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Installed {
    pub(crate) frameworks: Vec<String>,
    pub(crate) apps: Vec<String>,
}

/// Behind a colon.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(" {}", names.join(", ")),
    }
}

fn text(
    report: &BootReport,
    channel: &str,
    keys: Keys,
    guards: Guards,
    installed: &Installed,
) -> String {
    let warning = match keys {
        Keys::Test => "\nkeys: TEST KEYS, which anybody may have: not for a device in the field",
        Keys::Production | Keys::Unknown => "",
    };
    let rescue = match report.source {
        Source::Slot(_) => "",
        Source::Rescue => "\nrescue: no slot booted; 'snappy why' tells why, a reboot tries again",
    };
    format!(
        "release: {product}/{channel}\n\
         architecture: {architecture}\n\
         frameworks:{frameworks}\n\
         apps:{apps}\n\
         board: {board}\n\
         slot: {slot}\n\
         version: {version}\n\
         fingerprint: {fingerprint}\n\
         security epoch: {epoch}\n\
         status: {status}\n\
         boot: {boot}
\
         secure boot: {secure_boot}
\
         kernel lockdown: {lockdown}{rescue}{warning}
",
        frameworks = list(&installed.frameworks),
        apps = list(&installed.apps),
        product = report.product,
        architecture = architecture(),
        board = report.board,
        slot = report.source,
        version = report.version,
        fingerprint = fingerprint(&report.manifest),
        epoch = report.epoch,
        status = report.status,
        boot = report.boot,
        secure_boot = guards.secure_boot.name(),
        lockdown = guards.lockdown.name(),
    )
}

fn json(
    report: &BootReport,
    channel: &str,
    keys: Keys,
    guards: Guards,
    installed: &Installed,
) -> String {
    let info = json!({
        "release": format!("{}/{channel}", report.product),
        "architecture": architecture(),
        "frameworks": installed.frameworks,
        "apps": installed.apps,
        "board": report.board,
        "slot": report.source.name(),
        "version": report.version,
        "manifest": report.manifest.to_string(),
        "epoch": report.epoch,
        "status": report.status.to_string(),
        "boot": report.boot,
        "keys": keys.name(),
        "secure_boot": guards.secure_boot.name(),
        "lockdown": guards.lockdown.name(),
    });
    format!("{info}\n")
}

/// The name that Debian and snaps have for the architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "armhf",
        "powerpc64" => "ppc64el",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{in_rescue, report};

    const GUARDS: Guards = Guards {
        secure_boot: SecureBoot::On,
        lockdown: Lockdown::Integrity,
    };

    #[test]
    fn text_is_snappys_with_ours_behind() {
        let expected = format!(
            "release: twinkeel/edge\n\
             architecture: {}\n\
             frameworks:\n\
             apps:\n\
             board: x86_64-uefi\n\
             slot: system-a\n\
             version: 1\n\
             fingerprint: 184ad1e863e947\n\
             security epoch: 1\n\
             status: confirmed\n\
             boot: 4\n\
             secure boot: on\n\
             kernel lockdown: integrity\n",
            architecture()
        );
        assert_eq!(
            output(
                &report(),
                "edge",
                Keys::Production,
                GUARDS,
                &Installed::default(),
                Form::Text
            ),
            expected
        );
        assert_eq!(
            output(
                &report(),
                "edge",
                Keys::Unknown,
                GUARDS,
                &Installed::default(),
                Form::Text
            ),
            expected
        );
    }

    #[test]
    fn the_rescue_system_says_what_it_is() {
        let report = in_rescue().report;
        let text = output(
            &report,
            "edge",
            Keys::Production,
            GUARDS,
            &Installed::default(),
            Form::Text,
        );
        for line in [
            "slot: rescue\n",
            "status: rescue\n",
            "rescue: no slot booted; 'snappy why' tells why, a reboot tries again\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let json = output(
            &report,
            "edge",
            Keys::Production,
            GUARDS,
            &Installed::default(),
            Form::Json,
        );
        assert!(
            json.contains(r#""slot":"rescue","status":"rescue""#),
            "{json}"
        );
    }

    #[test]
    fn test_keys_are_called_by_their_name() {
        let text = output(
            &report(),
            "edge",
            Keys::Test,
            GUARDS,
            &Installed::default(),
            Form::Text,
        );
        let last = text.lines().last();
        assert_eq!(
            last,
            Some("keys: TEST KEYS, which anybody may have: not for a device in the field")
        );
    }

    #[test]
    fn json_has_the_same_facts() {
        let json = output(
            &report(),
            "edge",
            Keys::Test,
            GUARDS,
            &Installed::default(),
            Form::Json,
        );
        let expected = format!(
            "{{\"apps\":[],\"architecture\":\"{}\",\"board\":\"x86_64-uefi\",\"boot\":4,\
             \"epoch\":1,\"frameworks\":[],\"keys\":\"test\",\"lockdown\":\"integrity\",\"manifest\":\"{}\",\
             \"release\":\"twinkeel/edge\",\"secure_boot\":\"on\",\"slot\":\"system-a\",\"status\":\"confirmed\",\
             \"version\":1}}\n",
            architecture(),
            report().manifest
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn frameworks_and_apps_are_named() {
        let installed = Installed {
            frameworks: vec!["broker".into(), "docker".into()],
            apps: vec!["web".into()],
        };
        let text = output(
            &report(),
            "edge",
            Keys::Production,
            GUARDS,
            &installed,
            Form::Text,
        );
        assert!(
            text.contains("\nframeworks: broker, docker\napps: web\n"),
            "{text}"
        );
    }
}
