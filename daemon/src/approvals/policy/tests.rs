//! Who decides what.

use crate::users::rights::Rights;
use smartopol_protocol::approval::OneOf;
use smartopol_protocol::tool::{Body, Inspection};

use super::super::trial;
use super::*;

const SESSION: SessionId = SessionId::from_bytes([7; 16]);

fn run(text: &str) -> Effect {
    Effect::Run {
        words: text.split(' ').map(String::from).collect(),
        via: Vec::new(),
    }
}

fn through(via: &[&str], text: &str) -> Effect {
    Effect::Run {
        words: text.split(' ').map(String::from).collect(),
        via: via
            .iter()
            .map(|layer| layer.split(' ').map(String::from).collect())
            .collect(),
    }
}

fn unclear() -> Effect {
    Effect::Unclear {
        why: "the command is the variable `$X`".into(),
    }
}

fn place(path: &str) -> Place {
    match path.starts_with("/code/") {
        true => Place::Workspace,
        false => Place::Outside,
    }
}

fn write(path: &str) -> Effect {
    Effect::Write {
        path: path.into(),
        place: place(path),
    }
}

fn read(path: &str) -> Effect {
    Effect::Read {
        path: path.into(),
        place: place(path),
    }
}

fn delete(path: &str, recursive: bool) -> Effect {
    Effect::Delete {
        path: path.into(),
        place: place(path),
        recursive,
    }
}

fn network() -> Effect {
    Effect::Network {
        host: Some("example.com".into()),
    }
}

fn sudo() -> Effect {
    Effect::Privilege { how: "sudo".into() }
}

fn call(effects: &[Effect]) -> Inspection {
    Inspection {
        title: format!("{effects:?}"),
        cwd: "/code".into(),
        effects: effects.to_vec(),
        pins: Vec::new(),
        removal: None,
        body: Body::None,
    }
}

fn rule(decision: Verdict, words: &str) -> Rule {
    trial::rule(decision, words)
}

fn path_rule(decision: Verdict, tool: &str, path: &str) -> Rule {
    Rule::new(
        decision,
        Pattern {
            tool: Some(tool.into()),
            path: Some(path.into()),
            ..Pattern::default()
        },
    )
}

fn with<T>(mode: Mode, rules: &[Rule], ask: impl FnOnce(&Policy<'_>) -> T) -> T {
    let floor = floor::Floor::new("/home/ana", Vec::new());
    ask(&Policy {
        mode,
        workspace: Some("/code"),
        session_id: Some(SESSION),
        rules,
        floor: &floor,
        rights: Rights::default(),
    })
}

fn judge_by(mode: Mode, rules: &[Rule], tool: &str, effects: &[Effect]) -> Judgement {
    let inspection = call(effects);
    with(mode, rules, |policy| {
        policy.judge(Call {
            tool,
            inspection: &inspection,
            role: "admin",
        })
    })
}

fn verdict(mode: Mode, rules: &[Rule], effects: &[Effect]) -> Verdict {
    judge_by(mode, rules, "exec", effects).verdict
}

#[test]
fn each_mode_decides_as_its_name_says() {
    use Verdict::*;
    let table: [(&[Effect], [Verdict; 4]); 21] = [
        // read-only, ask, auto-edit, auto
        (&[run("ls -la")], [Deny, Ask, Ask, Allow]),
        (&[run("ls"), run("wc")], [Deny, Ask, Ask, Allow]),
        (&[run("ls"), unclear()], [Deny, Ask, Ask, Ask]),
        (&[run("python3 x.py")], [Deny, Ask, Ask, Ask]),
        (&[run("npm install")], [Deny, Ask, Ask, Ask]),
        (&[run("touch ../x")], [Deny, Ask, Ask, Ask]),
        (&[run("git push --force")], [Deny, Ask, Ask, Ask]),
        (&[through(&["nice -n 5"], "rg so")], [Deny, Ask, Ask, Allow]),
        (&[through(&["xargs"], "rg so")], [Deny, Ask, Ask, Ask]),
        (&[run("make-it so")], [Deny, Ask, Ask, Ask]),
        (&[run("./rm -rf x")], [Deny, Ask, Ask, Ask]),
        (&[through(&["xargs"], "grep x")], [Deny, Ask, Ask, Allow]),
        (&[run("curl x"), network()], [Deny, Ask, Ask, Ask]),
        (&[through(&["sudo"], "ls"), sudo()], [Deny, Ask, Ask, Ask]),
        (
            &[
                run("ls"),
                Effect::Process {
                    what: "1234".into(),
                },
            ],
            [Deny, Ask, Ask, Ask],
        ),
        (
            &[run("rm -r a"), delete("/code/a", true)],
            [Deny, Ask, Ask, Allow],
        ),
        (
            &[run("tee .git/config"), write("/code/.git/config")],
            [Deny, Ask, Ask, Ask],
        ),
        (&[run("x"), delete("/srv/a/b", true)], [Deny, Ask, Ask, Ask]),
        (&[run("x"), read("/etc/passwd")], [Deny, Ask, Ask, Ask]),
        (&[], [Deny, Ask, Ask, Allow]),
        (&[run("rm -rf /")], [Deny, Deny, Deny, Deny]),
    ];
    for (effects, expected) in table {
        for (mode, expected) in Mode::ALL.into_iter().zip(expected) {
            let found = verdict(mode, &[], effects);
            assert_eq!(found, expected, "{effects:?} in {}", mode.name());
        }
    }
    let files: [(&str, Effect, [Verdict; 4]); 6] = [
        ("read_file", read("/code/a"), [Allow, Allow, Allow, Allow]),
        ("read_file", read("/etc/passwd"), [Ask, Ask, Ask, Ask]),
        ("write_file", write("/code/a"), [Deny, Ask, Allow, Allow]),
        ("write_file", write("/etc/passwd"), [Deny, Ask, Ask, Ask]),
        (
            "write_file",
            write("/code/.git/hooks/pre-commit"),
            [Deny, Ask, Ask, Ask],
        ),
        ("read_file", read("/code/.ssh/id_rsa"), [Ask, Ask, Ask, Ask]),
    ];
    for (tool, effect, expected) in files {
        for (mode, expected) in Mode::ALL.into_iter().zip(expected) {
            let found = judge_by(mode, &[], tool, std::slice::from_ref(&effect)).verdict;
            assert_eq!(found, expected, "{effect:?} in {}", mode.name());
        }
    }
}

#[test]
fn every_simple_command_must_pass_by_itself() {
    let rules = [
        rule(Verdict::Allow, "git log"),
        rule(Verdict::Allow, "head"),
    ];
    let judged = |effects: &[Effect]| verdict(Mode::Ask, &rules, effects);
    assert_eq!(judged(&[run("git log -3"), run("head -1")]), Verdict::Allow);
    assert_eq!(judged(&[run("git log"), run("tail")]), Verdict::Ask);
    assert_eq!(judged(&[run("git log"), unclear()]), Verdict::Ask);
    assert_eq!(judged(&[run("git push")]), Verdict::Ask);
    assert_eq!(judged(&[run("git log"), network()]), Verdict::Allow);
    assert_eq!(judged(&[run("head"), network()]), Verdict::Ask);
    assert_eq!(judged(&[run("git log --output=x")]), Verdict::Ask);
    assert_eq!(judged(&[run("git log"), read("/tmp/evil")]), Verdict::Ask);
}

#[test]
fn a_rule_covers_the_files_that_its_command_names_and_no_others() {
    let rules = [rule(Verdict::Allow, "mkdir"), rule(Verdict::Allow, "echo")];
    let judged = |effects: &[Effect]| verdict(Mode::Ask, &rules, effects);
    assert_eq!(
        judged(&[run("mkdir a/b"), write("/code/a/b")]),
        Verdict::Allow
    );
    assert_eq!(judged(&[run("mkdir *"), write("/code/a")]), Verdict::Allow);
    assert_eq!(
        judged(&[run("echo evil"), write("/code/Makefile")]),
        Verdict::Ask
    );
    assert_eq!(
        judged(&[run("mkdir /srv/a"), write("/srv/a")]),
        Verdict::Ask
    );
}

#[test]
fn a_rule_covers_the_folder_that_its_command_changes_and_not_what_reaches_beyond() {
    let rules = ["git commit", "cp", "rm"].map(|words| rule(Verdict::Allow, words));
    let judged = |line: &str| trial::judge(Mode::Ask, &rules, line).verdict;
    assert_eq!(judged("git commit -m x"), Verdict::Allow);
    assert_eq!(judged("cp a b"), Verdict::Allow);
    assert_eq!(judged("cp a .git/hooks/pre-commit"), Verdict::Ask);
    assert_eq!(judged("rm -r build"), Verdict::Allow);
    assert_eq!(judged("rm -r ."), Verdict::Ask);
    assert_eq!(judged("rm -r .git"), Verdict::Ask);
    let meant = path_rule(Verdict::Allow, "exec", "/**/.git/hooks/*");
    let judged = trial::judge(
        Mode::Ask,
        &[meant, rules[1].clone()],
        "cp a .git/hooks/pre-commit",
    );
    assert_eq!(judged.verdict, Verdict::Allow, "it is named");
}

#[test]
fn wrappers_neither_hide_a_command_nor_open_one() {
    let deny = [rule(Verdict::Deny, "git push")];
    for caught in [
        run("git push origin"),
        run("/usr/bin/git push"),
        run("git -C /x push"),
        run("git --no-pager push"),
        through(&["sudo", "nice -n 3"], "git push"),
        through(&["xargs"], "git push"),
    ] {
        let effects = [caught];
        assert_eq!(
            verdict(Mode::Auto, &deny, &effects),
            Verdict::Deny,
            "{effects:?}"
        );
    }
    assert_ne!(
        verdict(Mode::Auto, &deny, &[run("git log push")]),
        Verdict::Deny
    );
    let deny = [rule(Verdict::Deny, "sudo")];
    assert_eq!(
        verdict(Mode::Auto, &deny, &[through(&["nice", "sudo"], "ls")]),
        Verdict::Deny
    );

    let allow = [rule(Verdict::Allow, "ls"), rule(Verdict::Allow, "make-it")];
    let judged = |effect| verdict(Mode::Ask, &allow, &[effect]);
    assert_eq!(judged(through(&["nice"], "make-it so")), Verdict::Allow);
    assert_eq!(judged(through(&["xargs"], "make-it so")), Verdict::Ask);
    assert_eq!(judged(through(&["sudo"], "ls")), Verdict::Ask);
    assert_eq!(judged(run("/tmp/ls")), Verdict::Ask);
    let sudo_alone = [rule(Verdict::Allow, "sudo")];
    let effects = [through(&["sudo"], "ls"), sudo()];
    assert_eq!(verdict(Mode::Ask, &sudo_alone, &effects), Verdict::Ask);
    let meant = [rule(Verdict::Allow, "sudo systemctl restart nginx")];
    let effects = [through(&["sudo"], "systemctl restart nginx"), sudo()];
    assert_eq!(verdict(Mode::Ask, &meant, &effects), Verdict::Allow);
}

#[test]
fn what_is_dangerous_asks_for_its_word_and_a_broad_rule_does_not_open_it() {
    let broad = [rule(Verdict::Allow, "git")];
    let judged = judge_by(Mode::Auto, &broad, "exec", &[run("git push --force")]);
    assert_eq!(judged.verdict, Verdict::Ask);
    assert_eq!(judged.danger.unwrap().word, "force");
    let meant = [rule(Verdict::Allow, "git push --force")];
    assert_eq!(
        verdict(Mode::Auto, &meant, &[run("git push --force")]),
        Verdict::Allow
    );
    for (line, word) in [
        ("git push origin +main", "force"),
        ("git push -uf", "force"),
        ("git reset --hard HEAD~3", "discard"),
        ("git clean -xfd", "discard"),
        ("git filter-branch x", "rewrite"),
        ("cargo publish", "publish"),
        ("terraform destroy", "destroy"),
        ("shutdown now", "stop"),
    ] {
        let judged = judge_by(Mode::Auto, &[], "exec", &[run(line)]);
        assert_eq!(judged.verdict, Verdict::Ask, "{line}");
        assert_eq!(
            judged.danger.map(|danger| danger.word).as_deref(),
            Some(word),
            "{line}"
        );
    }
    for line in ["git push", "git reset", "git stash", "git commit -m -f"] {
        let judged = judge_by(Mode::Ask, &[], "exec", &[run(line)]);
        assert_eq!(judged.danger, None, "{line}");
    }
}

#[test]
fn deleting_all_below_a_folder_outside_asks_under_every_rule() {
    let all = Rule::new(Verdict::Allow, Pattern::default());
    let rules = [all, path_rule(Verdict::Allow, "exec", "/**")];
    let effects = [run("rm -r /srv/a/b"), delete("/srv/a/b", true)];
    for mode in [Mode::Ask, Mode::AutoEdit, Mode::Auto] {
        let judged = judge_by(mode, &rules, "exec", &effects);
        assert_eq!(judged.verdict, Verdict::Ask);
        assert_eq!(
            judged.danger.map(|danger| danger.word).as_deref(),
            Some("delete")
        );
    }
}

#[test]
fn the_strictest_rule_wins_and_the_floor_stays_below_all() {
    let rules = [rule(Verdict::Allow, "git"), rule(Verdict::Deny, "git push")];
    assert_eq!(
        verdict(Mode::Ask, &rules, &[run("git status")]),
        Verdict::Allow
    );
    let denied = judge_by(Mode::Auto, &rules, "exec", &[run("git push")]);
    assert_eq!(
        (denied.verdict, denied.by),
        (Verdict::Deny, DecidedBy::Rule)
    );
    assert_eq!(denied.reasons, ["a rule about exec `git push …` says deny"]);
    let rules = [rule(Verdict::Allow, "rm")];
    let floored = judge_by(Mode::Auto, &rules, "exec", &[run("rm -rf /home/ana")]);
    assert_eq!(
        (floored.verdict, floored.by),
        (Verdict::Deny, DecidedBy::Floor)
    );
}

#[test]
fn no_rule_allows_what_cannot_be_told_and_none_opens_read_only() {
    let rules = [rule(Verdict::Allow, "")];
    for mode in [Mode::Ask, Mode::AutoEdit, Mode::Auto] {
        assert_eq!(verdict(mode, &rules, &[run("ls"), unclear()]), Verdict::Ask);
    }
    assert_eq!(verdict(Mode::ReadOnly, &rules, &[run("ls")]), Verdict::Deny);
}

#[test]
fn a_rule_holds_in_its_session_its_folder_and_for_its_role_alone() {
    let ls = || rule(Verdict::Allow, "ls");
    let judged = |rule: Rule| verdict(Mode::Ask, &[rule], &[run("ls")]);
    let here = Rule {
        session_id: Some(SESSION),
        workspace: Some("/code".into()),
        ..ls()
    };
    assert_eq!(judged(here), Verdict::Allow);
    let other_session = Rule {
        session_id: Some(SessionId::from_bytes([8; 16])),
        ..ls()
    };
    assert_eq!(judged(other_session), Verdict::Ask);
    let other_folder = Rule {
        workspace: Some("/other".into()),
        ..ls()
    };
    assert_eq!(judged(other_folder), Verdict::Ask);
    for (cwd, role, expected) in [
        (Some("/co*"), None, Verdict::Allow),
        (Some("/other/**"), None, Verdict::Ask),
        (None, Some("admin"), Verdict::Allow),
        (None, Some("child"), Verdict::Ask),
    ] {
        let mut rule = ls();
        rule.pattern.cwd = cwd.map(str::to_owned);
        rule.pattern.role = role.map(str::to_owned);
        assert_eq!(judged(rule), expected, "{cwd:?} {role:?}");
    }
}

fn offered(tool: &str, effects: &[Effect]) -> (Option<String>, Vec<String>) {
    let inspection = call(effects);
    with(Mode::Ask, &[], |policy| {
        let call = Call {
            tool,
            inspection: &inspection,
            role: "admin",
        };
        let all = policy.candidates(call);
        for pattern in &all {
            assert_eq!(policy.with(pattern, call), Verdict::Allow, "{pattern}");
        }
        let text = |pattern: &Pattern| pattern.to_string();
        (
            policy.offer(call).as_ref().map(text),
            all.iter().map(text).collect(),
        )
    })
}

#[test]
fn what_an_answer_for_longer_could_keep_goes_from_narrow_to_broad() {
    let (first, all) = offered("exec", &[run("git log -3")]);
    assert_eq!(first.as_deref(), Some("exec `git log …`"));
    assert_eq!(
        all,
        [
            "exec `git log -3 …` run in /code",
            "exec `git log -3 …`",
            "exec `git log …` run in /code",
            "exec `git log …`",
        ]
    );
    let (first, _) = offered("exec", &[run("git push origin")]);
    assert_eq!(first.as_deref(), Some("exec `git push origin …`"));
    let (first, _) = offered("exec", &[run("cat /var/log/x"), read("/var/log/x")]);
    assert_eq!(first.as_deref(), Some("exec `cat …` in /var/log/x"));
    let (first, all) = offered("write_file", &[write("/code/src/a.rs")]);
    assert_eq!(first.as_deref(), Some("write_file in /code/**"));
    assert_eq!(
        all,
        [
            "write_file in /code/src/a.rs",
            "write_file in /code/src/*",
            "write_file in /code/**",
        ]
    );
    let (first, _) = offered("write_file", &[write("/etc/a[b]")]);
    assert_eq!(first.as_deref(), Some("write_file in /etc/a\\[b\\]"));
}

#[test]
fn what_would_open_everything_is_never_offered() {
    for effects in [
        vec![run("python3.11 x.py")],
        vec![run("bash x")],
        vec![run("npm test")],
        vec![run("pip3 install x")],
        vec![run("cargo install x")],
        vec![through(&["sudo"], "ls"), sudo()],
        vec![run("git push --force")],
        vec![run("ls"), unclear()],
        vec![run("one x"), run("two x")],
    ] {
        assert_eq!(offered("exec", &effects), (None, Vec::new()), "{effects:?}");
    }
}

#[test]
fn an_allowing_rule_says_what_it_allowed() {
    let rules = [rule(Verdict::Allow, "ls")];
    let judged = judge_by(Mode::Ask, &rules, "exec", &[run("ls"), read("/code/a")]);
    assert_eq!(
        (judged.verdict, judged.by),
        (Verdict::Allow, DecidedBy::Rule)
    );
    assert_eq!(judged.reason(), "a rule about exec `ls …` says allow");
}

#[test]
fn alternatives_stand_at_their_place() {
    let mut rule = rule(Verdict::Allow, "git x");
    rule.pattern.command[1] = OneOf::Any(vec!["log".into(), "status".into()]);
    let rules = [rule];
    assert_eq!(
        verdict(Mode::Ask, &rules, &[run("git status -s")]),
        Verdict::Allow
    );
    assert_eq!(verdict(Mode::Ask, &rules, &[run("git show")]), Verdict::Ask);
}

#[test]
fn a_real_line_is_judged_part_by_part() {
    let rules = [rule(Verdict::Allow, "git log"), rule(Verdict::Deny, "curl")];
    let judged = |line: &str| trial::judge(Mode::Ask, &rules, line).verdict;
    assert_eq!(judged("git log -3"), Verdict::Allow);
    assert_eq!(judged("curl http://example.com"), Verdict::Deny);
    assert_ne!(judged("git log; $X"), Verdict::Allow);
    assert_eq!(judged("rm -rf /"), Verdict::Deny);
}
