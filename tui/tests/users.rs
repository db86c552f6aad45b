//! Users: who there is, what each may do and use, and seeing to them.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::attention::{Item, ItemState, Kind, Priority};
use smartopol_protocol::user::{
    Budget, Capability, Changed, Code, Day, Deed, Filter, Grant, Limits, Listed, Profile, Role,
    Shown, Spent, User,
};
use smartopol_protocol::{AttentionId, Event, News, Timestamp, UserId};
use smartopol_tui::headless::Headless;

use crate::attached;
use crate::house::{self, House};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

fn user(number: u8, name: &str, role: Role, peers: &[&str], at: Timestamp) -> User {
    User {
        id: UserId::from_bytes([number; 16]),
        name: name.into(),
        role,
        peers: peers.iter().filter_map(|peer| peer.parse().ok()).collect(),
        owner: false,
        disabled: false,
        grants: Default::default(),
        limits: Limits::default(),
        profile: Profile::default(),
        created_at: at.plus_millis(-40 * 86_400_000),
    }
}

fn ann(at: Timestamp) -> User {
    let mut ann = user(1, "ann", Role::Admin, &["cli:1000"], at);
    ann.owner = true;
    ann
}

fn mia(at: Timestamp) -> User {
    let peers = ["telegram:4711", "discord:mia"];
    let mut mia = user(3, "mia", Role::Child, &peers, at);
    mia.grants.insert(Capability::Network, Grant::Deny);
    mia.profile.language = Some("German".into());
    mia.limits.daily_tokens = Some(50_000);
    mia
}

fn budget(of: &User, at: Timestamp) -> Budget {
    let spent = |calls, tokens, cost_micros| Spent {
        calls,
        tokens,
        cost_micros,
    };
    let (limits, today, month) = match of.name.as_str() {
        "mia" => (
            Limits {
                daily_tokens: Some(50_000),
                monthly_tokens: None,
                daily_cost_micros: Some(500_000),
                monthly_cost_micros: Some(5_000_000),
            },
            spent(12, 42_300, 310_000),
            spent(80, 210_000, 1_240_000),
        ),
        "ann" => (
            Limits::default(),
            spent(9, 123_456, 900_000),
            spent(99, 2_340_000, 9_870_000),
        ),
        _ => (Limits::default(), Spent::default(), Spent::default()),
    };
    Budget {
        of: "user".into(),
        limits,
        today,
        month,
        day_resets_at: at.plus_millis(7 * 3_600_000),
        month_resets_at: at.plus_millis(12 * 86_400_000),
    }
}

fn listed(at: Timestamp) -> Listed {
    let mut eve = user(4, "eve", Role::User, &["api:eve"], at);
    eve.disabled = true;
    let ben = user(2, "ben", Role::User, &["discord:ben"], at);
    let users = vec![ann(at), ben, mia(at), eve];
    Listed {
        budgets: users.iter().map(|user| budget(user, at)).collect(),
        users,
    }
}

fn shown(of: User, at: Timestamp) -> Shown {
    let grants = Capability::ALL.iter().map(|own| {
        let usual = match (of.role, own) {
            (Role::Admin, _) => Grant::Allow,
            (_, Capability::ExecuteCommands | Capability::WriteFiles) => Grant::AskAdmin,
            _ => Grant::Deny,
        };
        (*own, of.grants.get(own).copied().unwrap_or(usual))
    });
    let day = |number: i64| Day {
        at: at.plus_millis((number - 29) * 86_400_000),
        spent: Spent {
            calls: 1,
            tokens: (number as u64 * 37) % 11 * 1_000,
            cost_micros: 41_000,
        },
    };
    Shown {
        grants: grants.collect(),
        filter: match of.role {
            Role::Child => Filter::Child,
            _ => Filter::Off,
        },
        time_zone: "Europe/Berlin".into(),
        budgets: vec![budget(&of, at)],
        days: (0..30).map(day).collect(),
        without_costs: false,
        user: of,
    }
}

fn stranger(house: &House) -> Event {
    let item = Item {
        id: AttentionId::from_bytes([9; 16]),
        kind: Kind::Stranger,
        priority: Priority::High,
        title: "telegram:666 wants to be let in".into(),
        detail: String::new(),
        at: house.at().plus_millis(-300_000),
        deadline: None,
        session_id: None,
        turn_id: None,
        approval_id: None,
        question_id: None,
        job_id: None,
        due_at: None,
        terminal_id: None,
        memory_ids: Vec::new(),
        user_id: None,
        peer: Some("telegram:666".into()),
        state: ItemState::Open,
        told: 1,
        places: Vec::new(),
    };
    Event {
        seq: Some(1_000_000),
        at: house.at(),
        session_id: None,
        news: News::AttentionChanged(Box::new(item)),
    }
}

/// A console of who runs the house, with its users on the screen.
fn open(width: u16, height: u16) -> (House, Headless) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, width, height);
    console.event(stranger(&house));
    console.keys("<a-u>");
    console.screen();
    console.users(listed(house.at()));
    console.screen();
    console.asked();
    (house, console)
}

fn asked(console: &mut Headless, name: &str) -> Vec<String> {
    let all = console.asked().into_iter();
    all.filter(|call| call.starts_with(name)).collect()
}

/// The same with a user's page, its first field at hand.
fn at_page(width: u16, height: u16) -> (House, Headless) {
    let (house, mut console) = open(width, height);
    console.keys("<down><down><down>");
    console.user(shown(mia(house.at()), house.at()));
    console.keys("<right>");
    console.screen();
    console.asked();
    (house, console)
}

#[test]
fn who_there_is_is_listed_with_all_of_one_and_strangers_come_first() {
    for (width, height) in SIZES {
        let (house, mut console) = open(width, height);
        let screen = console.screen();
        insta::assert_snapshot!(format!("users_stranger_{width}x{height}"), screen);
        console.keys("<down><down><down>");
        console.user(shown(mia(house.at()), house.at()));
        insta::assert_snapshot!(format!("users_{width}x{height}"), console.screen());
        console.keys("<enter><down><down><down>");
        insta::assert_snapshot!(format!("users_page_{width}x{height}"), console.screen());
    }
}

#[test]
fn one_who_sees_nobody_else_has_their_page_alone() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let mut console = attached(&mut house, id, 80, 24);
    let at = house.at();
    let mut own = mia(at);
    own.peers.push("cli:1000".parse().unwrap());
    let mut shown_to_them = shown(own.clone(), at);
    shown_to_them.without_costs = true;
    console.keys("<a-u>");
    console.screen();
    console.users(Listed {
        budgets: vec![budget(&own, at)],
        users: vec![own.clone()],
    });
    console.user(shown_to_them);
    console.link_code(Code {
        code: "ABCD-2345".into(),
        expires_at: at.plus_millis(600_000),
    });
    insta::assert_snapshot!("users_alone_80x24", console.screen());
    console.asked();
    console.keys("c");
    assert_eq!(asked(&mut console, "LinkCode").len(), 1);
}

#[test]
fn a_stranger_is_let_in_or_turned_away_with_one_key() {
    let (_house, mut console) = open(120, 36);
    console.keys("y");
    let calls = asked(&mut console, "Admit");
    assert!(calls[0].contains("telegram:666"), "{calls:?}");
    assert!(calls[0].contains("allow: true"), "{calls:?}");
    console.keys("x");
    let calls = asked(&mut console, "Admit");
    assert!(calls[0].contains("allow: false"), "{calls:?}");
    console.keys("<down>y");
    assert_eq!(asked(&mut console, "Admit"), [""; 0]);
    assert!(console.screen().contains("a user already"));
}

#[test]
fn role_and_capabilities_are_turned_and_stop_at_their_ends() {
    let (house, mut console) = at_page(120, 36);
    // Two peers, then the role.
    console.keys("<down><down>+");
    let calls = asked(&mut console, "SetUser");
    assert!(calls[0].contains("role: Some(User)"), "{calls:?}");
    console.keys("-");
    assert_eq!(asked(&mut console, "SetUser"), [""; 0]);
    assert!(console.screen().contains("as strict as it can be"));
    console.keys("<down>+");
    let calls = asked(&mut console, "SetUser");
    assert!(calls[0].contains("ExecuteCommands: Some(Ask)"), "{calls:?}");
    console.keys("<down><down>=");
    let calls = asked(&mut console, "SetUser");
    assert!(calls[0].contains("Network: None"), "{calls:?}");
    console.keys("D");
    let calls = asked(&mut console, "SetUser");
    assert!(calls[0].contains("disabled: Some(true)"), "{calls:?}");
    // What was changed is asked for again.
    let changed = Changed {
        user: mia(house.at()),
        deed: Deed::Set,
        by: Actor::default(),
    };
    console.event(Event {
        seq: Some(1_000_001),
        at: house.at(),
        session_id: None,
        news: News::UserChanged(Box::new(changed)),
    });
    let calls = console.asked().join(" ");
    assert!(
        calls.contains("Users(") && calls.contains("UserPage("),
        "{calls}"
    );
}

#[test]
fn a_budget_is_written_as_people_write_and_what_is_wrong_is_not_sent() {
    let (_house, mut console) = at_page(120, 36);
    // Peers, role, nine capabilities, then the first limit.
    console.keys(&"<down>".repeat(12));
    console.keys("<enter><c-u>many<enter>");
    assert!(console.screen().contains("is no number of tokens"));
    assert_eq!(asked(&mut console, "SetUser"), [""; 0]);
    console.keys("<c-u>80k<enter>");
    let calls = asked(&mut console, "SetUser");
    assert!(calls[0].contains("daily_tokens: Some(80000)"), "{calls:?}");
    console.keys("=");
    let calls = asked(&mut console, "SetUser");
    assert!(calls[0].contains("daily_tokens: Some(0)"), "{calls:?}");
    console.keys("<down><down><enter>2.50<enter>");
    let calls = asked(&mut console, "SetUser");
    assert!(
        calls[0].contains("daily_cost_micros: Some(2500000)"),
        "{calls:?}"
    );
    console.keys("<down><down><enter><c-u>Plattdeutsch<enter>");
    let calls = asked(&mut console, "SetUser");
    assert!(
        calls[0].contains("language: Some(\"Plattdeutsch\")"),
        "{calls:?}"
    );
}

#[test]
fn a_peer_is_parted_at_the_second_key_and_only_soon_after_the_first() {
    let (_house, mut console) = at_page(120, 36);
    console.keys("<down>d");
    assert_eq!(asked(&mut console, "Unlink"), [""; 0]);
    assert!(console.screen().contains("discord:mia will be a stranger"));
    console.wait(5_000);
    console.keys("d");
    assert_eq!(asked(&mut console, "Unlink"), [""; 0]);
    console.keys("d");
    assert!(asked(&mut console, "Unlink")[0].contains("discord:mia"));
}

#[test]
fn who_only_looks_changes_nobody() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    house.take();
    let mut console = Headless::observing(120, 36, house.at());
    crate::settle(&mut console, &house, id, false);
    console.event(stranger(&house));
    console.keys("<a-u>");
    console.screen();
    console.users(listed(house.at()));
    console.screen();
    console.asked();
    console.keys("ycD");
    for name in ["Admit", "LinkCode", "SetUser"] {
        assert_eq!(asked(&mut console, name), [""; 0], "{name}");
    }
}
