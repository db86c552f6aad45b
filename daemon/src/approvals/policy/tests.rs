//! Who decides what.

use smartopol_protocol::approval::OneOf;
use smartopol_protocol::tool::Body;

use super::*;

const SESSION: SessionId = SessionId::from_bytes([7; 16]);

fn exec(text: &str) -> Inspection {
    let plain = !text.contains(['|', ';', '&', '$', '>']);
    let effect = if plain {
        Effect::Run {
            words: text.split(' ').map(String::from).collect(),
            via: Vec::new(),
        }
    } else {
        Effect::Unclear {
            why: "it is more than one plain command".into(),
        }
    };
    Inspection {
        title: text.into(),
        cwd: "/code".into(),
        effects: vec![effect],
        pins: Vec::new(),
        removal: None,
        body: Body::Command {
            text: text.into(),
            timeout_seconds: 1,
        },
    }
}

fn touch(write: bool, path: &str) -> Inspection {
    let place = if path.starts_with("/code/") {
        Place::Workspace
    } else {
        Place::Outside
    };
    let path = path.to_owned();
    Inspection {
        title: path.clone(),
        cwd: "/code".into(),
        effects: vec![if write {
            Effect::Write { path, place }
        } else {
            Effect::Read { path, place }
        }],
        pins: Vec::new(),
        removal: None,
        body: Body::None,
    }
}

fn rule(decision: Verdict, command: &[&str]) -> Rule {
    let command = command
        .iter()
        .map(|word| OneOf::Word((*word).into()))
        .collect();
    Rule::new(
        decision,
        Pattern {
            tool: Some("exec".into()),
            command,
            ..Pattern::default()
        },
    )
}

fn judge(mode: Mode, rules: &[Rule], tool: &str, inspection: &Inspection) -> Judgement {
    let floor = floor::Floor::new("/home/ana", Vec::new());
    Policy {
        mode,
        workspace: Some("/code"),
        session_id: Some(SESSION),
        rules,
        floor: &floor,
    }
    .judge(tool, inspection)
}

#[test]
fn each_mode_decides_as_its_name_says() {
    use Verdict::*;
    let table = [
        // read-only, ask, auto-edit, auto
        ("exec", exec("ls -la"), [Deny, Ask, Ask, Allow]),
        ("exec", exec("ls | wc"), [Deny, Ask, Ask, Ask]),
        ("exec", exec("python3 x.py"), [Deny, Ask, Ask, Ask]),
        ("exec", exec("touch ../x"), [Deny, Ask, Ask, Ask]),
        (
            "read_file",
            touch(false, "/code/a"),
            [Allow, Allow, Allow, Allow],
        ),
        (
            "read_file",
            touch(false, "/etc/passwd"),
            [Ask, Ask, Ask, Ask],
        ),
        (
            "write_file",
            touch(true, "/code/a"),
            [Deny, Ask, Allow, Allow],
        ),
        (
            "write_file",
            touch(true, "/etc/passwd"),
            [Deny, Ask, Ask, Ask],
        ),
        ("exec", exec("rm -rf /"), [Deny, Deny, Deny, Deny]),
    ];
    for (tool, inspection, expected) in table {
        for (mode, expected) in Mode::ALL.into_iter().zip(expected) {
            let verdict = judge(mode, &[], tool, &inspection).verdict;
            assert_eq!(verdict, expected, "{} in {}", inspection.title, mode.name());
        }
    }
}

#[test]
fn the_strictest_rule_wins_and_the_floor_stays_below_all() {
    let rules = [
        rule(Verdict::Allow, &["git"]),
        rule(Verdict::Deny, &["git", "push"]),
    ];
    assert_eq!(
        judge(Mode::Ask, &rules, "exec", &exec("git status")).verdict,
        Verdict::Allow
    );
    let denied = judge(Mode::Auto, &rules, "exec", &exec("git push"));
    assert_eq!(
        (denied.verdict, denied.by),
        (Verdict::Deny, DecidedBy::Rule)
    );
    assert_eq!(denied.reason, "a rule about exec `git push …` says deny");
    let rules = [rule(Verdict::Allow, &["rm"])];
    let floored = judge(Mode::Auto, &rules, "exec", &exec("rm -rf /home/ana"));
    assert_eq!(
        (floored.verdict, floored.by),
        (Verdict::Deny, DecidedBy::Floor)
    );
}

#[test]
fn no_rule_allows_what_is_not_one_plain_command() {
    let rules = [rule(Verdict::Allow, &[])];
    for mode in [Mode::Ask, Mode::AutoEdit, Mode::Auto] {
        let judgement = judge(mode, &rules, "exec", &exec("ls; curl x | sh"));
        assert_eq!(judgement.verdict, Verdict::Ask);
        assert_eq!(judgement.pattern, None);
    }
}

#[test]
fn a_rule_of_another_session_says_nothing_here() {
    let mut other = rule(Verdict::Allow, &["ls"]);
    other.session_id = Some(SessionId::from_bytes([8; 16]));
    assert_eq!(
        judge(Mode::Ask, &[other], "exec", &exec("ls")).verdict,
        Verdict::Ask
    );
}

#[test]
fn read_only_is_not_opened_by_a_rule() {
    let rules = [rule(Verdict::Allow, &["ls"])];
    assert_eq!(
        judge(Mode::ReadOnly, &rules, "exec", &exec("ls")).verdict,
        Verdict::Deny
    );
}

#[test]
fn what_a_longer_answer_would_keep_is_narrow() {
    let kept = |inspection: &Inspection, tool: &str| {
        judge(Mode::Ask, &[], tool, inspection)
            .pattern
            .map(|pattern| pattern.to_string())
    };
    assert_eq!(kept(&exec("ls -la"), "exec"), Some("exec `ls …`".into()));
    assert_eq!(
        kept(&exec("git status -s"), "exec"),
        Some("exec `git status …`".into())
    );
    assert_eq!(
        kept(&exec("git push origin"), "exec"),
        Some("exec `git push origin …`".into())
    );
    assert_eq!(
        kept(&exec("rm -rf target"), "exec"),
        Some("exec `rm -rf target …`".into())
    );
    for runner in [
        "python3.11 x.py",
        "sudo ls",
        "bash x",
        "/usr/bin/env ls",
        "ls | wc",
    ] {
        assert_eq!(kept(&exec(runner), "exec"), None, "{runner}");
    }
    assert_eq!(
        kept(&touch(true, "/code/a"), "write_file"),
        Some("write_file in /code/**".into())
    );
    assert_eq!(
        kept(&touch(true, "/etc/a[b]"), "write_file"),
        Some("write_file in /etc/a\\[b\\]".into())
    );
}

#[test]
fn a_kept_rule_allows_the_call_it_was_kept_from() {
    for (tool, inspection) in [
        ("exec", exec("ls -la")),
        ("exec", exec("make-it so")),
        ("write_file", touch(true, "/code/src/deep/a.rs")),
        ("write_file", touch(true, "/etc/a[b]")),
        ("read_file", touch(false, "/var/{x}")),
    ] {
        let Some(pattern) = judge(Mode::Ask, &[], tool, &inspection).pattern else {
            panic!("nothing offered for {}", inspection.title);
        };
        let rules = [Rule {
            pattern,
            session_id: Some(SESSION),
            ..rule(Verdict::Allow, &[])
        }];
        assert_eq!(
            judge(Mode::Ask, &rules, tool, &inspection).verdict,
            Verdict::Allow
        );
    }
}

#[test]
fn a_rule_about_words_does_not_lead_out_of_the_workspace() {
    let rules = [rule(Verdict::Allow, &["git", "log"])];
    let judged = |inspection: &Inspection| judge(Mode::Ask, &rules, "exec", inspection).verdict;
    assert_eq!(judged(&exec("git log -3")), Verdict::Allow);
    assert_eq!(
        judged(&exec("git log --output=../../.bashrc")),
        Verdict::Ask
    );
    let mut elsewhere = exec("git log");
    elsewhere.effects.push(Effect::Read {
        path: "/tmp/evil".into(),
        place: Place::Outside,
    });
    assert_eq!(judged(&elsewhere), Verdict::Ask);
}
