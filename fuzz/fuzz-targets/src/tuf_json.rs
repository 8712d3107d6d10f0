//! A document of the store: any bytes.
//!
//! What is read is what any other JSON reader reads, has no fraction and no name that
//! stands twice, and has one canonical form, whatever the white space was. Without control
//! characters that form is JSON again, and its own canonical form.

use crate::{Answer, DEFAULT_BYTES, Seed, Target};
use serde_json::Value;
use tuf_client::json::{MAX_DEPTH, MAX_INTEGER, canonical, parse};

pub(crate) const TARGET: Target = Target {
    name: "tuf_json",
    about: "the store's JSON, strict and canonical",
    max_bytes: DEFAULT_BYTES,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let Ok(value) = parse(input) else {
        return Answer::Refused;
    };
    let others = serde_json::from_slice(input);
    assert_eq!(others.ok(), Some(value.clone()));
    check(&value, MAX_DEPTH);
    let form = canonical(&value).expect("it has no fractions");
    let pretty = serde_json::to_vec_pretty(&value).expect("it is JSON");
    assert_eq!(
        parse(&pretty).map(|again| canonical(&again)),
        Ok(Ok(form.clone()))
    );
    if !form.iter().any(u8::is_ascii_control) {
        assert_eq!(parse(&form), Ok(value));
    }
    Answer::Accepted
}

fn check(value: &Value, depth_left: usize) {
    match value {
        Value::Number(number) => {
            let number = number.as_i64().expect("it is a small integer");
            assert!(number.unsigned_abs() <= MAX_INTEGER);
        }
        Value::Array(items) => items.iter().for_each(|item| check(item, below(depth_left))),
        Value::Object(members) => members
            .values()
            .for_each(|member| check(member, below(depth_left))),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn below(depth_left: usize) -> usize {
    depth_left.checked_sub(1).expect("nesting has an end")
}

fn seeds() -> Vec<Seed> {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        (
            "metadata",
            seed(r#"{"signed": {"_type": "root", "keys": {}}, "signatures": []}"#),
        ),
        (
            "strings",
            seed(r#"["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "é"]"#),
        ),
        (
            "numbers",
            seed("[0, -1, 9007199254740991, true, false, null]"),
        ),
        ("refused-twice", seed(r#"{"a": 1, "\u0061": 2}"#)),
        ("refused-fraction", seed("[1.0]")),
        (
            "refused-deep",
            seed(&format!("{}{}", "[".repeat(33), "]".repeat(33))),
        ),
    ]
}
