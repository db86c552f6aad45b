//! Golden transcripts of the console without a screen.

use jiff::tz::TimeZone;
use smartopol_protocol::SessionId;
use smartopol_protocol::approval::Scope;
use smartopol_protocol::event::Subscribed;
use smartopol_protocol::message::Level;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;

use super::commands::take;
use super::teller::Teller;
use crate::app::{App, Call, Link, Msg, Now, Reply, Wanted};
use crate::house::{self, House};
use crate::theme::Theme;

struct Linear {
    app: App,
    teller: Teller,
    now: Now,
    said: Vec<String>,
    asked: Vec<Call>,
}

impl Linear {
    fn new(house: &mut House, id: SessionId) -> Self {
        let now = Now {
            ms: 0,
            wall: house.at(),
        };
        let wanted = Wanted {
            workspace: "/home/ann/app".into(),
            home: "/home/ann".into(),
            history: 10,
            ..Wanted::default()
        };
        let app = App::new(wanted, Theme::plain(), TimeZone::UTC, now);
        let mut own = Self {
            app,
            teller: Teller::new(true),
            now,
            said: Vec::new(),
            asked: Vec::new(),
        };
        house.take();
        let reply = Box::new(Subscribed::Snapshot(Box::new(house.snapshot())));
        own.take(Msg::Link(Link::Connected {
            peer: "cli:1000".into(),
            reply,
        }));
        own.answer(Call::Status, Reply::Status(Box::new(house::status())));
        own.answer(Call::Providers, Reply::Providers(house::providers(false)));
        let shown = house.shown(id, None, 200);
        let find = Call::Find {
            key: None,
            workspace: String::new(),
        };
        own.answer(find, Reply::Session(Box::new(shown.session.clone())));
        own.answer(Call::Show(id), Reply::Shown(Box::new(shown)));
        own.asked.clear();
        own
    }

    fn take(&mut self, msg: Msg) {
        for cmd in self.app.update(msg, self.now) {
            if let crate::app::Cmd::Ask(call) = cmd {
                self.asked.push(call);
            }
        }
        self.said.extend(self.teller.tell(&self.app));
        self.app.gate.seen(
            self.app
                .front()
                .map(|card| (card, crate::app::gate::Surface::Card)),
            self.now.ms,
        );
    }

    fn answer(&mut self, call: Call, reply: Reply) {
        self.take(Msg::Answered(Box::new(call), Ok(reply)));
    }

    fn events(&mut self, house: &mut House) {
        for event in house.take() {
            self.take(Msg::Link(Link::Event(Box::new(event))));
        }
    }

    fn types(&mut self, line: &str) {
        self.said.push(format!("[typed] {line}"));
        let (teller, mut told) = (&mut self.teller, Vec::new());
        let cmds = self
            .app
            .with(self.now, |app| told = take(app, teller, line));
        self.said.extend(told);
        for cmd in cmds {
            if let crate::app::Cmd::Ask(call) = cmd {
                self.asked.push(call);
            }
        }
        self.said.extend(self.teller.tell(&self.app));
    }

    fn wait(&mut self, ms: u64) {
        self.now.ms += ms;
        self.now.wall = self.now.wall.plus_millis(i64::try_from(ms).unwrap());
        self.take(Msg::Tick);
    }

    fn said(&self) -> String {
        self.said.join("\n")
    }
}

#[test]
fn a_call_is_asked_for_answered_by_number_and_told() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut linear = Linear::new(&mut house, id);
    let (turn, call, asked) = house::asks(&mut house, id, "cargo test --all");
    linear.events(&mut house);
    linear.types("1");
    linear.wait(400);
    linear.types("7");
    linear.types("2");
    let decided = linear
        .asked
        .iter()
        .filter(|call| matches!(call, Call::Decide(_)))
        .count();
    assert_eq!(decided, 1, "the first came too soon: {:?}", linear.asked);
    house.decide(asked, true, Scope::Session, "", "smartopol-tui");
    house.run(call);
    house.wait(1_200);
    house.finish(
        call,
        OutputStatus::Ok,
        "12 passed\n",
        serde_json::Value::Null,
    );
    for piece in ["All ", "passed.\n\nTwelve ", "of\ntwelve"] {
        house.delta(id, turn, piece);
        linear.events(&mut house);
    }
    house.agent(
        id,
        turn,
        vec![house::text("All passed.\n\nTwelve of\ntwelve.")],
    );
    house.end(id, turn, Outcome::Done);
    linear.events(&mut house);
    insta::assert_snapshot!(linear.said());
}

#[test]
fn a_dangerous_call_is_allowed_only_with_its_word() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut linear = Linear::new(&mut house, id);
    house.endanger(
        "force",
        "it overwrites what others have in another repository",
    );
    house::asks(&mut house, id, "git push --force");
    linear.events(&mut house);
    linear.wait(400);
    linear.types("1");
    linear.wait(400);
    linear.types("1 wrong");
    linear.wait(400);
    linear.types("1 force");
    let decided: Vec<_> = linear
        .asked
        .iter()
        .filter_map(|call| match call {
            Call::Decide(decide) => Some((decide.allow, decide.word.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(decided, [(true, "force")]);
    insta::assert_snapshot!(linear.said());
}

#[test]
fn what_went_wrong_is_said_with_what_to_do() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut linear = Linear::new(&mut house, id);
    let turn = house.user(id, "hello");
    house.notice(id, Level::Warning, "the context was shortened");
    let hint = "check the key".to_owned();
    house.end(
        id,
        turn,
        Outcome::Failed {
            message: "the provider refused".into(),
            hint,
        },
    );
    linear.events(&mut house);
    linear.take(Msg::Link(Link::Lost {
        reason: "the daemon left".into(),
        unusual: false,
        retry_after_ms: 250,
    }));
    linear.types("are you there?");
    insta::assert_snapshot!(linear.said());
}

#[test]
fn the_first_letter_says_what_a_line_is() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut linear = Linear::new(&mut house, id);
    linear.said.clear();
    for line in [
        "!ls",
        "#tabs, not spaces",
        "!!important",
        "//etc is a folder",
    ] {
        linear.types(line);
    }
    let asked: Vec<String> = linear
        .asked
        .iter()
        .filter_map(|call| match call {
            Call::Run(run) => Some(format!("run {}", run.command)),
            Call::Remember(text) => Some(format!("remember {text}")),
            Call::Say(send) => Some(format!("say {}", send.text)),
            _ => None,
        })
        .collect();
    let meant = [
        "run ls",
        "remember tabs, not spaces",
        "say !important",
        "say /etc is a folder",
    ];
    assert_eq!(asked, meant);
    house.person_runs(id, "ls", "src\n");
    linear.events(&mut house);
    let said = linear.said();
    assert!(said.contains("Tool exec: ls"), "{said}");
    assert!(!said.contains("You: \n"), "{said}");
}

#[test]
fn the_commands_answer_at_once() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut linear = Linear::new(&mut house, id);
    linear.said.clear();
    for line in [
        "/sessions",
        "/traces 2",
        "/mode",
        "/mode all",
        "/trace 9",
        "/approval",
        "/inbox",
        "/jump",
    ] {
        linear.types(line);
    }
    insta::assert_snapshot!(linear.said());
}

#[test]
fn an_opened_conversation_is_said_with_its_newest_messages() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let linear = Linear::new(&mut house, id);
    insta::assert_snapshot!(linear.said());
}

#[test]
fn what_was_said_in_all_sessions_is_told_line_by_line() {
    use smartopol_protocol::message::Role;
    use smartopol_protocol::session::{Found, Hit};

    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let mut linear = Linear::new(&mut house, id);
    linear.said.clear();
    linear.types("/search roses");
    assert_eq!(linear.asked, [Call::SearchEverywhere("roses".into())]);
    let hit = Hit {
        session_id: id,
        session: "garden".into(),
        archived: true,
        position: 7,
        message_id: smartopol_protocol::MessageId::from_bytes([9; 16]),
        role: Role::User,
        line: "the roses need water".into(),
        created_at: house.at(),
    };
    let found = Found {
        hits: vec![hit],
        next: Some(4),
        behind: 0,
    };
    let call = Call::SearchEverywhere("roses".into());
    linear.answer(call, Reply::FoundEverywhere(found));
    let told: Vec<&str> = linear.said.iter().map(String::as_str).collect();
    assert!(
        told.iter().any(
            |line| line.starts_with("Session garden, archived, message 7, ")
                && line.ends_with(": the roses need water")
        ),
        "{told:?}"
    );
    assert!(told.contains(&"There are older ones: say more words."));
    linear.types("/rename notes");
    linear.types("/fork 1");
    linear.types("/export");
    linear.types("/archive");
    let kinds: Vec<&str> = linear
        .asked
        .iter()
        .map(|call| match call {
            Call::SearchEverywhere(_) => "search",
            Call::Configure(_) => "rename",
            Call::Fork(_) => "fork",
            Call::Export { .. } => "export",
            Call::Archive(_) => "archive",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["search", "rename", "fork", "export", "archive"]);
}
