//! User-data of a cloud: any bytes.
//!
//! Whatever comes out of it is bounded, names no file outside an absolute path, no user of the
//! system, and nothing that breaks a line of the files that it goes into. The same bytes are
//! tried as network-config, meta-data and the words of a serial number.

use crate::{Answer, Seed, Target};
use cloud_config::container::{Part, unpack};
use cloud_config::words::Words;
use cloud_config::{CloudConfig, MetaData, network_config};

pub(crate) const TARGET: Target = Target {
    name: "cloud_config",
    about: "what an owner asks of a device",
    max_bytes: 4096,
    run,
    seeds,
};

/// What a document's list has at most.
const MOST: usize = 256;

fn run(input: &[u8]) -> Answer {
    let (meta_data, _) = MetaData::parse(input);
    if let Some(id) = &meta_data.instance_id {
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Ok(text) = core::str::from_utf8(input) {
        let _ = Words::of_command_line(text);
    }
    let (network, complaints) = network_config::parse(input);
    assert!(network.is_none_or(|network| !network.ports.is_empty()));
    assert!(complaints.len() <= 100);
    match unpack(input) {
        Ok(parts) => judge(&parts),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            Answer::Refused
        }
    }
}

fn judge(parts: &[Part]) -> Answer {
    let mut answer = Answer::Refused;
    for part in parts {
        let Part::CloudConfig(text) = part else {
            continue;
        };
        let (config, complaints) = CloudConfig::parse(text);
        assert!(complaints.len() <= 100);
        assert!(complaints.iter().all(|complaint| complaint.line > 0));
        if complaints.is_empty() && config != CloudConfig::default() {
            answer = Answer::Accepted;
        }
        judge_config(&config);
    }
    answer
}

fn judge_config(config: &CloudConfig) {
    let is_line = |text: &str| !text.chars().any(char::is_control);
    assert!(config.users.len() <= MOST && config.files.len() <= MOST);
    for file in &config.files {
        assert!(file.path.starts_with('/') && is_line(&file.path));
        assert!(!file.path.split('/').any(|part| matches!(part, "." | "..")));
        assert!(file.mode <= 0o1777);
    }
    let words = config.time_servers.iter().chain(&config.host_name);
    for word in words.chain(&config.time_zone) {
        assert!(is_line(word) && !word.is_empty() && !word.contains(' '));
    }
    for package in &config.packages {
        let name = package.name.as_str();
        assert!(is_line(name) && !name.is_empty() && !name.contains(['/', '.', ' ']));
    }
    if let Some(zone) = &config.time_zone {
        assert!(!zone.starts_with('/') && !zone.contains(".."));
    }
}

const ALL: &str = "\
#cloud-config
hostname: gw-1
timezone: Europe/Berlin
ssh_pwauth: false
users:
  - default
  - {name: ann, sudo: 'ALL=(ALL) NOPASSWD:ALL', lock_passwd: true}
write_files:
  - {path: /var/a, encoding: b64, content: aGk=, permissions: '0600', append: true}
ntp: {servers: [10.0.0.1], pools: [a.example]}
snappy: {ssh_enabled: true, packages: [web, app.acme], config: {ubuntu-core: {autopilot: off}, web: {port: 80}}}
runcmd: [echo a, [touch, /var/b]]
";

const MIME: &str = "\
Content-Type: multipart/mixed; boundary=\"b\"
MIME-Version: 1.0

--b
Content-Type: text/cloud-config
Content-Transfer-Encoding: base64

I2Nsb3VkLWNvbmZpZwpob3N0bmFtZTogYQo=
--b
Content-Type: text/x-shellscript

#!/bin/sh
--b--
";

/// `#cloud-config`, `hostname: a`.
const GZIP: [u8; 46] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x53, 0x4e, 0xce, 0xc9, 0x2f, 0x4d,
    0xd1, 0x4d, 0xce, 0xcf, 0x4b, 0xcb, 0x4c, 0xe7, 0xca, 0xc8, 0x2f, 0x2e, 0xc9, 0x4b, 0xcc, 0x4d,
    0xb5, 0x52, 0x48, 0xe4, 0x02, 0x00, 0x51, 0xdc, 0xb3, 0x8e, 0x1a, 0x00, 0x00, 0x00,
];

fn seeds() -> Vec<Seed> {
    let network = "#cloud-config\nversion: 2\nethernets:\n  a: {match: {name: 'e*'}, addresses: \
                   [10.0.0.9/24], gateway4: 10.0.0.1, mtu: 1400}\n";
    let mut seeds: Vec<Seed> = [
        ("all", ALL),
        ("mime", MIME),
        ("refused-network", network),
        ("refused-meta", "instance-id: i-1\npublic-keys: {a: b}\n"),
        ("refused-words", "ds=nocloud-net;s=http://a/;h=b;i=c"),
        (
            "refused-path",
            "#cloud-config\nwrite_files: [{path: /var/../a}]\n",
        ),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .into();
    seeds.push(("gzip", GZIP.to_vec()));
    seeds
}
