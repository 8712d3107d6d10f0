//! Who signed: distinct keys, and nothing else counts.

use crate::device::Device;
use crate::repository::{
    Repository, Telling, key, key_id, keys_of, role_keys, sign, sign_value, signature,
};
use serde_json::{Value, json};
use tuf_client::Rule;
use tuf_client::keys::{Key, KeyId};
use tuf_client::metadata::{Envelope, Extra};

/// A repository whose snapshot needs two keys, 3 and 5, and the snapshot itself.
fn two_of_two() -> (Repository, Device) {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| {
        root.keys.extend(keys_of(&[5]));
        root.roles.snapshot = role_keys(&[3, 5], 2);
    });
    repository.signers.insert("snapshot".to_owned(), vec![3, 5]);
    repository.release();
    (repository, device)
}

fn put_signed_snapshot(repository: &mut Repository, envelope: &Envelope) {
    let file = format!("{}.snapshot.json", repository.snapshot.version);
    repository.put(&file, envelope.to_bytes().expect("it has bytes"));
}

fn snapshot(repository: &Repository) -> Envelope {
    let file = format!("{}.snapshot.json", repository.snapshot.version);
    Envelope::parse(&repository.file(&file)).expect("it is JSON")
}

fn assert_one_of_two(repository: &Repository, device: &Device) {
    let refusal = (
        "snapshot".to_owned(),
        Rule::Threshold {
            signed: 1,
            needed: 2,
        },
    );
    assert_eq!(device.refusal(repository), refusal);
}

fn assert_honest_refresh(repository: &mut Repository, device: &Device) {
    repository.release();
    device.refresh(repository).expect("an honest refresh works");
    assert_eq!(
        device.version("snapshot"),
        Some(repository.snapshot.version.get())
    );
}

#[test]
fn two_keys_are_two_and_one_is_not() {
    let (mut repository, device) = two_of_two();
    let both = snapshot(&repository);
    let mut one = both.clone();
    one.signatures.pop();
    put_signed_snapshot(&mut repository, &one);
    assert_one_of_two(&repository, &device);
    put_signed_snapshot(&mut repository, &both);
    device.refresh(&repository).expect("two keys signed");
}

#[test]
fn one_key_under_two_ids_counts_once() {
    let (mut repository, device) = two_of_two();
    let spelled = |change: fn(&mut Key)| {
        let mut key = key(3);
        change(&mut key);
        key
    };
    let twins = [
        key(3),
        spelled(|key| key.value.public = key.value.public.to_uppercase()),
        spelled(|key| {
            key.extra.insert("owner".to_owned(), json!("somebody else"));
        }),
    ];
    for twin in twins {
        repository.next_root(|root| {
            root.keys.insert(key_id(5), twin);
        });
        let mut twice = snapshot(&repository);
        let message = twice.signed_bytes().expect("it has a canonical form");
        let mut second = signature(3, &message);
        second.key_id = key_id(5);
        twice.signatures = vec![signature(3, &message), second];
        put_signed_snapshot(&mut repository, &twice);
        assert_one_of_two(&repository, &device);
    }
    repository.next_root(|root| root.keys.extend(keys_of(&[5])));
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn one_id_counts_once_in_a_role() {
    let (mut repository, device) = two_of_two();
    repository.next_root(|root| root.roles.snapshot = role_keys(&[3, 3, 3], 2));
    repository.signers.insert("snapshot".to_owned(), vec![3]);
    repository.release();
    assert_one_of_two(&repository, &device);
}

#[test]
fn one_id_stands_once_among_the_signatures() {
    let (mut repository, device) = two_of_two();
    let honest = snapshot(&repository);
    let mut twice = honest.clone();
    twice.signatures.push(twice.signatures[0].clone());
    put_signed_snapshot(&mut repository, &twice);
    let (role, rule) = device.refusal(&repository);
    assert_eq!(role, "snapshot");
    assert!(
        rule.to_string().contains("stands twice in signatures"),
        "{rule}"
    );
    put_signed_snapshot(&mut repository, &honest);
    device
        .refresh(&repository)
        .expect("an honest refresh works");
}

#[test]
fn a_key_of_another_role_does_not_count() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    for thief in [1, 3, 4, 9] {
        repository
            .signers
            .insert("timestamp".to_owned(), vec![thief]);
        repository.release();
        let none = Rule::Threshold {
            signed: 0,
            needed: 1,
        };
        assert_eq!(device.refusal(&repository), ("timestamp".to_owned(), none));
    }
    repository.signers.insert("timestamp".to_owned(), vec![2]);
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn a_threshold_is_a_whole_number_from_one_up() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    let mut root = serde_json::to_value(&repository.root).expect("it is JSON");
    root["version"] = json!(2);
    for threshold in [
        json!(0),
        json!(-1),
        json!("1"),
        json!(null),
        json!(true),
        json!(1_u64 << 40),
    ] {
        root["roles"]["timestamp"]["threshold"] = threshold.clone();
        repository.put("2.root.json", sign_value(root.clone(), &[1]));
        let (role, rule) = device.refusal(&repository);
        assert_eq!(role, "root");
        assert!(matches!(rule, Rule::Malformed(_)), "{threshold}: {rule}");
    }
    repository.next_root(|_| {});
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn a_threshold_that_nobody_can_reach_is_reached_by_nobody() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| root.roles.timestamp = role_keys(&[2], 2));
    repository.release();
    let refusal = (
        "timestamp".to_owned(),
        Rule::Threshold {
            signed: 1,
            needed: 2,
        },
    );
    assert_eq!(device.refusal(&repository), refusal);
    assert_eq!(device.version("root"), Some(2));
    repository.next_root(|root| root.roles.timestamp = role_keys(&[2], 1));
    assert_honest_refresh(&mut repository, &device);
}

#[test]
fn a_signature_of_another_length_is_none_and_spoils_nothing() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.next_root(|root| {
        root.keys.extend(keys_of(&[5]));
        root.roles.timestamp = role_keys(&[2, 5], 1);
    });
    repository.release();
    let honest = Envelope::parse(&repository.file("timestamp.json")).expect("it is JSON");
    let right = honest.signatures[0].signature.clone();
    let mut wrong: Vec<String> = (0..=128)
        .map(|length| right.repeat(2)[..2 * length].to_owned())
        .collect();
    wrong.retain(|text| *text != right);
    wrong.extend([
        "0".to_owned(),
        "zz".to_owned(),
        format!(" {right}"),
        "é".repeat(64),
    ]);
    for text in wrong {
        let mut bent = honest.clone();
        bent.signatures[0].signature = text.clone();
        repository.put("timestamp.json", bent.to_bytes().expect("it has bytes"));
        let none = Rule::Threshold {
            signed: 0,
            needed: 1,
        };
        assert_eq!(
            device.refusal(&repository),
            ("timestamp".to_owned(), none),
            "{text}"
        );
    }
    let mut bent = honest.clone();
    bent.signatures[0].signature = String::new();
    bent.signatures.push(signature(
        5,
        &honest.signed_bytes().expect("it has a canonical form"),
    ));
    repository.put("timestamp.json", bent.to_bytes().expect("it has bytes"));
    device
        .refresh(&repository)
        .expect("one good signature is enough");
}

#[test]
fn keys_that_can_verify_nothing_do_no_harm() {
    let unusable = |key_type: &str, scheme: &str, public: &str| {
        let mut key = key(9);
        key.key_type = key_type.to_owned();
        key.scheme = scheme.to_owned();
        key.value.public = public.to_owned();
        key
    };
    let one = format!("01{}", "00".repeat(31));
    let keys = [
        unusable("sphincs+", "sphincs+-shake256", "00"),
        unusable("ed25519", "ed25519", "00"),
        unusable("ed25519", "ed25519", "zz"),
        // The neutral element: it would accept signatures that nobody made.
        unusable("ed25519", "ed25519", &one),
        unusable("ed25519", "ecdsa-sha2-nistp256", "00"),
        unusable("ecdsa", "ecdsa-sha2-nistp256", "no PEM"),
        unusable(
            "rsa",
            "rsassa-pss-sha256",
            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        ),
    ];
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    let ids: Vec<KeyId> = (0..keys.len())
        .map(|index| KeyId(format!("odd {index}")))
        .collect();
    repository.next_root(|root| {
        root.keys.extend(ids.clone().into_iter().zip(keys));
        root.roles.timestamp.key_ids.extend(ids.clone());
        root.roles
            .timestamp
            .key_ids
            .push(KeyId("of no key".to_owned()));
    });
    repository.release();
    device.refresh(&repository).expect("the usable key signed");

    repository.next_root(|root| root.roles.timestamp.key_ids.retain(|id| *id != key_id(2)));
    let mut forged = Envelope::parse(&repository.file("timestamp.json")).expect("it is JSON");
    forged.signed["version"] = json!(9);
    let mut signature = forged.signatures[0].clone();
    // R is the neutral element and s is zero: the signature that fits a neutral key.
    signature.signature = format!("{one}{}", "00".repeat(32));
    forged.signatures = ids
        .into_iter()
        .map(|key_id| {
            signature.key_id = key_id;
            signature.clone()
        })
        .collect();
    repository.put("timestamp.json", forged.to_bytes().expect("it has bytes"));
    let none = Rule::Threshold {
        signed: 0,
        needed: 1,
    };
    assert_eq!(device.refusal(&repository), ("timestamp".to_owned(), none));
}

/// Every member of what was signed counts, also those that nobody defined.
#[test]
fn unknown_members_are_signed_and_decide_nothing() {
    let mut repository = Repository::new();
    repository.telling = Telling::Bytes;
    let device = Device::refreshed(&repository);
    let odd: Extra = [
        ("issued".to_owned(), json!("2026-11-26T00:00:00Z")),
        ("threshold".to_owned(), json!(0)),
        ("keys".to_owned(), json!({ "x": [null, {"y": -7}] })),
    ]
    .into_iter()
    .collect();
    repository.timestamp.extra.extend(odd.clone());
    repository.snapshot.extra.extend(odd.clone());
    repository.targets.extra.extend(odd.clone());
    repository.next_root(|root| {
        root.extra
            .insert("odd".to_owned(), Value::Object(odd.clone()));
        root.roles
            .timestamp
            .extra
            .insert("odd".to_owned(), json!(1));
    });
    repository.release();
    device
        .refresh(&repository)
        .expect("unknown members are allowed");

    let mut bent = Envelope::parse(&repository.file("timestamp.json")).expect("it is JSON");
    bent.signed["issued"] = json!("2026-11-27T00:00:00Z");
    repository.put("timestamp.json", bent.to_bytes().expect("it has bytes"));
    let none = Rule::Threshold {
        signed: 0,
        needed: 1,
    };
    assert_eq!(device.refusal(&repository), ("timestamp".to_owned(), none));
}

#[test]
fn what_a_publisher_writes_is_what_a_client_reads() {
    let mut repository = Repository::new();
    repository.delegate("targets", "A", &["a/*"], 6);
    repository.add_target("a/b", b"c");
    let delegated = repository.delegations("targets");
    delegated.roles[0]
        .keys
        .extra
        .insert("odd".to_owned(), json!({"a": 1}));
    let bytes = sign(&repository.targets, &[4]);
    let envelope = Envelope::parse(&bytes).expect("it is JSON");
    let read = serde_json::from_value(envelope.signed).expect("it is a targets role");
    assert_eq!(repository.targets, read);
    let again: tuf_client::metadata::Root =
        serde_json::from_value(serde_json::to_value(&repository.root).expect("it is JSON"))
            .expect("it is a root");
    assert_eq!(repository.root, again);
}
