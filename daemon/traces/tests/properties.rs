//! What holds for every text.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;
use smartopol_config::Secret;
use smartopol_traces::Redactor;

fn piece() -> impl Strategy<Value = String> {
    let pieces = vec![
        "token",
        "password",
        "--api-key",
        "secret",
        "Authorization: ",
        "Bearer ",
        "cookie:",
        "sk-ant-",
        "sk-",
        "ghp_",
        "AKIA",
        "eyJ",
        "://",
        "@",
        ":",
        "=",
        " ",
        "\"",
        "'",
        "\\",
        "\n",
        ".",
        "-",
        "$",
        "é",
        "[REDACTED]",
        " -p",
        " -u ",
        "curl",
        "mysql",
        "abcdefghij1234567890",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PRIVATE KEY-----",
        "-----END",
        "known-secret",
        "x",
        "7",
        ",",
        ";",
        "{",
        "}",
        "/",
        "🔑",
    ];
    prop_oneof![
        proptest::sample::select(pieces).prop_map(String::from),
        any::<char>().prop_map(String::from)
    ]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn redactor() -> Redactor {
    Redactor::new([Secret::new("known-secret")], &[])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn taking_secrets_out_twice_changes_nothing(text in text()) {
        let (once, count) = redactor().text(&text);
        let (twice, again) = redactor().text(&once);
        prop_assert_eq!((&*once, 0), (&*twice, again));
        prop_assert_eq!(count == 0, once == text);
        prop_assert!(!once.contains("known-secret"));
    }

    #[test]
    fn a_text_without_anchors_stays(text in "[a-j0-9 .,:=\"'{}\n]{0,80}") {
        prop_assert_eq!(redactor().text(&text), (text.as_str().into(), 0));
    }

    #[test]
    fn an_assignment_never_keeps_its_secret(
        name in "[A-Z]{0,8}_?(TOKEN|PASSWORD|SECRET|API_KEY)",
        secret in "[a-zA-Z0-9+/_-]{3,60}[0-9][a-zA-Z]",
        before in "[a-z ]{0,20} ",
        after in "( [a-z ]{0,20})?",
    ) {
        let text = format!("{before}{name}={secret}{after}");
        let (clean, _) = redactor().text(&text);
        prop_assert_eq!(clean, format!("{before}{name}=[REDACTED]{after}"));
    }
}

proptest! {
    #[test]
    fn a_value_keeps_its_shape_and_is_clean_after_one_time(value in json()) {
        let (once, count) = redactor().value(&value);
        let (twice, again) = redactor().value(&once);
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(again, 0);
        prop_assert!(!once.to_string().contains("known-secret"));
        prop_assert_eq!(count == 0, once == value);
    }
}

#[test]
fn the_time_grows_with_the_text_and_not_faster() {
    let nasty = [
        "token=",
        "token:",
        "token ",
        "--token ",
        "eyJ",
        "eyJ-",
        "://",
        "://a:",
        "sk-",
        "authorization: ",
        "cookie: ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "secret\\\\\"",
        " -u",
        "curl -u ",
        "mysql -p",
        "ghp_",
        "password='",
        "tokentoken",
        "token.",
        "Bearer ",
        "AKIAIOSFODNN7EXAMPLE.",
        "x",
        "é",
        "known-secre",
    ];
    let redactor = redactor();
    for piece in nasty {
        let text = piece.repeat(100_000 / piece.len());
        let began = Instant::now();
        let _ = redactor.text(&text);
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{piece:?}: {:?}",
            began.elapsed()
        );
    }
}
