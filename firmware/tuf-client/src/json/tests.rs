use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn refusal(text: &str) -> String {
    parse(text.as_bytes()).expect_err(text).0
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    assert!(refusal(r#"{"a":1,"a":1}"#).contains("stands twice"));
    assert!(refusal(r#"{"x":[{"a":1,"\u0061":2}]}"#).contains("stands twice"));
}

#[test]
fn numbers_are_small_integers() {
    for text in [
        "1.0",
        "1e3",
        "-0",
        "0.5",
        "9007199254740992",
        "18446744073709551615",
    ] {
        refusal(text);
    }
    refusal("-9007199254740992");
    refusal(&format!("1{}", "0".repeat(400)));
    refusal("01");
    assert_eq!(parse(b"9007199254740991"), Ok(json!(MAX_INTEGER)));
    assert_eq!(
        parse(b"-9007199254740991"),
        Ok(json!(-9_007_199_254_740_991_i64))
    );
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert!(refusal(&nested(MAX_DEPTH + 1)).contains("nested deeper"));
    refusal(&"[".repeat(1_000_000));
    refusal(&r#"{"a":"#.repeat(1_000_000));
}

#[test]
fn a_document_ends_where_the_bytes_end() {
    assert!(parse(b" {} \n").is_ok());
    for text in [
        "",
        "{}{}",
        "{} x",
        "{}\0",
        "\u{feff}{}",
        "{,}",
        "[1,]",
        "nul",
        "NaN",
    ] {
        refusal(text);
    }
    assert!(parse(b"\"\xff\"").is_err());
    refusal(r#""\ud800""#);
}

/// As `securesystemslib.formats.encode_canonical` 1.4.0 prints them.
#[test]
fn canonical_form_is_pythons() {
    let vectors: [(&str, &str); 7] = [
        (
            r#"{"b":1,"a":[1,2,{"d":null,"c":true}]}"#,
            r#"{"a":[1,2,{"c":true,"d":null}],"b":1}"#,
        ),
        (
            r#"{ "" : "" , "A":false, "a" :-7 }"#,
            r#"{"":"","A":false,"a":-7}"#,
        ),
        (
            r#""quote\" backslash\\ slash\/""#,
            r#""quote\" backslash\\ slash/""#,
        ),
        (r#""tab\t line\n nul\u0000""#, "\"tab\t line\n nul\0\""),
        (r#""\u00e9\u20ac\ud83d\ude00""#, "\"é€😀\""),
        // U+FB01 sorts before U+1F600, although its UTF-16 units sort after it.
        (
            "{\"\u{1f600}\":1,\"\u{fb01}\":2}",
            "{\"\u{fb01}\":2,\"\u{1f600}\":1}",
        ),
        (r#"{"a\"b":[],"a":{}}"#, r#"{"a":{},"a\"b":[]}"#),
    ];
    for (text, expected) in vectors {
        let value = parse(text.as_bytes()).expect(text);
        assert_eq!(
            canonical(&value),
            Ok(expected.as_bytes().to_vec()),
            "{text}"
        );
    }
    assert!(canonical(&json!({"a": 1.5})).is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        "[^\u{0}-\u{1f}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[^\u{0}-\u{1f}]{0,4}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(6), ..ProptestConfig::default() })]

    /// Without control characters the canonical form is JSON, and its own canonical form.
    #[test]
    fn canonical_form_reads_as_the_same_value(value in any_value()) {
        let pretty = serde_json::to_vec_pretty(&value).expect("it has text");
        prop_assert_eq!(parse(&pretty), Ok(value.clone()));
        let bytes = canonical(&value).expect("no fractions");
        prop_assert_eq!(parse(&bytes), Ok(value));
    }
}
