//! The door of the process that holds a terminal: who comes in, who is kept out, who is sent out.

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::mpsc;

use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use smartopol_ipc::{Access, Address, Client, Events};
use smartopol_protocol::TerminalId;
use smartopol_protocol::direct::{self, Heard, Said};
use smartopol_protocol::terminal::{self, Attach, Door, Give, Open, Take, Until, View};
use smartopol_testkit::home::LIMIT;
use smartopol_testkit::{Home, Terminal};

use super::{eventually, home};

/// A person's terminal, for as long as it is open.
struct Lent {
    _outer: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    inner: std::fs::File,
    drawn: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Lent {
    fn new() -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let name = pair.master.tty_name().unwrap();
        let mut open = std::fs::File::options();
        let inner = open.read(true).write(true).open(name).unwrap();
        let mut raw = tcgetattr(&inner).unwrap();
        raw.make_raw();
        tcsetattr(&inner, OptionalActions::Now, &raw).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (draws, drawn) = mpsc::sync_channel(64);
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if draws.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            _outer: pair.master,
            inner,
            drawn,
            seen: String::new(),
        }
    }

    fn types(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
    }

    /// Waits until this was drawn.
    fn shows(&mut self, words: &str) {
        while !self.seen.contains(words) {
            let drawn = self.drawn.recv_timeout(LIMIT);
            let drawn = drawn.unwrap_or_else(|_| panic!("{words} is not among {}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&drawn));
        }
    }
}

/// One at a door.
struct Visitor {
    stream: UnixStream,
    bytes: Vec<u8>,
}

impl Visitor {
    fn come(door: &Door, ticket: &str, brings: BorrowedFd<'_>) -> Self {
        let stream = UnixStream::connect(&door.socket).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let brings = [brings];
        control.push(SendAncillaryMessage::ScmRights(&brings));
        let (ticket, prefix) = (ticket.to_owned(), 0x1d);
        let word = direct::write(&Said::Enter { ticket, prefix });
        let slices = [IoSlice::new(&word)];
        let sent = sendmsg(&stream, &slices, &mut control, SendFlags::NOSIGNAL);
        assert_eq!(sent, Ok(word.len()));
        Self {
            stream,
            bytes: Vec::new(),
        }
    }

    fn says(&mut self, word: &Said) {
        self.stream.write_all(&direct::write(word)).unwrap();
    }

    /// Returns what is heard next; `None` where one was kept or sent out.
    fn hears(&mut self) -> Option<Heard> {
        let mut buffer = [0; 1024];
        loop {
            if let Some(word) = direct::next(&mut self.bytes).unwrap() {
                return Some(word);
            }
            match self.stream.read(&mut buffer) {
                Ok(read @ 1..) => self.bytes.extend_from_slice(&buffer[..read]),
                Ok(_) => return None,
                Err(err) if err.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(err) => panic!("nothing was said: {err}"),
            }
        }
    }
}

async fn connected(home: &Home, access: Access) -> (Client, Events) {
    let address = Address::new(home.socket());
    Client::connect(&address, "test", access).await.unwrap()
}

async fn opened(client: &Client) -> TerminalId {
    let line = "stty -echo; while read x; do echo \"<$x>\"; done";
    let open = Open {
        command: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
        ..Open::default()
    };
    let id = client.call(open).await.unwrap().id;
    // What is typed before is shown twice.
    eventually("it reads without an echo", || async {
        let shown = client.call(terminal::Show { id }).await.unwrap();
        (shown.waits && shown.foreground == "sh").then_some(())
    })
    .await;
    id
}

async fn door(client: &Client, id: TerminalId) -> Option<Door> {
    let (view, size) = (View::Direct, None);
    client.call(Attach { id, view, size }).await.unwrap().door
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_opens_once_for_who_brings_a_terminal_and_the_ticket() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, events) = connected(&home, Access::Full).await;
    let id = opened(&client).await;
    let door = door(&client, id).await.unwrap();
    let mut lent = Lent::new();
    let null = std::fs::File::open("/dev/null").unwrap();
    let upper = door.ticket.to_uppercase();
    let strangers =
        ["", "00ff", &upper].map(|ticket| Visitor::come(&door, ticket, lent.inner.as_fd()));
    for mut stranger in strangers {
        assert_eq!(stranger.hears(), None);
    }
    let mut without = Visitor::come(&door, &door.ticket, null.as_fd());
    assert_eq!(without.hears(), None, "that is no terminal");
    let mut visitor = Visitor::come(&door, &door.ticket, lent.inner.as_fd());
    assert_eq!(visitor.hears(), Some(Heard::Entered));
    let mut again = Visitor::come(&door, &door.ticket, lent.inner.as_fd());
    assert_eq!(again.hears(), None, "a ticket is good once");
    lent.types(b"one\r");
    lent.shows("<one>");
    // The prefix and what follows is the client's, and the rest waits for its word.
    lent.types(b"tw\x1dx");
    let (bytes, may) = (b"\x1dx".to_vec(), true);
    assert_eq!(visitor.hears(), Some(Heard::Typed { bytes, may }));
    lent.types(b"\r");
    let (bytes, all) = (b"o".to_vec(), false);
    visitor.says(&Said::GoOn { bytes, all });
    lent.shows("<two>");
    drop((client, events));
    assert_eq!(visitor.hears(), None, "who left the daemon leaves this too");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_type_is_left_with_what_they_typed() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = connected(&home, Access::Full).await;
    let id = opened(&client).await;
    let (observer, _also) = connected(&home, Access::Observe).await;
    let open = door(&observer, id).await.unwrap();
    let mut lent = Lent::new();
    let mut visitor = Visitor::come(&open, &open.ticket, lent.inner.as_fd());
    assert_eq!(visitor.hears(), Some(Heard::Entered));
    let typed = |bytes: &[u8]| {
        let bytes = bytes.to_vec();
        Some(Heard::Typed { bytes, may: false })
    };
    lent.types(b"one\r");
    assert_eq!(visitor.hears(), typed(b"one\r"));
    // Nor does it help to say that it is to be typed.
    let (bytes, all) = (b"one\r".to_vec(), false);
    visitor.says(&Said::GoOn { bytes, all });
    lent.types(b"two\r");
    assert_eq!(visitor.hears(), typed(b"two\r"));

    // Whoever may type does not while the agent does.
    let open = door(&client, id).await.unwrap();
    let mut own = Lent::new();
    let mut person = Visitor::come(&open, &open.ticket, own.inner.as_fd());
    assert_eq!(person.hears(), Some(Heard::Entered));
    client.call(Give { id }).await.unwrap();
    own.types(b"three\r");
    assert_eq!(person.hears(), typed(b"three\r"));
    let read = terminal::Read {
        id,
        since: Some(0),
        limit: 0,
    };
    // Whatever was typed before would have been answered before.
    client.call(Take { id }).await.unwrap();
    let (text, bytes) = ("four\r".into(), Vec::new());
    client
        .call(terminal::Write { id, text, bytes })
        .await
        .unwrap();
    let matches = Until::Matches {
        pattern: "<four>".into(),
        since: Some(0),
    };
    let wait = terminal::Wait {
        id,
        until: matches,
        limit_ms: 60_000,
    };
    client.call(wait).await.unwrap();
    let written = client.call(read).await.unwrap();
    assert_eq!(written.text.trim_end(), "<four>");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_attaches_again_goes_on_in_the_new_terminal_and_not_in_the_old_one() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = connected(&home, Access::Full).await;
    let id = opened(&client).await;
    let first = door(&client, id).await.unwrap();
    let old = Lent::new();
    let mut before = Visitor::come(&first, &first.ticket, old.inner.as_fd());
    assert_eq!(before.hears(), Some(Heard::Entered));
    let second = door(&client, id).await.unwrap();
    let mut new = Lent::new();
    let mut after = Visitor::come(&second, &second.ticket, new.inner.as_fd());
    assert_eq!(after.hears(), Some(Heard::Entered));
    assert_eq!(before.hears(), None);
    drop((before, old));
    new.types(b"one\r");
    new.shows("<one>");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_sent_out_and_stays_does_not_type_with_the_right_of_who_came_later() {
    let mut home = home();
    home.start().await.unwrap();
    // The next daemon counts its clients anew, and reaches this number.
    let mut others = Vec::new();
    for _ in 0..20 {
        others.push(connected(&home, Access::Full).await);
    }
    let (client, events) = connected(&home, Access::Full).await;
    let id = opened(&client).await;
    let first = door(&client, id).await.unwrap();
    let number = number(&client, id).await;
    let mut old = Lent::new();
    let mut before = Visitor::come(&first, &first.ticket, old.inner.as_fd());
    assert_eq!(before.hears(), Some(Heard::Entered));
    home.kill().unwrap();
    drop((client, events, others));
    home.start().await.unwrap();
    assert_eq!(before.hears(), None, "it is told to leave");
    let mut others = Vec::new();
    let second = loop {
        let (client, events) = connected(&home, Access::Full).await;
        let open = door(&client, id).await.unwrap();
        let own = self::number(&client, id).await;
        others.push((client, events));
        assert!(own <= number, "{own} is beyond {number}");
        if own == number {
            break open;
        }
        others.pop();
    };
    let mut new = Lent::new();
    let mut after = Visitor::come(&second, &second.ticket, new.inner.as_fd());
    assert_eq!(after.hears(), Some(Heard::Entered));
    old.types(b"old\r");
    new.types(b"new\r");
    new.shows("<new>");
    let mut left = [0; 16];
    let read = old.inner.read(&mut left).unwrap();
    assert_eq!(&left[..read], b"old\r", "it is left where it was typed");
}

/// Returns the number of the client that came last.
async fn number(client: &Client, id: TerminalId) -> u64 {
    let shown = client.call(terminal::Show { id }).await.unwrap();
    let attached = shown.attached.iter().map(|viewer| viewer.client);
    attached.max().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn handing_over_while_others_attach_is_not_undone() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = connected(&home, Access::Full).await;
    let (other, _also) = connected(&home, Access::Full).await;
    let id = opened(&client).await;
    door(&other, id).await.unwrap();
    let write = |text: &str| terminal::Write {
        id,
        text: text.into(),
        bytes: Vec::new(),
    };
    for _ in 0..50 {
        let (given, again) = tokio::join!(client.call(Give { id }), door(&other, id));
        assert!(given.is_ok() && again.is_some());
        assert!(client.call(write("no\r")).await.is_err());
        let (taken, again) = tokio::join!(client.call(Take { id }), door(&other, id));
        assert!(taken.is_ok() && again.is_some());
        client.call(write("yes\r")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_rights_end_while_they_are_attached_is_sent_out() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = connected(&home, Access::Full).await;
    let id = opened(&client).await.to_string();
    let attach = ["--as", "discord:ben", "terminals", "attach", &id];
    let ways = [
        vec!["users", "role", "ben", "user"],
        vec!["users", "remove", "ben", "--yes"],
        vec!["users", "disable", "ben"],
    ];
    for (round, way) in ways.into_iter().enumerate() {
        home.ok(["users", "add", "ben", "discord:ben", "--role", "admin"])
            .unwrap();
        let mut ben = Terminal::start(&home.command(attach), 20, 90).unwrap();
        ben.wait_for("ctrl-] d detaches").unwrap();
        // What was typed in the rounds before is on the screen too.
        ben.keys(&format!("round {round}\r")).unwrap();
        ben.wait_for(&format!("<round {round}>")).unwrap();
        home.ok(&way).unwrap();
        assert_ne!(ben.wait_end().unwrap(), 0, "{way:?}");
        if !way.contains(&"remove") {
            home.ok(["users", "remove", "ben", "--yes"]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_rights_end_while_the_daemon_draws_for_them_is_sent_out_too() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = connected(&home, Access::Full).await;
    let id = opened(&client).await.to_string();
    let attach = home.command(["--as", "discord:ben", "terminals", "attach", &id]);
    // What is no terminal of its own by name is not lent to the holder.
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "\"$0\" \"$@\" < /dev/tty"])
        .arg(attach.get_program())
        .args(attach.get_args())
        .current_dir(home.workspace())
        .env_clear()
        .envs(home.variables());
    let ways = [
        (vec!["users", "role", "ben", "user"], "there is no terminal"),
        (vec!["users", "remove", "ben", "--yes"], "is not known here"),
        (vec!["users", "disable", "ben"], "is disabled for now"),
    ];
    for (way, why) in ways {
        home.ok(["users", "add", "ben", "discord:ben", "--role", "admin"])
            .unwrap();
        let mut ben = Terminal::start(&shell, 20, 90).unwrap();
        ben.wait_for("ctrl-] d detaches").unwrap();
        ben.keys("one\r").unwrap();
        ben.wait_for("<one>").unwrap();
        home.ok(&way).unwrap();
        assert_ne!(ben.wait_end().unwrap(), 0, "{way:?}");
        assert!(ben.screen().contains(why), "{way:?} {}", ben.screen());
        if !way.contains(&"remove") {
            home.ok(["users", "remove", "ben", "--yes"]).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_hand_over_at_once_the_same_one_is_last_in_what_is_stored_and_what_is_so() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _events) = connected(&home, Access::Full).await;
    let (other, _also) = connected(&home, Access::Full).await;
    let id = opened(&client).await;
    for _ in 0..100 {
        let (given, taken) = tokio::join!(client.call(Give { id }), other.call(Take { id }));
        assert!(given.is_ok() && taken.is_ok());
        let stored = client.call(terminal::Show { id }).await.unwrap();
        let (text, bytes) = ("x\r".into(), Vec::new());
        let typed = client.call(terminal::Write { id, text, bytes }).await;
        let person = stored.terminal.typist == terminal::Party::Person;
        assert_eq!(typed.is_ok(), person, "{typed:?}");
    }
}
