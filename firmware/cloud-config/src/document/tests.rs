//! Documents, and what becomes of each of their keys.

use super::{CloudConfig, Command, Login, LoginName, Package, Password};
use accounts::{AuthorizedKey, Sudo};
use serde_json::json;
use system_update::CloudConfigSeverity as Severity;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDbqKcpzGgkvGFHXq/g0mGw0A9jHJ3yZtD4cVxJwP4a a@b";

fn good(text: &str) -> CloudConfig {
    let (config, complaints) = CloudConfig::parse(text.as_bytes());
    assert_eq!(complaints, [], "{text}");
    config
}

fn complaint(text: &str) -> String {
    let (_, complaints) = CloudConfig::parse(text.as_bytes());
    let said: Vec<_> = complaints.iter().map(ToString::to_string).collect();
    said.join("; ")
}

#[test]
fn every_key_is_understood() {
    let hash = format!("$6$salt${}", "h".repeat(86));
    let config = good(&format!(
        "#cloud-config
hostname: gw-1
fqdn: gw-1.site.example
timezone: Europe/Berlin
ssh_authorized_keys: ['{KEY}']
ssh_pwauth: false
users:
  - default
  - name: ann
    ssh_authorized_keys:
      - {KEY}
    sudo: ALL=(ALL) NOPASSWD:ALL
    lock_passwd: false
    hashed_passwd: {hash}
  - name: bob
    sudo: false
    passwd: {hash}
write_files:
  - path: /var/lib/app/a.conf
    content: |
      a = 1
    permissions: '0600'
  - {{path: /root/b, encoding: b64, content: aGk=, append: true}}
ntp: {{servers: [10.0.0.1], pools: [pool.example]}}
snappy:
  ssh_enabled: true
  packages: [xkcd-webserver, docker.acme]
  config:
    ubuntu-core: {{autopilot: off, channel: stable}}
    xkcd-webserver: {{port: 80, names: [a]}}
runcmd:
  - echo a
  - [touch, /var/b]
"
    ));
    assert_eq!(config.host_name.as_deref(), Some("gw-1"));
    assert_eq!(config.time_zone.as_deref(), Some("Europe/Berlin"));
    let keys = [AuthorizedKey::parse(KEY).unwrap()];
    assert_eq!(config.authorized_keys, keys);
    assert_eq!(config.ssh, Some(Login::Allowed));
    assert_eq!(config.ssh_password, Some(Login::Refused));
    let users: Vec<_> = config
        .users
        .iter()
        .map(|user| match &user.login {
            LoginName::Default => ("", user.sudo),
            LoginName::Named(name) => (name.as_str(), user.sudo),
        })
        .collect();
    let expected = [
        ("", None),
        ("ann", Some(Sudo::Allowed)),
        ("bob", Some(Sudo::Refused)),
    ];
    assert_eq!(users, expected);
    assert_eq!(config.users[1].authorized_keys, keys);
    assert!(matches!(config.users[1].password, Some(Password::Hash(_))));
    assert_eq!(config.users[2].password, None, "it is locked");
    let files: Vec<_> = config
        .files
        .iter()
        .map(|file| (&*file.path, &*file.content, file.mode))
        .collect();
    assert_eq!(
        files,
        [
            ("/var/lib/app/a.conf", &b"a = 1\n"[..], 0o600),
            ("/root/b", &b"hi"[..], 0o644)
        ]
    );
    assert_eq!(config.time_servers, ["10.0.0.1", "pool.example"]);
    let package = |name: &str, publisher: Option<&str>| Package {
        name: name.parse().unwrap(),
        publisher: publisher.map(|publisher| publisher.parse().unwrap()),
    };
    let [comic, docker] = [
        package("xkcd-webserver", None),
        package("docker", Some("acme")),
    ];
    assert_eq!(
        serde_json::Value::from(config.configurations[&comic.name].clone()),
        json!({ "port": 80, "names": ["a"] })
    );
    assert_eq!(config.packages, [comic, docker]);
    assert_eq!(config.settings["autopilot"], json!("off"));
    assert_eq!(config.settings["channel"], json!("stable"));
    assert_eq!(
        config.commands,
        [
            Command::Shell("echo a".to_owned()),
            Command::Words(vec!["touch".to_owned(), "/var/b".to_owned()])
        ]
    );
}

#[test]
fn a_wrong_key_is_named_and_the_others_count() {
    let (config, complaints) =
        CloudConfig::parse(b"#cloud-config\nhostname: a_b\ntimezone: UTC\nhostnames: c\n");
    assert_eq!(config.host_name, None);
    assert_eq!(config.time_zone.as_deref(), Some("UTC"));
    let said: Vec<_> = complaints
        .iter()
        .map(|complaint| (complaint.severity(), complaint.to_string()))
        .collect();
    assert_eq!(
        said,
        [
            (
                Severity::Error,
                "line 2, hostname: cannot use \"a_b\"; give letters, digits and inner hyphens, at \
                 most 64"
                    .to_owned()
            ),
            (
                Severity::Warning,
                "line 4, hostnames: there is no such key; correct it or remove it".to_owned()
            ),
        ]
    );
}

#[test]
fn complaints_name_line_and_key() {
    for (text, said) in [
        ("users: 3", "line 1, users: the value is no list"),
        (
            "users:\n  - sudo: false",
            "line 2, users[0]: name is missing",
        ),
        ("users: [root]", "line 1, users[0]: cannot use \"root\""),
        ("users: [Ann]", "users[0]: cannot use \"Ann\""),
        (
            "users: [{name: a, sudo: 'ALL=(ALL) /bin/ls'}]",
            "users[0].sudo: cannot use",
        ),
        (
            "users: [{name: a, passwd: 'x:y'}]",
            "users[0].passwd: cannot use the hash",
        ),
        (
            "ssh_authorized_keys: [x]",
            "ssh_authorized_keys[0]: cannot use a key that begins with \"x\"",
        ),
        (
            "ssh_authorized_keys: [\"ssh-rsa AAAAAAAAAAAA\\nroot\"]",
            "ssh_authorized_keys[0]: cannot use",
        ),
        (
            "write_files: [{path: a}]",
            "write_files[0].path: cannot use \"a\"",
        ),
        (
            "write_files: [{path: /var/../etc/x}]",
            "write_files[0].path: cannot use",
        ),
        (
            "write_files: [{path: /var/a, permissions: '4755'}]",
            "permissions: cannot use \"4755\"",
        ),
        (
            "write_files: [{path: /var/a, encoding: b64, content: '*'}]",
            "write_files[0].content: the value is no text in base64",
        ),
        (
            "ntp: {servers: ['a b']}",
            "ntp.servers[0]: cannot use \"a b\"",
        ),
        ("timezone: ../etc", "timezone: cannot use"),
        (
            "ca_certs: {trusted: [x]}",
            "ca_certs.trusted[0]: cannot use \"x\"",
        ),
        (
            "snappy: {ssh_enabled: maybe}",
            "snappy.ssh_enabled: the value is no true",
        ),
        (
            "snappy: {packages: [A]}",
            "snappy.packages[0]: cannot use \"A\"",
        ),
        (
            "snappy: {config: {web: 80}}",
            "snappy.config.web: the value is no map",
        ),
        (
            "snappy: {config: {W: {a: 1}}}",
            "snappy.config.W: cannot use \"W\"; give the name of a snap, or ubuntu-core",
        ),
        (
            "packages: [vim]",
            "packages: not honoured: the system is an image",
        ),
        ("runcmd: [{a: b}]", "runcmd[0]: the value is no list"),
        ("a: [\n", "line 1: this is no YAML"),
        ("[1]", "line 1: the value is no map"),
    ] {
        let all = complaint(text);
        assert!(all.contains(said), "{text}: {all}");
    }
}

#[test]
fn a_file_with_a_wrong_part_is_not_written() {
    for wrong in [
        "{path: /var/a, permissions: x}",
        "{path: /var/a, content: [x]}",
        "{path: /var/a, encoding: rot13}",
        "{path: /var/a, source: {uri: 'http://a'}}",
        "{content: x}",
    ] {
        let text = format!("write_files: [{wrong}]");
        let (config, complaints) = CloudConfig::parse(text.as_bytes());
        assert_eq!(config.files, [], "{wrong}");
        assert_eq!(complaints.len(), 1, "{wrong}: {complaints:?}");
    }
}

#[test]
fn hostile_documents_end_in_few_complaints() {
    let many: String = (0..1000).map(|key| format!("k{key}: 1\n")).collect();
    let (_, complaints) = CloudConfig::parse(many.as_bytes());
    assert_eq!(complaints.len(), 100);
    let users: Vec<_> = (0..1000).map(|user| format!("u{user}")).collect();
    let (config, complaints) =
        CloudConfig::parse(format!("users: [{}]", users.join(", ")).as_bytes());
    assert_eq!((config.users.len(), complaints.len()), (256, 1));
}

#[test]
fn a_later_part_counts_where_it_says_something() {
    let one = good("hostname: a\ntimezone: UTC\nsnappy: {config: {ubuntu-core: {channel: edge}}}");
    let two = good("hostname: b\nsnappy: {config: {ubuntu-core: {autopilot: on}}}");
    let both = one.then(two);
    assert_eq!(both.host_name.as_deref(), Some("b"));
    assert_eq!(both.time_zone.as_deref(), Some("UTC"));
    assert_eq!(both.settings.len(), 2);
    assert_eq!(good("#cloud-config\n\n# nothing\n"), CloudConfig::default());
}
