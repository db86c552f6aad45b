//! Role by method: what each may ask. The parameters are those of the protocol's golden files.

use std::path::Path;

use serde_json::value::RawValue;
use smartopol_config::section::users::Roles;
use smartopol_protocol::method::NAMES;

use super::*;
use crate::users::{made, nobody};

/// What a stranger, a child, a user and an admin get: `+` it is done, `o` where it is theirs, `-`
/// it is denied. A method without a line fails the test.
const SAID: &str = "
    daemon/status        - + + +
    daemon/stop          - - - +
    daemon/backup        - - - +
    daemon/check         - - - +
    daemon/figures       - - - +
    event/subscribe      - + + +
    event/watch          - o o +
    session/create       - + + +
    session/list         - + + +
    session/find         - + + +
    session/show         - o o +
    session/configure    - o o +
    session/fork         - o o +
    session/compact      - o o +
    session/expand       - o o +
    session/compactions  - o o +
    session/pin          - o o +
    session/unpin        - o o +
    session/pins         - o o +
    session/export       - o o +
    session/archive      - o o +
    session/retention    - + + +
    session/search       - + + +
    session/files        - o o +
    session/delete       - o o +
    message/send         - o o +
    message/search       - o o +
    message/edit         - o o +
    message/withdraw     - o o +
    command/run          - - - +
    command/stop         - o o +
    turn/interrupt       - o o +
    turn/continue        - o o +
    turn/show            - o o +
    memory/add           - + + +
    memory/list          - + + +
    memory/search        - + + +
    memory/show          - + + +
    memory/edit          - + + +
    memory/forget        - + + +
    memory/decide        - + + +
    knowledge/list       - + + +
    knowledge/search     - + + +
    knowledge/show       - + + +
    knowledge/write      - + + +
    knowledge/link       - + + +
    knowledge/pin        - + + +
    knowledge/forget     - + + +
    knowledge/hot        - + + +
    question/list        - + + +
    question/show        - o o +
    question/answer      - o o +
    client/list          - + + +
    approval/list        - + + +
    approval/show        - o o +
    approval/decide      - o o +
    approval/lab         - o o +
    approval/check       - + + +
    rule/list            - - - +
    rule/revoke          - - - +
    rule/test            - - - +
    trace/list           - + + +
    trace/show           - o o +
    trace/stats          - + + +
    trace/mark           - o o +
    job/add              - + + +
    job/list             - + + +
    job/show             - o o +
    job/edit             - o o +
    job/remove           - o o +
    job/pause            - o o +
    job/resume           - o o +
    job/run              - o o +
    job/history          - o o +
    job/why              - o o +
    job/next             - o o +
    attention/list       - + + +
    attention/resolve    - o o +
    terminal/open        - - - +
    terminal/list        - + + +
    terminal/show        - o o +
    terminal/attach      - o o +
    terminal/detach      - + + +
    terminal/resize      - o o +
    terminal/write       - - - +
    terminal/read        - o o +
    terminal/screen      - o o +
    terminal/wait        - o o +
    terminal/take        - - - +
    terminal/give        - o o +
    terminal/signal      - - - +
    terminal/kill        - o o +
    terminal/close       - o o +
    prompt/show          - o o +
    prompt/skip          - - - +
    user/list            - + + +
    user/show            - + + +
    user/add             - - - +
    user/set             - + + +
    user/remove          - - - +
    user/link            - + + +
    user/redeem          + + + +
    user/unlink          - + + +
    user/admit           - - - +
    provider/list        - + + +
    provider/test        - - - +
";

/// Returns a request with the parameters of its golden file.
fn request(method: &str) -> Request {
    let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ipc/protocol/tests/wire");
    let file = wire.join(format!("method.{}.json", method.replace('/', ".")));
    let golden: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let params = RawValue::from_string(golden["params"].to_string()).unwrap();
    Request::parse(method, Some(&params)).unwrap()
}

fn sign(method: &str, user: Option<&User>) -> &'static str {
    let request = request(method);
    let access = of(&request);
    let Some(user) = user else {
        return match access {
            Access::Anybody => "+",
            _ => "-",
        };
    };
    match may(access, user, &Rights::of(&Roles::default(), user)) {
        May::Yes => "+",
        May::IfTheirs(_) | May::IfOfTheirSession(_) => "o",
        May::No(_) => "-",
    }
}

#[test]
fn each_role_may_ask_what_the_table_says_and_no_method_is_left_out() {
    let people = [None, Some(Role::Child), Some(Role::User), Some(Role::Admin)]
        .map(|role| role.map(|role| User { role, ..nobody() }));
    let mut said: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for line in SAID.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let method = words.next().unwrap();
        said.push(method);
        for (user, wanted) in people.iter().zip(words) {
            let found = sign(method, user.as_ref());
            if found != wanted {
                let who = user.as_ref().map(|user| user.role);
                wrong.push(format!("{method} as {who:?}: {found}, not {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut missing: Vec<&str> = NAMES.to_vec();
    missing.retain(|name| !said.contains(name));
    assert!(missing.is_empty(), "no line for {missing:?}");
}

#[test]
fn a_capability_of_ones_own_opens_what_it_is_for_and_nothing_else() {
    let mut ben = made(
        "discord:ben".parse().unwrap(),
        smartopol_protocol::Timestamp::from_millis(0),
    );
    for (capability, method, after) in [
        (Capability::ExecuteCommands, "command/run", "o"),
        (Capability::ManageUsers, "user/add", "+"),
        (Capability::ApproveRequests, "approval/decide", "+"),
    ] {
        ben.grants.insert(capability, Grant::Allow);
        assert_eq!(sign(method, Some(&ben)), after, "{method}");
        assert_eq!(sign("daemon/stop", Some(&ben)), "-");
        ben.grants.insert(capability, Grant::Ask);
        assert_ne!(sign(method, Some(&ben)), "+", "{method}");
        ben.grants.clear();
    }
    let mut admin = User {
        role: Role::Admin,
        ..ben
    };
    admin.grants.insert(Capability::ManageUsers, Grant::Deny);
    assert_eq!(sign("user/add", Some(&admin)), "-");
}
