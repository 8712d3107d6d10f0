//! Meta-data: who the instance is. NoCloud has YAML, OpenStack JSON, which is YAML, too.

use crate::complaint::{Complaint, Complaints};
use crate::document::{MOST, is_host_name};
use crate::place::Place;
use accounts::AuthorizedKey;
use yaml_tree::MAX_YAML_BYTES;

/// What counts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetaData {
    /// Another one is another instance.
    pub instance_id: Option<String>,
    /// Where the user-data names none.
    pub host_name: Option<String>,
    /// Keys of the image's own user.
    pub authorized_keys: Vec<AuthorizedKey>,
}

const MAX_ID_BYTES: usize = 128;

impl MetaData {
    /// Parses it. What cannot be used is complained of.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Self, Vec<Complaint>) {
        let mut found = Self::default();
        let mut complaints = Complaints::default();
        if bytes.trim_ascii().is_empty() {
            return (found, Vec::new());
        }
        let bytes = bytes.get(..MAX_YAML_BYTES + 1).unwrap_or(bytes);
        if let Some(tree) = complaints.take(yaml_tree::parse(bytes).map_err(Complaint::from)) {
            let document = Place::document(&tree);
            for (key, place) in complaints.take(document.entries()).unwrap_or_default() {
                found.read(key, &place, &mut complaints);
            }
        }
        (found, complaints.into_vec())
    }

    /// Other keys are each cloud's own.
    fn read(&mut self, key: &str, place: &Place<'_>, complaints: &mut Complaints) {
        match key {
            "instance-id" | "uuid" => {
                let id = place.text().and_then(|id| match is_instance_id(id) {
                    true => Ok(id.to_owned()),
                    false => Err(place.unusable(id, "at most 128 printable characters")),
                });
                self.instance_id = complaints.take(id);
            }
            "local-hostname" | "hostname" => {
                let name = place.text().map(short_host_name);
                self.host_name = complaints.take(name).filter(|name| is_host_name(name));
            }
            "public-keys" | "public_keys" => {
                let keys = public_keys(place, complaints);
                self.authorized_keys = keys;
            }
            _ => {}
        }
    }
}

/// Whether it can stand in a file and before a person.
pub(crate) fn is_instance_id(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A cloud's full names are longer than anybody says.
fn short_host_name(name: &str) -> String {
    name.split('.').next().unwrap_or_default().to_owned()
}

/// A list of keys, or a map from names to keys.
fn public_keys(place: &Place<'_>, complaints: &mut Complaints) -> Vec<AuthorizedKey> {
    let places = match place.entries() {
        Ok(entries) if !entries.is_empty() => entries.into_iter().map(|(_, place)| place).collect(),
        _ => complaints.take(place.items_or_one()).unwrap_or_default(),
    };
    let mut keys = Vec::new();
    for place in places.into_iter().take(MOST) {
        let text = complaints.take(place.text()).unwrap_or_default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let key = AuthorizedKey::parse(line);
            keys.extend(complaints.take(key.map_err(|error| place.refuse(&error))));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDbqKcpzGgkvGFHXq/g0mGw0A9jHJ3yZtD4cVxJwP4a a@b";

    #[test]
    fn nocloud_and_openstack_say_who_the_instance_is() {
        let nocloud = format!(
            "instance-id: i-1\nlocal-hostname: gw-1.site.example\ndsmode: local\n\
             public-keys:\n  - {KEY}\n"
        );
        let openstack = format!(
            "{{\"uuid\": \"i-1\", \"hostname\": \"gw-1\", \"name\": \"a b\", \
             \"public_keys\": {{\"mykey\": \"{KEY}\\n\"}}}}"
        );
        let expected = MetaData {
            instance_id: Some("i-1".to_owned()),
            host_name: Some("gw-1".to_owned()),
            authorized_keys: vec![AuthorizedKey::parse(KEY).unwrap()],
        };
        assert_eq!(
            MetaData::parse(nocloud.as_bytes()),
            (expected.clone(), vec![])
        );
        assert_eq!(MetaData::parse(openstack.as_bytes()), (expected, vec![]));
        assert_eq!(MetaData::parse(b"\n"), (MetaData::default(), vec![]));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let (found, complaints) =
            MetaData::parse(b"instance-id: 'a b'\npublic-keys: [x]\nlocal-hostname: a_b\n");
        assert_eq!(found, MetaData::default());
        let said: Vec<_> = complaints.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("line 1, instance-id: cannot use \"a b\""));
        assert!(said[1].starts_with("line 2, public-keys[0]"));
    }
}
