//! A file of the store behind its signature: the number of a role, then any JSON.
//!
//! The rest of the repository is honest. Whatever the role's keys sign, a search for a
//! target ends; a file that is refused is not kept, and the honest repository is refreshed
//! from afterwards; a file that is kept is newer and counts still.

use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::LazyLock;
use tuf_client::json::{canonical, parse};
use tuf_client::keys::Key;
use tuf_client::metadata::{Hashes, RoleName};
use tuf_client::{
    Client, Error, Fetch, FetchError, MetadataStore, Reply, Request, UtcTime, initialise,
};

pub(crate) const TARGET: Target = Target {
    name: "tuf_metadata",
    about: "a file of the store that its role signed",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

const NOW: UtcTime = UtcTime(1_800_000_000);
/// What is asked for: the delegated role lists it.
const NAME: &str = "snaps/hello";
/// The files that can be replaced, and who signs them.
const FILES: [(&str, &str); 5] = [
    ("root", "2.root.json"),
    ("timestamp", "timestamp.json"),
    ("snapshot", "2.snapshot.json"),
    ("targets", "2.targets.json"),
    ("publisher", "2.publisher.json"),
];

type Files = BTreeMap<String, Vec<u8>>;

/// What a device keeps that saw the first release, and the second one.
static HONEST: LazyLock<(Files, Files)> = LazyLock::new(|| {
    let files = |version: u64| {
        let signed = |role: &str| sign(role, &honest(role, version));
        let named = |role: &str| (format!("{version}.{role}.json"), signed(role));
        Files::from_iter([
            ("timestamp.json".to_owned(), signed("timestamp")),
            named("snapshot"),
            named("targets"),
            named("publisher"),
        ])
    };
    let mut kept = Files::new();
    initialise(&mut Kept(&mut kept), &sign("root", &honest("root", 1))).expect("it is signed");
    search(&mut kept, &files(1)).expect("it is honest");
    (kept, files(2))
});

struct Kept<'a>(&'a mut Files);

impl MetadataStore for Kept<'_> {
    fn load(&self, role: &RoleName, _: u64) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(&role.0).cloned())
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        self.0.insert(role.0.clone(), bytes.to_vec());
        Ok(())
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        self.0.remove(&role.0);
        Ok(())
    }
}

struct Served<'a>(&'a Files);

impl Fetch for Served<'_> {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let file = self
            .0
            .get(request.place.path())
            .ok_or(FetchError::NotFound)?;
        Ok(Reply::File {
            body: Box::new(Cursor::new(file)),
            validator: None,
        })
    }
}

/// A refresh, and whether the target is listed.
fn search(kept: &mut Files, served: &Files) -> Result<bool, Error> {
    let mut client = Client::new(Kept(kept), Served(served), NOW)?;
    Ok(client.target_info(NAME)?.is_some())
}

fn run(input: &[u8]) -> Answer {
    let Some(([number], text)) = input.split_first_chunk::<1>() else {
        return Answer::Refused;
    };
    // Only what makes sense is signed.
    let Ok(signed) = parse(text) else {
        return Answer::Refused;
    };
    let (role, file) = FILES[usize::from(*number) % FILES.len()];
    let (before, honest) = &*HONEST;
    let mut served = honest.clone();
    served.insert(file.to_owned(), sign(role, &signed));
    let mut kept = before.clone();
    let found = search(&mut kept, &served);
    let is_old = |role: &str| before.get(role) == kept.get(role);
    for (role, bytes) in &kept {
        if !is_old(role) {
            check_kept(role, bytes, before);
        }
    }
    let Err(error) = found else {
        return Answer::Accepted;
    };
    if let Error::Refused { role, .. } = &error {
        // The last root is kept before it is too old; a root that withdraws a key drops what
        // that key signed.
        let dropped = !kept.contains_key(&role.0);
        assert!(is_old(&role.0) || dropped || role.0 == "root", "{error}");
    }
    let is_honest = |(role, file): (&String, &Vec<u8>)| {
        is_old(role) || honest.values().any(|honest| honest == file)
    };
    // Where nothing is new, the first release says it.
    if kept != *before && kept.iter().all(is_honest) {
        assert!(search(&mut kept, honest).expect("it is honest"));
    }
    Answer::Refused
}

fn check_kept(role: &str, bytes: &[u8], before: &Files) {
    let signed = |bytes: &[u8]| parse(bytes).expect("it was accepted")["signed"].clone();
    let version = |signed: &Value| signed["version"].as_u64().expect("it was accepted");
    let new = signed(bytes);
    let kind = if role == "publisher" { "targets" } else { role };
    assert_eq!(new["_type"], kind);
    if let Some(old) = before.get(role) {
        assert!(version(&new) > version(&signed(old)) || role == "targets" || role == "publisher");
    }
    let expires = new["expires"].as_str().expect("it was accepted").to_owned();
    let counts = UtcTime::try_from(expires).is_ok_and(|at| NOW < at);
    assert!(counts || role == "root");
}

fn secret(role: &str) -> SigningKey {
    let number = FILES
        .iter()
        .position(|(name, _)| *name == role)
        .unwrap_or(FILES.len());
    SigningKey::from_bytes(&[u8::try_from(number).unwrap_or(u8::MAX); 32])
}

fn key(role: &str) -> Value {
    let key = Key::ed25519(&secret(role).verifying_key().to_bytes());
    serde_json::to_value(key).expect("it is JSON")
}

fn sign(role: &str, signed: &Value) -> Vec<u8> {
    let message = canonical(signed).expect("it has no fractions");
    let signature = secret(role).sign(&message).to_bytes();
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    let envelope = json!({ "signatures": [{ "keyid": role, "sig": hex }], "signed": signed });
    envelope.to_string().into_bytes()
}

fn honest(role: &str, version: u64) -> Value {
    let keys = |role: &str| json!({ "keyids": [role], "threshold": 1 });
    let hashes = Hashes::of(b"hello");
    let mut signed = match role {
        "root" => json!({
            "_type": "root",
            "consistent_snapshot": true,
            "keys": Value::from_iter(FILES[..4].iter().map(|(role, _)| (*role, key(role)))),
            "roles": Value::from_iter(FILES[..4].iter().map(|(role, _)| (*role, keys(role)))),
        }),
        "timestamp" => json!({ "meta": { "snapshot.json": { "version": version } } }),
        "snapshot" => json!({ "meta": {
            "targets.json": { "version": version },
            "publisher.json": { "version": version },
        } }),
        "targets" => json!({
            "targets": {},
            "delegations": {
                "keys": { "publisher": key("publisher") },
                "roles": [{
                    "name": "publisher",
                    "paths": ["snaps/*"],
                    "terminating": true,
                    "keyids": ["publisher"],
                    "threshold": 1,
                }],
            },
        }),
        _ => json!({ "targets": { NAME: {
            "length": 5,
            "hashes": { "sha256": hashes.sha256() },
            "custom": { "channel": "stable" },
        } } }),
    };
    let kind = if role == "publisher" { "targets" } else { role };
    signed["_type"] = json!(kind);
    signed["spec_version"] = json!("1.0.34");
    signed["version"] = json!(version);
    signed["expires"] = json!("2030-01-01T00:00:00Z");
    signed
}

fn seeds() -> Vec<Seed> {
    let seed = |number: u8| {
        let (role, _) = FILES[usize::from(number)];
        let text = honest(role, 2).to_string();
        [&[number], text.as_bytes()].concat()
    };
    let mut refused = seed(1);
    refused[0] = 2;
    vec![
        ("root", seed(0)),
        ("timestamp", seed(1)),
        ("snapshot", seed(2)),
        ("targets", seed(3)),
        ("publisher", seed(4)),
        ("refused-role", refused),
    ]
}
