//! What somebody sets of a snap: patches of a configuration, a line each, one after the other.
//!
//! What is taken is bounded, is read again as it was written, and answers each key of the
//! patch with what the patch says.

use crate::{Answer, Seed, Target};
use serde_json::{Map, Value};
use snap_store::Configuration;

pub(crate) const TARGET: Target = Target {
    name: "snap_configuration",
    about: "what is set of a snap, in the daemon",
    max_bytes: 40 << 10,
    run,
    seeds,
};

/// `Configuration`'s own bound.
const MOST_BYTES: usize = 32 << 10;

fn run(bytes: &[u8]) -> Answer {
    let mut all = Configuration::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(patch) = serde_json::from_slice::<Map<String, Value>>(line) else {
            return Answer::Refused;
        };
        let Ok(patched) = all.patched(&patch) else {
            return Answer::Refused;
        };
        let text = serde_json::to_string(&patched).expect("a map is written");
        assert!(text.len() <= MOST_BYTES);
        let again: Configuration = serde_json::from_str(&text).expect("it is read again");
        assert_eq!(again, patched);
        let [(key, value)] = &patch.iter().collect::<Vec<_>>()[..] else {
            all = patched;
            continue;
        };
        // A map loses what is null in it.
        let found = patched.get(key).expect("a key that was taken");
        match value {
            Value::Null => assert_eq!(found, None),
            Value::Object(_) => assert!(found.is_some_and(Value::is_object)),
            value => assert_eq!(found, Some(*value)),
        }
        all = patched;
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    [
        (
            "nested",
            "{\"a.b\":1}\n{\"a.c-d\":[null,{}]}\n{\"a.b\":null}",
        ),
        (
            "maps",
            "{\"a\":{\"b\":{\"c\":null,\"D\":2}},\"e\":1.5}\n{\"a.b.c\":\"x\"}",
        ),
        ("fraction", "{\"a\":112.111111111111211111111111112}"),
        ("refused-scalar", "{\"a\":1}\n{\"a.b\":1}"),
        ("refused-name", "{\"A\":1}"),
        ("refused-list", "[]"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .into()
}
