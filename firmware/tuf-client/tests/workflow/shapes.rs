//! Valid JSON of another shape, signed by the right keys: never a panic, and never more
//! than a refusal.

use crate::device::Device;
use crate::repository::{Repository, Telling, sign_value, target, version};
use serde_json::{Value, json};
use tuf_client::json::MAX_INTEGER;

/// The paths to every value inside.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                pointers(member, &format!("{at}/{}", name.replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn others() -> Vec<Value> {
    let mut others = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(MAX_INTEGER),
    ];
    others.extend([
        json!(""),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!({"": {}}),
    ]);
    others
}

#[test]
fn any_member_may_have_any_shape() {
    let mut repository = Repository::new();
    repository.telling = Telling::Bytes;
    repository.delegate("targets", "A", &["*"], 20);
    repository
        .targets
        .targets
        .insert("x".to_owned(), target(b"x"));
    repository.publish();
    let device = Device::refreshed(&repository);
    repository.telling = Telling::Versions;
    repository.next_root(|_| {});
    repository.release();
    let honest = repository.files.clone();
    let mut tried = 0;
    for (file, signer) in [
        ("2.root.json", 1),
        ("timestamp.json", 2),
        ("2.snapshot.json", 3),
        ("2.targets.json", 4),
        ("1.A.json", 20),
    ] {
        let envelope: Value = serde_json::from_slice(&repository.file(file)).expect("it is JSON");
        let mut places = Vec::new();
        pointers(&envelope["signed"], "", &mut places);
        for place in places {
            for other in others() {
                let mut bent = envelope["signed"].clone();
                *bent.pointer_mut(&place).expect("it is there") = other;
                repository.put(file, sign_value(bent, &[signer]));
                let started = device.kept();
                let mut client = device.client(&repository);
                // It may be fine: a note may say anything. It may not panic.
                let _ = client.target_info("y");
                device.memory.files.replace(started);
                tried += 1;
            }
        }
        repository.files.clone_from(&honest);
    }
    assert!(tried > 1000, "{tried}");
    device
        .refresh(&repository)
        .expect("an honest refresh works");
    assert_eq!(device.version("root"), Some(version(2).get()));
}

/// The same outside of what is signed.
#[test]
fn an_envelope_may_have_any_shape() {
    let mut repository = Repository::new();
    let device = Device::refreshed(&repository);
    repository.release();
    let honest = repository.file("timestamp.json");
    let envelope: Value = serde_json::from_slice(&honest).expect("it is JSON");
    let mut places = Vec::new();
    pointers(&envelope, "", &mut places);
    for place in places {
        for other in others() {
            let mut bent = envelope.clone();
            *bent.pointer_mut(&place).expect("it is there") = other;
            repository.put("timestamp.json", bent.to_string().into_bytes());
            let (role, _) = device.refusal(&repository);
            assert_eq!(role, "timestamp", "{place}");
        }
    }
    repository.put("timestamp.json", honest);
    device
        .refresh(&repository)
        .expect("an honest refresh works");
}
