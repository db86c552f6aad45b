//! Secrets that must go, and text that must stay.

use serde_json::{Value, json};
use smartopol_config::Secret;
use smartopol_traces::{Redactor, env_secrets};

fn plain() -> Redactor {
    Redactor::new([], &[])
}

#[test]
fn secrets_in_text_are_taken_out_and_nothing_else() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123";
    let cases = [
        (
            "curl -H 'Authorization: Bearer abc123def456' x",
            "curl -H 'Authorization: Bearer [REDACTED]' x",
        ),
        (
            r#"curl -H "authorization: Basic dXNlcjpwYXNz" x"#,
            r#"curl -H "authorization: Basic [REDACTED]" x"#,
        ),
        (
            r#"-H "x-api-key: 0a1b2c3d4e5f" y"#,
            r#"-H "x-api-key: [REDACTED]" y"#,
        ),
        (
            "mysql --password=hunter2 db",
            "mysql --password=[REDACTED] db",
        ),
        (
            "tool --api-key abcd1234 run",
            "tool --api-key [REDACTED] run",
        ),
        ("tool --token 'a b c' run", "tool --token '[REDACTED]' run"),
        ("mysql -uroot -phunter2 db", "mysql -uroot -p[REDACTED] db"),
        (
            "sshpass -p hunter2 ssh host",
            "sshpass -p [REDACTED] ssh host",
        ),
        (
            "docker login -u me -p hunter2 reg",
            "docker login -u me -p [REDACTED] reg",
        ),
        (
            "curl -u me:hunter2 http://h/",
            "curl -u me:[REDACTED] http://h/",
        ),
        ("key sk-ant-api03-AbC_def-123 end", "key [REDACTED] end"),
        ("key sk-proj-abcdefghij1234567890 end", "key [REDACTED] end"),
        ("ghp_abcdefghijklmnopqrst1234567890ABCDEF", "[REDACTED]"),
        (
            "x github_pat_11ABCDEFG0abcdefghijkl_mnop y",
            "x [REDACTED] y",
        ),
        ("AKIAIOSFODNN7EXAMPLE", "[REDACTED]"),
        (
            "slack xoxb-123456789012-abcdefABCDEF1 .",
            "slack [REDACTED] .",
        ),
        (
            "postgres://me:s3cr%40t@db:5432/x",
            "postgres://me:[REDACTED]@db:5432/x",
        ),
        ("redis://:hunter2@h", "redis://:[REDACTED]@h"),
        (
            "https://x9k2m4n6p8q0r2s4@host/r.git",
            "https://[REDACTED]@host/r.git",
        ),
        ("GITHUB_TOKEN=abcdef make", "GITHUB_TOKEN=[REDACTED] make"),
        (
            "export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG",
            "export AWS_SECRET_ACCESS_KEY=[REDACTED]",
        ),
        ("DB_PASSWORD='p w' x", "DB_PASSWORD='[REDACTED]' x"),
        (
            "https://h/?access_token=abc123&x=1",
            "https://h/?access_token=[REDACTED]&x=1",
        ),
        (
            r#"-d '{"password":"hunter2","user":"me"}'"#,
            r#"-d '{"password":"[REDACTED]","user":"me"}'"#,
        ),
        (
            r#"-d "{\"api_key\": \"k\", \"a\": 1}""#,
            r#"-d "{\"api_key\": \"[REDACTED]\", \"a\": 1}""#,
        ),
        ("password = \"hunter2\"", "password = \"[REDACTED]\""),
        (
            "password: hunter2\nuser: me",
            "password: [REDACTED]\nuser: me",
        ),
        ("password=пароль end", "password=[REDACTED] end"),
        (
            "Cookie: sid=abc; theme=dark\nHost: h",
            "Cookie: [REDACTED]\nHost: h",
        ),
        (jwt, "[REDACTED]"),
    ];
    for (text, expected) in cases {
        let (clean, count) = plain().text(text);
        assert_eq!(clean, expected);
        assert_eq!(count, 1, "{text}");
        assert_eq!(plain().text(&clean), (expected.into(), 0), "twice: {text}");
    }
}

#[test]
fn a_private_key_goes_whole_even_where_its_end_is_missing() {
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\naC1rZXk\n-----END OPENSSH PRIVATE KEY-----\nafter";
    let (clean, count) = plain().text(key);
    assert_eq!(
        clean,
        "-----BEGIN OPENSSH PRIVATE KEY-----[REDACTED]-----END OPENSSH PRIVATE KEY-----\nafter"
    );
    assert_eq!(count, 1);
    let (clean, _) = plain().text("-----BEGIN PRIVATE KEY-----\nMIIEv");
    assert_eq!(clean, "-----BEGIN PRIVATE KEY-----[REDACTED]");
}

#[test]
fn ordinary_text_is_not_touched() {
    let texts = [
        "The token is checked before the request; see the password policy.",
        "Authorization: the process of deciding who may do what",
        "Basic authentication and bearer tokens are described in chapter 7",
        "Enter your password:",
        "cookie: delicious",
        "The secret: never give up.",
        "let token = CancellationToken::new();",
        "fn login(password: &str, token: Option<String>) -> Result<Secret, Error>",
        "pub(crate) token: CancellationToken,",
        "password: string;",
        "self.token = token",
        "client(token=self.token, password=password, secret=None)",
        "token=get_token(x)",
        "echo $TOKEN ${API_KEY} password=$PASSWORD --token \"$TOKEN\"",
        "docker run -e TOKEN -p 8080:80 -u 1000:1000 image",
        "mkdir -p src/lib && cp -p a b; ssh -p 2222 host",
        "max_tokens=4096 tokens: 1200 token_count=17",
        "tokenizer=cl100k_base token_type=bearer",
        "password_file=/run/secrets/db --token-file /x/token",
        "/etc/passwd:root:x:0:0:root:/root:/bin/bash",
        "src/token.rs:12:    let x = 5;",
        "git@github.com:me/repo.git https://host:8080/path?x=a@b http://localhost:3000",
        "https://$USER:$TOKEN@host/",
        "task-management-with-a-long-name-2 risk-free sk-learn desk-top",
        "1f0e3dad99908345f7439f8ffabdffc4 0193a0b2-0000-7000-8000-000000000003",
        "sha256-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "cargo:rustc-env=KEY=value",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "if password == \"\" { return }",
        "ASIA is a continent; AKIA too short",
        "grep -rn 'api_key' src | wc -l",
        "no secrets here, 8 of 10 tokens used",
        "Ünïcödé 密码 пароль 🔑",
        "secret/path: not here; secrets/: neither",
    ];
    for text in texts {
        assert_eq!(plain().text(text), (text.into(), 0));
    }
}

#[test]
fn values_under_a_secret_name_are_taken_out_wherever_they_are() {
    let value = json!({
        "Password": "p", "user": "me", "max_tokens": 5, "pin_password": 1234,
        "nested": [{"x-api-key": "k", "client_secret": {"a": 1}}],
        "privateKey": null, "token": "", "authorization": ["Bearer x"], "cookie": true,
        "argv": ["psql", "--password", "hunter2", "--token", "-v", "ok"],
        "command": "TOKEN=abcd run",
    });
    let (clean, count) = plain().value(&value);
    let r = "[REDACTED]";
    assert_eq!(
        clean,
        json!({
            "Password": r, "user": "me", "max_tokens": 5, "pin_password": r,
            "nested": [{"x-api-key": r, "client_secret": r}],
            "privateKey": null, "token": "", "authorization": r, "cookie": true,
            "argv": ["psql", "--password", r, "--token", "-v", "ok"],
            "command": "TOKEN=[REDACTED] run",
        })
    );
    assert_eq!(count, 7);
    assert_eq!(plain().value(&clean), (clean.clone(), 0));
}

#[test]
fn names_of_the_settings_count_too() {
    let redactor = Redactor::new([], &["Kunden-Nummer".into()]);
    let (clean, _) =
        redactor.value(&json!({"kundenNummer": 5, "meine_kunden_nummer": "a", "nummer": 5}));
    assert_eq!(
        clean,
        json!({"kundenNummer": "[REDACTED]", "meine_kunden_nummer": "[REDACTED]", "nummer": 5})
    );
}

#[test]
fn known_secrets_are_found_in_every_form() {
    let secret = "s3cr/t \"quoted\" välue";
    let redactor = Redactor::new(
        [
            Secret::new(secret),
            Secret::new("short"),
            Secret::new("Bearer tok-abcdefgh"),
        ],
        &[],
    );
    let json = Value::from(secret).to_string();
    for text in [
        secret.to_string(),
        json.trim_matches('"').to_string(),
        "s3cr%2Ft%20%22quoted%22%20v%C3%A4lue".into(),
        "tok-abcdefgh".into(),
    ] {
        let around = format!("a {text} b");
        assert_eq!(redactor.known(&around), ("a [REDACTED] b".into(), 1));
    }
    // base64 of "user:" and the secret.
    let (clean, count) = redactor.known("x dXNlcjpzM2NyL3QgInF1b3RlZCIgdsOkbHVl y");
    assert_eq!(count, 1, "{clean}");
    assert_eq!(
        redactor.known("short text stays"),
        ("short text stays".into(), 0)
    );
    // Shapes are not what is known.
    assert_eq!(
        redactor.known("password=hunter2"),
        ("password=hunter2".into(), 0)
    );
}

#[test]
fn the_environment_tells_which_of_its_values_are_secret() {
    let env = [
        ("ANTHROPIC_API_KEY", "sk-ant-1234567"),
        ("MY_TOKEN", "abcdefgh"),
        ("DB_PASS", "12345678"),
        ("SHORT_TOKEN", "abc"),
        ("PATH", "/usr/bin:/bin"),
        ("TOKEN_FILE", "whatever-it-is"),
        ("SSH_PRIVATE_KEY", "/home/me/.ssh/id"),
        ("KEYBOARD", "querty-layout"),
    ];
    let found: Vec<String> = env_secrets(env)
        .map(|secret| secret.expose().to_string())
        .collect();
    assert_eq!(found, ["sk-ant-1234567", "abcdefgh", "12345678"]);
}

#[test]
fn a_redactor_does_not_show_what_it_knows() {
    let redactor = Redactor::new([Secret::new("very-secret-value")], &[]);
    assert!(!format!("{redactor:?}").contains("very-secret"));
}
