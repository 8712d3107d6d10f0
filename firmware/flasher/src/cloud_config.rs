//! A cloud-config with variables: `@{NAME}` stands for a column of the line's table.
//!
//! Not `${NAME}`, which is the shell's, nor `{{ NAME }}`, which is cloud-init's own: both mean
//! something on the device. `@@{` stands for `@{`.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use crate::error::IdentityError;

/// What tells it from other user-data.
const MARK: &str = "#cloud-config";

/// A cloud-config, its variables not filled in.
#[derive(Debug, Clone)]
pub struct CloudConfig {
    template: String,
}

impl CloudConfig {
    /// Takes the text of a file.
    ///
    /// # Errors
    /// [`IdentityError::NotCloudConfig`].
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        if text.lines().next().map(str::trim_end) != Some(MARK) {
            return Err(IdentityError::NotCloudConfig);
        }
        Ok(Self {
            template: text.to_owned(),
        })
    }

    /// The text for one device, which is a YAML mapping.
    pub(crate) fn fill_in(
        &self,
        values: &BTreeMap<String, String>,
    ) -> Result<String, IdentityError> {
        let mut text = String::new();
        let mut rest = self.template.as_str();
        while let Some((before, behind)) = rest.split_once("@{") {
            if let Some(before) = before.strip_suffix('@') {
                text += before;
                text += "@{";
                rest = behind;
                continue;
            }
            let (name, behind) = behind.split_once('}').unwrap_or((behind, ""));
            let value = values
                .get(name)
                .ok_or_else(|| IdentityError::UnknownVariable {
                    name: name.to_owned(),
                    known: values.keys().cloned().collect(),
                })?;
            text += before;
            text += value;
            rest = behind;
        }
        text += rest;
        require_mapping(&text)?;
        Ok(text)
    }
}

/// A mistake here would be found by a thousand devices.
fn require_mapping(text: &str) -> Result<(), IdentityError> {
    serde_saphyr::from_str::<BTreeMap<String, IgnoredAny>>(text)
        .map(|_| ())
        .map_err(|error| IdentityError::NotYaml(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill_in(text: &str) -> Result<String, IdentityError> {
        let values = [("site", "Ulm"), ("key", "ssh-ed25519 AAAA a@b")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        CloudConfig::parse(text)?.fill_in(&values.into_iter().collect())
    }

    #[test]
    fn variables_get_their_values_and_the_shell_keeps_its_own() {
        let text = "#cloud-config\nssh_authorized_keys: ['@{key}']\nruncmd: ['echo ${HOME} @{site} @@{x}']\n";
        assert_eq!(
            fill_in(text).expect("all is known"),
            "#cloud-config\nssh_authorized_keys: ['ssh-ed25519 AAAA a@b']\nruncmd: ['echo ${HOME} Ulm @{x}']\n"
        );
    }

    #[test]
    fn an_unknown_variable_is_named_with_those_that_are_known() {
        let error = fill_in("#cloud-config\na: @{sight}\n").expect_err("it has no value");
        assert_eq!(
            error.to_string(),
            "cannot fill in @{sight}: there is key, site"
        );
    }

    #[test]
    fn what_is_no_cloud_config_is_refused() {
        assert_eq!(fill_in("hostname: a\n"), Err(IdentityError::NotCloudConfig));
        for wrong in ["#cloud-config\n- a\n", "#cloud-config\na: [\n"] {
            let error = fill_in(wrong).expect_err("it is no mapping");
            assert!(matches!(error, IdentityError::NotYaml(_)), "{error}");
        }
    }
}
