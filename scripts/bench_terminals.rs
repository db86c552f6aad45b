//! Terminals against tmux, in one run: the same programs, the same streams, the same kind of PTY
//! around the attached client, the same reader behind it.
//!
//! Owns what is measured of terminals; how a figure is printed is the bench's.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use smartopol_testkit::Home;

use super::{at_least, field, line, percentile, reference};

/// How much a program writes, in bytes.
const STREAM: usize = 100 << 20;

/// How often each stream is shown by each: the middle one counts.
const ROUNDS: usize = 3;

/// How many keys are typed in each.
const KEYS: usize = 1000;

/// How many terminals are opened to see what one costs.
const IDLE: usize = 10;

/// What stands where a program is ready, and at its end; nothing else is written with these.
const READY: &str = "%%@@%%@@";
const END: &str = "@%@%@%@%";
/// The same as `printf` writes them, so that no command line shows them.
const PRINT_READY: &str = r"printf '\045\045\100\100\045\045\100\100'";
const PRINT_END: &str = r"printf '\100\045\100\045\100\045\100\045'";

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(120);

/// Who shows a terminal.
trait Shows {
    /// Starts a line for `/bin/sh` in a terminal of its own.
    fn start(&mut self, line: &str);
    /// Returns what attaches to the terminal that was started last.
    fn attach(&self) -> Command;
    /// Ends that terminal.
    fn end(&mut self);
    /// Returns the memory in use, in kilobytes: what is shared is divided.
    fn memory(&self) -> f64;
}

/// Measures what is wanted of it.
pub(super) fn terminals(wanted: impl Fn(&str) -> bool) {
    let [bytes, echo, idle] = ["bytes", "keys", "memory"].map(|part| {
        let name = format!("terminals: {part}");
        wanted(&name)
    });
    if !bytes && !echo && !idle {
        return;
    }
    if Tmux::is_missing() {
        println!(
            "· terminals: left out, because they are measured against tmux, and there is none; \
             on Debian: apt-get install tmux"
        );
        return;
    }
    let mut ours = Ours::new();
    let mut tmux = Tmux::new(ours.home.path());
    if bytes {
        throughput(&mut ours, &mut tmux);
    }
    if echo {
        keys(&mut ours, &mut tmux);
    }
    if idle {
        memory(&mut ours, &mut tmux);
    }
}

fn throughput(ours: &mut Ours, tmux: &mut Tmux) {
    for (name, text) in [
        ("`yes`", "y\n".repeat(4096)),
        ("colours", coloured()),
        (
            "UTF-8",
            "日本語のテキスト и кириллица — ελληνικά 🙂 naïve café\n".repeat(100),
        ),
    ] {
        let path = ours.home.path().join("stream");
        std::fs::write(&path, text.repeat(STREAM / text.len() + 1)).unwrap();
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            own.push(shown(ours, &path));
            other.push(shown(tmux, &path));
        }
        let (own, other) = (percentile(&mut own, 0.5), percentile(&mut other, 0.5));
        reference(&format!("100 MiB of {name}, ours"), own, "MiB/s");
        reference(&format!("100 MiB of {name}, tmux"), other, "MiB/s");
        let told = format!("terminals: {name} to an attached console, ours / tmux");
        at_least(&told, own / other, 1.0, "");
    }
}

/// Returns how many mebibytes a second a program can write whose end is seen.
fn shown(shows: &mut dyn Shows, path: &Path) -> f64 {
    let path = path.display();
    shows.start(&format!(
        "{PRINT_READY}; read x; cat {path}; {PRINT_END}; read x"
    ));
    let mut window = Window::around(&shows.attach());
    window.see(READY);
    let begun = Instant::now();
    window.types(b"\r");
    window.see(END);
    let seconds = begun.elapsed().as_secs_f64();
    shows.end();
    STREAM as f64 / f64::from(1 << 20) / seconds
}

#[expect(
    clippy::disallowed_methods,
    reason = "a hand takes its time, and nothing tells of its end"
)]
fn keys(ours: &mut Ours, tmux: &mut Tmux) {
    let shows: [&mut dyn Shows; 2] = [ours, tmux];
    let mut windows = shows.map(|shows| {
        shows.start(&format!("stty raw -echo; {PRINT_READY}; exec cat"));
        let mut window = Window::around(&shows.attach());
        window.see(READY);
        (shows, window, Vec::new())
    });
    // Whatever is drawn at the beginning is.
    std::thread::sleep(Duration::from_millis(300));
    for number in 0..KEYS {
        // One after the other: what else the machine does meets both.
        for (_, window, times) in &mut windows {
            std::thread::sleep(Duration::from_millis(20));
            // No sequence that moves or colours has one of them.
            let key = ["&", "~"][number % 2];
            let begun = Instant::now();
            window.types(key.as_bytes());
            window.see(key);
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let [mut own, mut other] = windows.map(|(shows, window, times)| {
        drop(window);
        shows.end();
        times
    });
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        let (own, other) = (percentile(&mut own, part), percentile(&mut other, part));
        reference(
            &format!("key press to echoed cell, {name}, ours"),
            own,
            "ms",
        );
        reference(
            &format!("key press to echoed cell, {name}, tmux"),
            other,
            "ms",
        );
        let told = format!("terminals: key press to echoed cell, {name}, ours / tmux");
        line(&told, own / other, 1.2, "");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "memory settles, and nothing tells of it"
)]
fn memory(ours: &mut Ours, tmux: &mut Tmux) {
    let settle = || std::thread::sleep(Duration::from_secs(1));
    let cost = |shows: &mut dyn Shows| {
        // The first may load what all of them share.
        shows.start("exec cat");
        settle();
        let before = shows.memory();
        for _ in 0..IDLE {
            shows.start("exec cat");
        }
        settle();
        let each = (shows.memory() - before) / IDLE as f64;
        for _ in 0..=IDLE {
            shows.end();
        }
        each / 1024.0
    };
    let (own, other) = (cost(ours), cost(tmux));
    reference(
        "memory of an idle terminal, tmux: its server grows by",
        other,
        "MB",
    );
    line(
        "terminals: memory of an idle one: holder, and the daemon's growth",
        own,
        2.0,
        "MB",
    );
}

/// Text of many colours.
fn coloured() -> String {
    (0..200)
        .map(|n| {
            format!(
                "\x1b[1;3{}m{n:04}\x1b[0m \x1b[48;5;{}mbackground\x1b[0m \
                 \x1b[38;2;{n};{};9mtrue colour\x1b[0m plain text here\n",
                n % 8,
                n % 256,
                255 - n
            )
        })
        .collect()
}

/// A PTY with a client in it, and nothing behind it that takes time.
struct Window {
    writer: Box<dyn Write + Send>,
    reader: Box<dyn Read + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    over: Arc<AtomicBool>,
    _master: Box<dyn MasterPty + Send>,
}

impl Window {
    fn around(command: &Command) -> Self {
        let size = PtySize {
            rows: 50,
            cols: 160,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env_clear();
        for (name, value) in command.get_envs() {
            builder.env(name, value.unwrap_or_default());
        }
        builder.env("TERM", "xterm-256color");
        builder.cwd("/");
        let child = pair.slave.spawn_command(builder).unwrap();
        drop(pair.slave);
        let over = Arc::new(AtomicBool::new(false));
        // Reading has no limit of its own: whoever waits in vain is woken by the client's end.
        let (mut killer, its) = (child.clone_killer(), Arc::clone(&over));
        std::thread::spawn(move || {
            let begun = Instant::now();
            while begun.elapsed() < LIMIT && !its.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_secs(1));
            }
            if !its.load(Ordering::Relaxed) {
                let _ = killer.kill();
            }
        });
        Self {
            writer: pair.master.take_writer().unwrap(),
            reader: pair.master.try_clone_reader().unwrap(),
            child,
            over,
            _master: pair.master,
        }
    }

    fn types(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
    }

    /// Reads until this was written.
    fn see(&mut self, words: &str) {
        let words = words.as_bytes();
        let mut buffer = vec![0; 64 * 1024];
        let mut kept = 0;
        loop {
            let read = self.reader.read(&mut buffer[kept..]).unwrap_or(0);
            assert!(read > 0, "the attached client ended, or took too long");
            let filled = kept + read;
            if buffer[..filled]
                .windows(words.len())
                .any(|own| own == words)
            {
                return;
            }
            // What stands at the end may be the beginning of it.
            let begin = filled.saturating_sub(words.len() - 1);
            buffer.copy_within(begin..filled, 0);
            kept = filled - begin;
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our own.
struct Ours {
    home: Home,
    started: Vec<String>,
}

impl Ours {
    fn new() -> Self {
        let home = Home::new(super::PROGRAM).unwrap();
        home.ok(["daemon", "start"]).unwrap();
        Self {
            home,
            started: Vec::new(),
        }
    }

    fn list(&self) -> Vec<serde_json::Value> {
        let listed = self.home.ok(["terminals", "list", "--json"]).unwrap();
        let rows = listed.lines().map(serde_json::from_str);
        rows.map(Result::unwrap).collect()
    }
}

impl Shows for Ours {
    fn start(&mut self, line: &str) {
        let words = ["terminals", "new", "--json", "--", "/bin/sh", "-c", line];
        let opened = self.home.ok(words).unwrap();
        let opened: serde_json::Value = serde_json::from_str(opened.trim()).unwrap();
        self.started.push(opened["id"].as_str().unwrap().to_owned());
    }

    fn attach(&self) -> Command {
        let id = self.started.last().unwrap();
        self.home.command(["terminals", "attach", id])
    }

    fn end(&mut self) {
        let id = self.started.pop().unwrap();
        self.home
            .ok(["terminals", "kill", &id, "--remove"])
            .unwrap();
    }

    fn memory(&self) -> f64 {
        let mut all = field(daemon(&self.home), "smaps_rollup", "Pss:");
        for row in self.list() {
            let pid = row["terminal"]["state"]["pid"].as_u64().unwrap();
            let holder = field(u32::try_from(pid).unwrap(), "status", "PPid:");
            all += field(holder as u32, "smaps_rollup", "Pss:");
        }
        all
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.home.run(["daemon", "stop", "--terminals"]);
    }
}

fn daemon(home: &Home) -> u32 {
    let status = home.ok(["daemon", "status", "--json"]).unwrap();
    let status: serde_json::Value = serde_json::from_str(status.trim()).unwrap();
    u32::try_from(status["pid"].as_u64().unwrap()).unwrap()
}

/// The other one, with a server of its own.
struct Tmux {
    socket: PathBuf,
    started: usize,
}

impl Tmux {
    fn is_missing() -> bool {
        let asked = Command::new("tmux")
            .arg("-V")
            .stdout(Stdio::null())
            .status();
        !asked.is_ok_and(|status| status.success())
    }

    fn new(folder: &Path) -> Self {
        Self {
            socket: folder.join("tmux.sock"),
            started: 0,
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        // No configuration, no status of the user's other servers.
        command.args(["-u", "-f", "/dev/null", "-S"]);
        command.arg(&self.socket).args(words).env_clear();
        for name in ["PATH", "HOME"] {
            command.env(name, std::env::var_os(name).unwrap_or_default());
        }
        command.env("LANG", "C.UTF-8").env("SHELL", "/bin/sh");
        command
    }

    fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Shows for Tmux {
    fn start(&mut self, line: &str) {
        match self.started {
            0 => self.run(&["new-session", "-d", "-x", "160", "-y", "50", line]),
            _ => self.run(&["new-window", line]),
        };
        self.started += 1;
    }

    fn attach(&self) -> Command {
        self.command(&["attach"])
    }

    fn end(&mut self) {
        self.run(&["kill-window"]);
        self.started -= 1;
    }

    fn memory(&self) -> f64 {
        let pid = self.run(&["display-message", "-p", "#{pid}"]);
        field(pid.trim().parse().unwrap(), "smaps_rollup", "Pss:")
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}
