//! Who this device is, and whose: its machine id, its host name, its users.

use crate::writable::SYSTEM;
use accounts::{Accounts, Places};
use anyhow::Context;
use rustix::rand::{GetRandomFlags, getrandom};
use std::path::Path;

/// The root's `/etc/machine-id` is a link to it.
const MACHINE_ID: &str = "/run/machine-id";
const DEFAULT_HOST_NAME: &str = "twinkeel";
/// POSIX's `HOST_NAME_MAX`.
const MAX_HOST_NAME_BYTES: usize = 64;

/// Makes the machine id known. It is made once per device, at the first boot with
/// a `writable`, and kept there.
pub(crate) fn set_machine_id() -> anyhow::Result<()> {
    let kept = Path::new(SYSTEM).join("machine-id");
    let known = std::fs::read_to_string(&kept).ok();
    let id = match known.as_deref().and_then(parse_machine_id) {
        Some(id) => id.to_owned(),
        None => {
            let id = new_machine_id()?;
            std::fs::write(&kept, format!("{id}\n")).context("cannot keep the machine id")?;
            id
        }
    };
    std::fs::write(MACHINE_ID, format!("{id}\n")).context("cannot show the machine id")
}

/// 32 lower-case hexadecimal digits, not all of them zero: machine-id(5).
fn parse_machine_id(text: &str) -> Option<&str> {
    let id = text.trim_end();
    let digits = id
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (id.len() == 32 && digits && id.bytes().any(|byte| byte != b'0')).then_some(id)
}

/// A random UUID without its dashes, as machine-id(5) asks.
fn new_machine_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom(&mut bytes[..], GetRandomFlags::empty()).context("cannot make a machine id")?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Sets the host name: the device's own, else the image's.
pub(crate) fn set_host_name() -> anyhow::Result<()> {
    let own = std::fs::read_to_string(Path::new(SYSTEM).join("hostname")).ok();
    let image = std::fs::read_to_string("/etc/hostname").ok();
    let name = [own, image]
        .iter()
        .flatten()
        .find_map(|text| parse_host_name(text))
        .unwrap_or(DEFAULT_HOST_NAME)
        .to_owned();
    rustix::system::sethostname(name.as_bytes())
        .with_context(|| format!("cannot set the host name {name}"))
}

/// Makes the tables of users and their homes. Without them, root is still root, by number.
pub(crate) fn publish_accounts() -> anyhow::Result<()> {
    let places = Places::of_device();
    let accounts = Accounts::read(&places);
    for broken in accounts.broken() {
        log::warn!("{broken}");
    }
    accounts::publish(&places, &accounts).context("cannot make the tables of users")
}

/// Letters, digits, dots and inner hyphens: RFC 1123, section 2.1.
fn parse_host_name(text: &str) -> Option<&str> {
    let name = text.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (name.len() <= MAX_HOST_NAME_BYTES && name.split('.').all(label)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_ids_have_the_documented_form() {
        let id = new_machine_id().unwrap();
        assert_eq!(parse_machine_id(&format!("{id}\n")), Some(&*id));
        assert_ne!(id, new_machine_id().unwrap());
        for wrong in [
            "",
            "uninitialized\n",
            &"0".repeat(32),
            &"A".repeat(32),
            &"a".repeat(31),
        ] {
            assert_eq!(parse_machine_id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn host_names_follow_the_rfc() {
        for name in ["twinkeel", "gateway-7.site.example", "7"] {
            assert_eq!(parse_host_name(&format!("{name}\n")), Some(name));
        }
        for wrong in ["", "-a", "a-", "a..b", "a b", "a_b", &"a".repeat(65)] {
            assert_eq!(parse_host_name(wrong), None, "{wrong}");
        }
    }
}
