//! EC2's service, version 2: a token first, which a packet from outside does not get back.

use super::web::{Head, Service};
use super::{Found, Unreadable};
use crate::complaint::Complaint;
use crate::meta_data::MetaData;
use accounts::AuthorizedKey;
use anyhow::{Context, ensure};
use std::time::Instant;

const TOKEN: &str = "/latest/api/token";
const TOKEN_SECS: Head<'_> = ("x-aws-ec2-metadata-token-ttl-seconds", "300");
const TOKEN_HEAD: &str = "x-aws-ec2-metadata-token";
/// Old enough for everything that imitates it.
const VERSION: &str = "/2016-09-02";
/// More keys nobody gives an instance.
const MOST_KEYS: usize = 16;

/// Asks the service. There is no way without a token: version 1 answers whoever makes
/// the device fetch an address.
pub(super) fn read(base: &str, deadline: Instant) -> Result<Found, Unreadable> {
    let service = Service::at(base, deadline);
    let token = service.put(TOKEN, TOKEN_SECS)?;
    let token = token.context("the cloud gives no token; is its metadata of version 2?")?;
    let token = String::from_utf8(token).unwrap_or_default();
    let is_token = |byte: u8| byte.is_ascii_graphic();
    ensure!(
        !token.is_empty() && token.bytes().all(is_token),
        "the cloud gives a token that is none"
    );
    let heads = [(TOKEN_HEAD, &*token)];
    let get = |path: &str| service.get(&format!("{VERSION}{path}"), &heads);
    let text = |path: &str| {
        let content = get(&format!("/meta-data/{path}"))?;
        let text = content.map(|content| String::from_utf8_lossy(&content).trim().to_owned());
        anyhow::Ok(text.filter(|text| !text.is_empty()))
    };
    let id = text("instance-id")?.context("the cloud names no instance-id")?;
    let name = text("local-hostname")?;
    // As NoCloud has it, so that one parser judges both.
    let yaml = serde_json::json!({ "instance-id": id, "local-hostname": name });
    let (mut meta_data, mut complaints) = MetaData::parse(yaml.to_string().as_bytes());
    for number in key_numbers(&text("public-keys/")?.unwrap_or_default()) {
        let key = text(&format!("public-keys/{number}/openssh-key"))?;
        for line in key.unwrap_or_default().lines() {
            match AuthorizedKey::parse(line) {
                Ok(key) => meta_data.authorized_keys.push(key),
                Err(error) => complaints.push(Complaint::of_meta_data("public-keys", &error)),
            }
        }
    }
    Ok(Found {
        meta_data,
        complaints,
        user_data: get("/user-data")?.unwrap_or_default(),
        network_config: None,
    })
}

/// Of lines such as `0=my-key`.
fn key_numbers(list: &str) -> Vec<u32> {
    let numbers = list.lines().filter_map(|line| {
        let (number, _) = line.split_once('=')?;
        number.trim().parse().ok()
    });
    numbers.take(MOST_KEYS).collect()
}
