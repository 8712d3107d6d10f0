//! What the firmware says of the machine: SMBIOS, as the kernel shows it.
//!
//! From this alone follows which cloud is asked: nothing is sent to find out.

use std::fs;
use std::path::Path;

/// Fields of SMBIOS. One that is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Of the product.
    pub product_name: String,
    /// Of the product.
    pub product_serial: String,
    /// Of this one machine: a copy of it has another.
    pub product_uuid: String,
    /// Of the box.
    pub chassis_asset_tag: String,
}

/// A cloud that answers over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon's, and what imitates it.
    Ec2,
    /// Any that runs Nova.
    OpenStack,
}

impl Machine {
    /// Reads them below `/sys` of `root`.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let field = |name: &str| {
            let text = fs::read_to_string(root.join("sys/class/dmi/id").join(name));
            text.unwrap_or_default().trim().to_owned()
        };
        Self {
            product_name: field("product_name"),
            product_serial: field("product_serial"),
            product_uuid: field("product_uuid").to_ascii_lowercase(),
            chassis_asset_tag: field("chassis_asset_tag"),
        }
    }

    /// Which cloud the machine says it is in.
    #[must_use]
    pub fn cloud(&self) -> Option<Cloud> {
        const NOVA: [&str; 2] = ["OpenStack Nova", "OpenStack Compute"];
        const NOVA_TAGS: [&str; 5] = [
            "OpenStack Nova",
            "OpenStack Compute",
            "HUAWEICLOUD",
            "OpenTelekomCloud",
            "SAP CCloud VM",
        ];
        let serial = self.product_serial.to_ascii_lowercase();
        // Either alone may be chance: a UUID begins so in one of 4096 machines.
        if serial.starts_with("ec2") && serial == self.product_uuid {
            return Some(Cloud::Ec2);
        }
        let is_nova =
            NOVA.contains(&&*self.product_name) || NOVA_TAGS.contains(&&*self.chassis_asset_tag);
        is_nova.then_some(Cloud::OpenStack)
    }

    /// What tells this machine from a copy, if the firmware says anything of use.
    #[must_use]
    pub fn uuid(&self) -> Option<&str> {
        let says_something = self
            .product_uuid
            .bytes()
            .any(|byte| byte.is_ascii_hexdigit() && byte != b'0' && byte != b'f');
        says_something.then_some(&*self.product_uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str, serial: &str, uuid: &str, tag: &str) -> Machine {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("sys/class/dmi/id");
        fs::create_dir_all(&directory).unwrap();
        for (file, text) in [
            ("product_name", name),
            ("product_serial", serial),
            ("product_uuid", uuid),
            ("chassis_asset_tag", tag),
        ] {
            fs::write(directory.join(file), format!("{text}\n")).unwrap();
        }
        Machine::read(root.path())
    }

    #[test]
    fn a_machine_says_which_cloud_it_is_in() {
        let uuid = "EC2D0E91-5CA2-4F0B-8F3A-000000000001";
        for (name, serial, uuid, tag, cloud) in [
            (
                "t3.small",
                &*uuid.to_lowercase(),
                uuid,
                "Amazon EC2",
                Some(Cloud::Ec2),
            ),
            ("t3.small", "0", uuid, "", None),
            ("OpenStack Nova", "x", "1", "", Some(Cloud::OpenStack)),
            ("KVM", "x", "1", "SAP CCloud VM", Some(Cloud::OpenStack)),
            ("Standard PC", "", "", "", None),
        ] {
            assert_eq!(machine(name, serial, uuid, tag).cloud(), cloud, "{name}");
        }
        assert_eq!(Machine::read(Path::new("/nowhere")).cloud(), None);
    }

    #[test]
    fn a_uuid_of_zeros_tells_no_machine_from_another() {
        let uuid = |uuid| machine("", "", uuid, "").uuid().map(str::to_owned);
        assert_eq!(uuid("00000000-0000-0000-0000-000000000000"), None);
        assert_eq!(uuid("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"), None);
        assert_eq!(uuid(""), None);
        assert_eq!(uuid("A-1").as_deref(), Some("a-1"));
    }
}
