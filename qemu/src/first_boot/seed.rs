//! What both systems are configured by at their first boot: a NoCloud seed.

/// The user that logs in.
pub(super) const USER: &str = "gardener";
/// The name that both have.
pub(super) const HOST_NAME: &str = "first-boot";

/// One user with one key, in the words that both systems understand.
pub(super) fn user_data(key: &str) -> String {
    format!(
        "#cloud-config\nusers:\n  - name: {USER}\n    sudo: ALL=(ALL) NOPASSWD:ALL\n    \
         ssh_authorized_keys:\n      - {key}\n"
    )
}

/// The same for a system whose SSH is closed unless it is told otherwise.
pub(super) fn user_data_that_opens_ssh(key: &str) -> String {
    user_data(key) + "snappy:\n  ssh_enabled: true\n"
}

/// Without it cloud-init takes the directory for no seed.
pub(super) fn meta_data() -> String {
    format!("instance-id: {HOST_NAME}\nlocal-hostname: {HOST_NAME}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flasher::CloudConfig;

    #[test]
    fn the_seed_is_a_cloud_config_with_the_key_as_its_only_one() -> anyhow::Result<()> {
        let text = user_data_that_opens_ssh("ssh-ed25519 AAAA");
        CloudConfig::parse(&text)?;
        assert_eq!(text.matches("ssh-ed25519").count(), 1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1..3], ["users:", "  - name: gardener"]);
        assert_eq!(lines[5], "      - ssh-ed25519 AAAA");
        Ok(())
    }
}
