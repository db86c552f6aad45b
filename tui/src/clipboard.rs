//! Copying: where a text goes so that a person can paste it, and what is said about it.
//!
//! Owns the choice, which is pure, and the three ways: the terminal is asked (OSC 52), a tool of
//! the desktop gets it, or it becomes a file. A terminal never answers, so nothing here says
//! "copied" of it. Does not choose what is copied.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The longest text that goes through the terminal, in bytes. Terminals drop longer sequences
/// without a word: 100,000 bytes of base64 is what the strictest of the common ones takes.
const TERMINAL: usize = 74_000;

/// How many bytes of a sequence `screen` takes in one string.
const SCREEN: usize = 240;

/// How long a tool has to take the text.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something to copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// What it is, for the person: "the message", "the code".
    pub(crate) what: String,
    pub(crate) text: String,
}

/// What sits between this program and the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wrap {
    #[default]
    Plain,
    Tmux,
    Screen,
}

/// What is known of the place that the console runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    pub(crate) wrap: Wrap,
    /// True where the terminal is known not to listen to OSC 52.
    pub(crate) deaf: bool,
    /// The tools that could reach the person's own desktop, best first.
    pub(crate) tools: Vec<&'static Tool>,
}

/// A program that puts its input on a desktop's clipboard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    args: &'static [&'static str],
}

const WL_COPY: Tool = Tool {
    name: "wl-copy",
    args: &[],
};
const XCLIP: Tool = Tool {
    name: "xclip",
    args: &["-selection", "clipboard"],
};
const PBCOPY: Tool = Tool {
    name: "pbcopy",
    args: &[],
};

/// Where a text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the terminal, as these bytes.
    Terminal(Vec<u8>),
    /// To this tool.
    Tool(&'static Tool),
    /// Into a file.
    File,
}

impl Surroundings {
    /// Looks at the environment, and for the tools that are there.
    pub(crate) fn look() -> Self {
        Self::of(|name| std::env::var(name).ok(), is_there)
    }

    fn of(var: impl Fn(&str) -> Option<String>, there: impl Fn(&str) -> bool) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        let is = |name: &str, value: &str| var(name).is_some_and(|own| own == value);
        let term = var("TERM").unwrap_or_default();
        let wrap = if set("TMUX") {
            Wrap::Tmux
        } else if set("STY") || term.starts_with("screen") {
            Wrap::Screen
        } else {
            Wrap::Plain
        };
        let deaf = term == "linux" || is("TERM_PROGRAM", "Apple_Terminal") || set("VTE_VERSION");
        let far = set("SSH_CONNECTION") || set("SSH_TTY");
        // A display that is named reaches the person also from afar; a Mac's own board does not.
        let wishes = [
            (&WL_COPY, set("WAYLAND_DISPLAY")),
            (&XCLIP, set("DISPLAY")),
            (&PBCOPY, cfg!(target_os = "macos") && !far),
        ];
        let tools = wishes
            .into_iter()
            .filter(|(tool, sense)| *sense && there(tool.name))
            .map(|(tool, _)| tool)
            .collect();
        Self { wrap, deaf, tools }
    }

    /// Returns where a text goes: to the terminal where it listens and the text is not too long,
    /// else to a tool, else into a file.
    pub(crate) fn way(&self, text: &str) -> Way {
        if !self.deaf && text.len() <= TERMINAL {
            return Way::Terminal(sequence(text, self.wrap));
        }
        self.tools.first().map_or(Way::File, |tool| Way::Tool(tool))
    }
}

/// Returns the bytes that ask a terminal to put a text on the clipboard.
pub(crate) fn sequence(text: &str, wrap: Wrap) -> Vec<u8> {
    let code = base64(text.as_bytes());
    match wrap {
        Wrap::Plain => format!("\x1b]52;c;{code}\x1b\\").into_bytes(),
        // Through tmux to the terminal around it, and to tmux itself, which listens where it does
        // not let through.
        Wrap::Tmux => {
            format!("\x1bPtmux;\x1b\x1b]52;c;{code}\x1b\x1b\\\x1b\\\x1b]52;c;{code}\x1b\\")
                .into_bytes()
        }
        Wrap::Screen => {
            let whole = format!("\x1b]52;c;{code}\x07");
            let mut bytes = Vec::with_capacity(whole.len() + whole.len() / SCREEN * 4 + 8);
            for piece in whole.as_bytes().chunks(SCREEN) {
                bytes.extend(b"\x1bP");
                bytes.extend(piece);
                bytes.extend(b"\x1b\\");
            }
            bytes
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: [char; 64] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R',
        'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j',
        'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '0', '1',
        '2', '3', '4', '5', '6', '7', '8', '9', '+', '/',
    ];
    let mut code = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let six = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap_or(0);
            code.push(match LETTERS.get(six) {
                Some(letter) if at <= three.len() => *letter,
                _ => '=',
            });
        }
    }
    code
}

/// Says that the terminal was asked; whether it listened, nobody knows.
pub(crate) fn sent(copy: &Copy) -> String {
    format!("{}: sent to the terminal", copy.what)
}

/// Sends a text on its way, and says in words where it went. What fails gives way to the next.
///
/// # Errors
/// Where it could not even be written to a file; the words name the folder.
pub(crate) async fn carry(
    copy: Copy,
    around: Surroundings,
    folder: PathBuf,
) -> Result<String, String> {
    let Copy { what, text } = copy;
    for tool in &around.tools {
        if give(tool, &text).await.is_ok() {
            return Ok(format!("{what}: copied with {}", tool.name));
        }
    }
    match write_down(&folder, &text) {
        Ok(path) => Ok(format!("{what}: written to {}", path.display())),
        Err(err) => Err(format!(
            "{what} could not be copied: no tool took it, and {} cannot be written: {err}",
            folder.display()
        )),
    }
}

async fn give(tool: &Tool, text: &str) -> io::Result<()> {
    let mut child = Command::new(tool.name)
        .args(tool.args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let given = async {
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(text.as_bytes()).await?;
        }
        let status = child.wait().await?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("{} failed: {status}", tool.name)))
        }
    };
    tokio::time::timeout(PATIENCE, given)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Writes a text to `copied.txt` in this folder; what was copied before it gives way.
fn write_down(folder: &Path, text: &str) -> io::Result<PathBuf> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let path = folder.join("copied.txt");
    match std::fs::remove_file(&path) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}

pub(crate) fn is_there(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn around(set: &[(&str, &str)], there: &[&str]) -> Surroundings {
        let var = |name: &str| {
            let own = set.iter().find(|(own, _)| *own == name);
            own.map(|(_, value)| (*value).to_owned())
        };
        Surroundings::of(var, |program| there.contains(&program))
    }

    #[test]
    fn the_bytes_for_a_terminal_for_tmux_and_for_screen() {
        assert_eq!(sequence("hi", Wrap::Plain), b"\x1b]52;c;aGk=\x1b\\");
        assert_eq!(
            sequence("hi", Wrap::Tmux),
            b"\x1bPtmux;\x1b\x1b]52;c;aGk=\x1b\x1b\\\x1b\\\x1b]52;c;aGk=\x1b\\"
        );
        assert_eq!(
            sequence("hi", Wrap::Screen),
            b"\x1bP\x1b]52;c;aGk=\x07\x1b\\"
        );
    }

    #[test]
    fn screen_gets_a_long_text_in_strings_that_it_takes() {
        let bytes = sequence(&"x".repeat(1_000), Wrap::Screen);
        let text = String::from_utf8(bytes).unwrap();
        let pieces: Vec<&str> = text
            .split_terminator("\x1b\\")
            .map(|piece| piece.strip_prefix("\x1bP").unwrap())
            .collect();
        assert!(pieces.iter().all(|piece| piece.len() <= SCREEN));
        let whole = pieces.concat();
        assert!(whole.starts_with("\x1b]52;c;eHh4") && whole.ends_with("\x07"));
        assert_eq!(whole.len(), 7 + 1_000_usize.div_ceil(3) * 4 + 1);
    }

    #[test]
    fn base64_as_everybody_writes_it() {
        for (text, code) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("日本", "5pel5pys"),
        ] {
            assert_eq!(base64(text.as_bytes()), code, "{text}");
        }
    }

    #[test]
    fn a_terminal_that_listens_gets_it_and_a_text_too_long_takes_another_way() {
        let plain = around(&[("TERM", "xterm-256color")], &["wl-copy"]);
        assert_eq!(plain.way("hi"), Way::Terminal(sequence("hi", Wrap::Plain)));
        assert_eq!(plain.way(&"x".repeat(TERMINAL + 1)), Way::File);
        let desk = around(
            &[("TERM", "foot"), ("WAYLAND_DISPLAY", "wayland-0")],
            &["wl-copy"],
        );
        assert_eq!(desk.way(&"x".repeat(TERMINAL + 1)), Way::Tool(&WL_COPY));
    }

    #[test]
    fn a_terminal_that_is_deaf_is_not_asked() {
        let console = around(&[("TERM", "linux")], &["xclip", "wl-copy"]);
        assert_eq!(console.way("hi"), Way::File, "no desktop is near");
        let desk = around(
            &[
                ("TERM", "xterm-256color"),
                ("VTE_VERSION", "7600"),
                ("DISPLAY", ":0"),
            ],
            &["xclip"],
        );
        assert_eq!(desk.way("hi"), Way::Tool(&XCLIP));
        let without = around(&[("VTE_VERSION", "7600"), ("DISPLAY", ":0")], &[]);
        assert_eq!(without.way("hi"), Way::File);
    }

    #[test]
    fn what_sits_between_is_recognised() {
        assert_eq!(around(&[("TMUX", "/tmp/t,1,0")], &[]).wrap, Wrap::Tmux);
        assert_eq!(around(&[("STY", "1.pts")], &[]).wrap, Wrap::Screen);
        assert_eq!(
            around(&[("TERM", "screen-256color"), ("TMUX", "x")], &[]).wrap,
            Wrap::Tmux
        );
        assert_eq!(around(&[("TERM", "xterm")], &[]).wrap, Wrap::Plain);
    }

    #[tokio::test]
    async fn without_any_tool_it_is_a_file_that_nobody_else_reads() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data");
        let copy = Copy {
            what: "the code".into(),
            text: "let x = 1;".into(),
        };
        let words = carry(copy, Surroundings::default(), folder.clone()).await;
        let path = folder.join("copied.txt");
        assert_eq!(
            words,
            Ok(format!("the code: written to {}", path.display()))
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "let x = 1;");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    proptest! {
        #[test]
        fn no_text_can_end_its_own_sequence(text in any::<String>()) {
            let bytes = sequence(&text, Wrap::Plain);
            let inside = &bytes[7..bytes.len() - 2];
            prop_assert!(inside.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b)));
        }
    }
}
