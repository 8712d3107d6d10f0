//! Documents that are no tree, or none with an end.

use super::parse;
use crate::{MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_KEYS, MAX_YAML_VALUES};

fn refusal(text: &str) -> String {
    parse(text.as_bytes()).expect_err(text).to_string()
}

#[test]
fn a_refusal_names_line_and_key() {
    let said = refusal("name: a\napps:\n  web:\n    name: 1\n    name: 2\n");
    assert_eq!(
        said,
        "line 5, apps.web: \"name\" stands there twice; remove one"
    );
}

#[test]
fn nesting_has_an_end() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(deep(MAX_YAML_DEPTH).as_bytes()).is_ok());
    assert!(refusal(&deep(MAX_YAML_DEPTH + 1)).contains("nested"));
}

#[test]
fn a_short_document_does_not_stand_for_a_long_one() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..8 {
        let below = level - 1;
        let items = vec![format!("*a{below}"); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert!(refusal(&bomb).contains("too many values"));
    let text = "y".repeat(MAX_YAML_VALUES);
    let items = vec!["*a"; 200].join(", ");
    assert!(refusal(&format!("a: &a {text}\nb: [{items}]\n")).contains("too many values"));
}

#[test]
fn a_long_document_is_not_read() {
    let long = format!("# {}", "x".repeat(MAX_YAML_BYTES));
    assert!(refusal(&long).contains("bytes"));
    let keys: String = (0..=MAX_YAML_KEYS)
        .map(|key| format!("k{key}:\n"))
        .collect();
    assert!(refusal(&keys).contains("too many values"));
}

#[test]
fn aliases_that_end_are_followed() {
    let text = "a: &a {b: [1, 2]}\nc: *a\n";
    assert!(parse(text.as_bytes()).is_ok());
    assert!(refusal("a: &a [*a]\n").contains("itself"));
}

#[test]
fn what_has_no_plain_meaning_is_refused() {
    assert!(refusal("a: 1\n---\nb: 1\n").contains("second document"));
    assert!(refusal("a: !!binary aGk=\n").contains("!!binary"));
    assert!(refusal("? [a, b]\n: c\n").contains("key"));
    assert!(refusal("").contains("empty"));
    assert!(refusal("a: [\n").contains("line"));
    assert!(parse(b"a: \xff\n").is_err());
}
