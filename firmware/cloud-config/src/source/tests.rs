//! Sources of a device whose surroundings are a directory and a web server on the loopback.

use super::Surroundings;
use super::disk::Disks;
use crate::instance::Kind;
use crate::machine::Machine;
use accounts::AuthorizedKey;
use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tiny_http::{Header, Method, Response, Server};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDbqKcpzGgkvGFHXq/g0mGw0A9jHJ3yZtD4cVxJwP4a a@b";
const USER_DATA: &str = "#cloud-config\nhostname: a\n";

fn device() -> (tempfile::TempDir, Surroundings) {
    let root = tempfile::tempdir().unwrap();
    let surroundings = Surroundings {
        root: root.path().to_owned(),
        disks: Disks {
            root: root.path().to_owned(),
            own: None,
        },
        // Nobody listens there.
        metadata: "http://127.0.0.1:9".to_owned(),
        patience: Duration::ZERO,
    };
    (root, surroundings)
}

fn amazon() -> Machine {
    Machine {
        product_serial: "ec2-1".to_owned(),
        product_uuid: "ec2-1".to_owned(),
        ..Machine::default()
    }
}

fn nova() -> Machine {
    Machine {
        product_name: "OpenStack Nova".to_owned(),
        ..Machine::default()
    }
}

/// A web server, and what it was asked. It ends with its test's process.
fn serve(pages: &[(&str, &str)], token: Option<&'static str>) -> (String, Receiver<String>) {
    let pages: BTreeMap<String, String> = pages
        .iter()
        .map(|(path, page)| ((*path).to_owned(), (*page).to_owned()))
        .collect();
    let server = Server::http("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.server_addr());
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let _ = tell.send(format!("{} {}", request.method(), request.url()));
            let shown = |head: &Header| {
                head.field.equiv("X-aws-ec2-metadata-token") && Some(head.value.as_str()) == token
            };
            let has_token = token.is_none() || request.headers().iter().any(shown);
            let answer = match (request.method(), request.url()) {
                (Method::Put, "/latest/api/token") => Response::from_string(token.unwrap_or("")),
                _ if !has_token => Response::from_string("").with_status_code(401),
                (_, url) => match pages.get(url) {
                    Some(page) => Response::from_string(page),
                    None => Response::from_string("").with_status_code(404),
                },
            };
            let _ = request.respond(answer);
        }
    });
    (base, asked)
}

#[test]
fn a_machine_without_a_source_asks_nobody() {
    let (_root, mut surroundings) = device();
    let (base, asked) = serve(&[], None);
    surroundings.metadata = base;
    assert!(surroundings.first(&Machine::default()).is_none());
    assert!(asked.try_recv().is_err());
}

#[test]
fn the_own_disk_comes_before_the_cloud() {
    let (root, surroundings) = device();
    let seed = root
        .path()
        .join("writable/system/var/lib/cloud/seed/nocloud");
    fs::create_dir_all(&seed).unwrap();
    assert!(
        surroundings.first(&Machine::default()).is_none(),
        "it is empty"
    );
    fs::write(seed.join("user-data"), USER_DATA).unwrap();
    fs::write(seed.join("meta-data"), "instance-id: i-1\n").unwrap();
    let (kind, found) = surroundings.first(&amazon()).unwrap();
    let found = found.unwrap();
    assert_eq!(kind, Kind::Seed);
    assert_eq!(found.meta_data.instance_id.as_deref(), Some("i-1"));
    assert_eq!(found.user_data, USER_DATA.as_bytes());
    assert_eq!(found.network_config, None);
}

#[test]
fn words_lead_to_a_web_server() {
    let (_root, mut surroundings) = device();
    let (base, asked) = serve(
        &[
            ("/a/user-data", USER_DATA),
            (
                "/a/meta-data",
                "instance-id: of-web\nlocal-hostname: of-web\n",
            ),
            ("/a/network-config", "version: 2\n"),
        ],
        None,
    );
    surroundings.patience = Duration::from_secs(10);
    let machine = Machine {
        product_serial: format!("ds=nocloud;s={base}/a;i=of-words"),
        ..Machine::default()
    };
    let (kind, found) = surroundings.first(&machine).unwrap();
    let found = found.unwrap();
    assert_eq!(kind, Kind::Words);
    assert_eq!(found.meta_data.instance_id.as_deref(), Some("of-words"));
    assert_eq!(found.meta_data.host_name.as_deref(), Some("of-web"));
    assert_eq!(found.network_config.as_deref(), Some(&b"version: 2\n"[..]));
    assert_eq!(asked.try_iter().count(), 3);
}

#[test]
fn ec2_is_asked_with_a_token() {
    let (_root, mut surroundings) = device();
    let meta = "/2016-09-02/meta-data";
    let (base, asked) = serve(
        &[
            (&format!("{meta}/instance-id"), "i-0123"),
            (
                &format!("{meta}/local-hostname"),
                "ip-10-0-0-1.ec2.internal",
            ),
            (&format!("{meta}/public-keys/"), "0=mine\nx\n"),
            (&format!("{meta}/public-keys/0/openssh-key"), KEY),
            ("/2016-09-02/user-data", USER_DATA),
        ],
        Some("secret"),
    );
    surroundings.metadata = base;
    let (kind, found) = surroundings.first(&amazon()).unwrap();
    let found = found.unwrap();
    assert_eq!(kind, Kind::Ec2);
    assert_eq!(found.meta_data.instance_id.as_deref(), Some("i-0123"));
    assert_eq!(found.meta_data.host_name.as_deref(), Some("ip-10-0-0-1"));
    assert_eq!(
        found.meta_data.authorized_keys,
        [AuthorizedKey::parse(KEY).unwrap()]
    );
    assert_eq!(found.user_data, USER_DATA.as_bytes());
    assert_eq!(asked.recv().unwrap(), "PUT /latest/api/token");
}

#[test]
fn ec2_without_user_data_is_an_instance_all_the_same() {
    let (_root, mut surroundings) = device();
    let id = ("/2016-09-02/meta-data/instance-id", "i-0123");
    let (base, _asked) = serve(&[id], Some("secret"));
    surroundings.metadata = base;
    let (_, found) = surroundings.first(&amazon()).unwrap();
    assert_eq!(found.unwrap().user_data, b"");
}

#[test]
fn openstack_is_asked_for_its_files() {
    let (_root, mut surroundings) = device();
    let (base, _asked) = serve(
        &[
            (
                "/openstack/latest/meta_data.json",
                r#"{"uuid": "u-1", "hostname": "gw-1.novalocal"}"#,
            ),
            ("/openstack/latest/user_data", USER_DATA),
        ],
        None,
    );
    surroundings.metadata = base;
    let (kind, found) = surroundings.first(&nova()).unwrap();
    let found = found.unwrap();
    assert_eq!(kind, Kind::OpenStack);
    assert_eq!(found.meta_data.instance_id.as_deref(), Some("u-1"));
    assert_eq!(found.meta_data.host_name.as_deref(), Some("gw-1"));
}

#[test]
fn a_cloud_that_is_silent_is_named_and_does_not_hold_the_boot() {
    let (_root, mut surroundings) = device();
    surroundings.patience = Duration::from_secs(1);
    let begun = Instant::now();
    for machine in [amazon(), nova()] {
        let (_, found) = surroundings.first(&machine).unwrap();
        let error = format!("{:#}", found.unwrap_err());
        assert!(
            error.contains("cannot reach http://127.0.0.1:9/"),
            "{error}"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    // Other than a silence, an answer that says no is not asked for again.
    let (base, asked) = serve(&[], Some("secret"));
    surroundings.metadata = base;
    surroundings.patience = Duration::from_secs(600);
    let (_, found) = surroundings.first(&amazon()).unwrap();
    let error = format!("{:#}", found.unwrap_err());
    assert!(error.contains("instance-id"), "{error}");
    assert_eq!(asked.try_iter().count(), 2);
}
