//! Links that a terminal can follow (OSC 8).
//!
//! A cell has no place for a target, so text that is a link carries its number in the colour of its
//! underline, through wrapping and cutting, and the writer of frames puts the target around it. That
//! colour never reaches the terminal. Owns which targets may be links at all; that a link never
//! hides its target is for whoever lays it out.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Cell;
use ratatui::style::{Color, Style};

/// The most targets; text beyond is no link.
const TARGETS: usize = 0xFFFF;

/// The longest target, in bytes; terminals take some 2,000.
const LONGEST: usize = 2_000;

/// The targets of links, by their number. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links(Rc<RefCell<Targets>>);

#[derive(Debug, Default)]
struct Targets {
    urls: Vec<Rc<str>>,
    numbers: HashMap<Rc<str>, usize>,
    /// True where the terminal knows links.
    spoken: bool,
}

impl Links {
    /// Returns an empty table; the environment says whether the terminal knows links.
    pub(crate) fn look() -> Self {
        let links = Self::default();
        links.0.borrow_mut().spoken = known(|name| std::env::var(name).ok());
        links
    }

    /// Returns the style of text that leads to this target; the same where it may not be a link.
    pub(crate) fn style(&self, style: Style, url: &str) -> Style {
        match self.number(url) {
            Some(number) => {
                let [_, high, middle, low] = u32::try_from(number + 1).unwrap_or(0).to_be_bytes();
                style.underline_color(Color::Rgb(high, middle, low))
            }
            None => style,
        }
    }

    fn number(&self, url: &str) -> Option<usize> {
        if !is_fit(url) {
            return None;
        }
        let mut targets = self.0.borrow_mut();
        if let Some(number) = targets.numbers.get(url) {
            return Some(*number);
        }
        let number = targets.urls.len();
        if number >= TARGETS {
            return None;
        }
        let url: Rc<str> = url.into();
        targets.urls.push(Rc::clone(&url));
        targets.numbers.insert(url, number);
        Some(number)
    }

    fn target(&self, cell: &Cell) -> Option<(u32, Rc<str>)> {
        let Color::Rgb(high, middle, low) = cell.underline_color else {
            return None;
        };
        let number = u32::from_be_bytes([0, high, middle, low]);
        let targets = self.0.borrow();
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        let url = targets.urls.get(at).filter(|_| targets.spoken)?;
        Some((number, Rc::clone(url)))
    }

    /// Writes cells, those of links between their target and its end.
    pub(crate) fn write(&self, out: &mut Vec<u8>, cells: &[(u16, u16, &Cell)]) -> io::Result<()> {
        let same = |one: &Cell, other: &Cell| one.underline_color == other.underline_color;
        for run in cells.chunk_by(|(_, _, one), (_, _, other)| same(one, other)) {
            let target = run.first().and_then(|(_, _, cell)| self.target(cell));
            if let Some((number, url)) = &target {
                write!(out, "\x1b]8;id=s{number};{url}\x1b\\")?;
            }
            draw(out, run)?;
            if target.is_some() {
                out.write_all(b"\x1b]8;;\x1b\\")?;
            }
        }
        Ok(())
    }
}

/// Writes cells without the numbers that they carry.
fn draw(out: &mut Vec<u8>, run: &[(u16, u16, &Cell)]) -> io::Result<()> {
    let carries = |(_, _, cell): &&(u16, u16, &Cell)| cell.underline_color != Color::Reset;
    if run.first().filter(carries).is_none() {
        return CrosstermBackend::new(out).draw(run.iter().copied());
    }
    let plain = |(x, y, cell): &(u16, u16, &Cell)| {
        let mut cell = Cell::clone(cell);
        cell.underline_color = Color::Reset;
        (*x, *y, cell)
    };
    let plain: Vec<(u16, u16, Cell)> = run.iter().map(plain).collect();
    let cells = plain.iter().map(|(x, y, cell)| (*x, *y, cell));
    CrosstermBackend::new(out).draw(cells)
}

/// Returns true for targets that a person may be led to: of the web or the mail, and all in
/// characters that end nothing and hide nothing.
fn is_fit(url: &str) -> bool {
    let known = ["https://", "http://", "mailto:"];
    known.iter().any(|scheme| url.starts_with(scheme))
        && url.len() <= LONGEST
        && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns true where words say by themselves where a link leads.
pub(crate) fn agree(words: &str, url: &str) -> bool {
    fn bare(text: &str) -> &str {
        let text = text.trim();
        let schemes = ["https://", "http://", "mailto:"];
        let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
        rest.unwrap_or(text).trim_end_matches('/')
    }
    !words.trim().is_empty() && bare(words) == bare(url)
}

/// Returns true where the terminal is known to know links.
fn known(var: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
    let value = |name: &str| var(name).unwrap_or_default();
    if let Some(forced) = var("FORCE_HYPERLINK") {
        return !matches!(forced.as_str(), "" | "0" | "false");
    }
    let version = |name: &str| -> (u32, u32) {
        let value = value(name);
        let mut parts = value.split(|c: char| !c.is_ascii_digit());
        let mut next = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
        (next(), next())
    };
    let (program, term) = (value("TERM_PROGRAM"), value("TERM"));
    match program.as_str() {
        "tmux" => return version("TERM_PROGRAM_VERSION") >= (3, 4),
        "Apple_Terminal" => return false,
        "iTerm.app" | "WezTerm" | "ghostty" | "vscode" | "rio" | "Hyper" => return true,
        _ => {}
    }
    if set("TMUX") || set("STY") {
        return false;
    }
    let terms = [
        "xterm-kitty",
        "xterm-ghostty",
        "foot",
        "alacritty",
        "contour",
        "wezterm",
    ];
    let vte = value("VTE_VERSION").parse::<u32>().unwrap_or(0);
    terms.iter().any(|own| term.starts_with(own))
        || vte >= 5_000
        || set("WT_SESSION")
        || set("KONSOLE_VERSION")
        || set("KITTY_WINDOW_ID")
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;

    fn written(spoken: bool, url: &str) -> String {
        let links = Links::default();
        links.0.borrow_mut().spoken = spoken;
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 1));
        buf.set_string(0, 0, "go ", Style::new());
        buf.set_string(3, 0, "here", links.style(Style::new(), url));
        let empty = Buffer::empty(Rect::new(0, 0, 8, 1));
        let mut out = Vec::new();
        links.write(&mut out, &empty.diff(&buf)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_link_stands_between_its_target_and_the_end() {
        let shown = written(true, "https://x.org/a");
        let (before, rest) = shown
            .split_once("\x1b]8;id=s1;https://x.org/a\x1b\\")
            .unwrap();
        let (inside, after) = rest.split_once("\x1b]8;;\x1b\\").unwrap();
        assert!(
            before.contains("go") && inside.contains("here"),
            "{shown:?}"
        );
        assert!(!after.contains("here"), "{shown:?}");
        assert!(
            !shown.contains("\x1b[58"),
            "no colour of an underline: {shown:?}"
        );
    }

    #[test]
    fn a_terminal_that_knows_no_links_gets_the_words_alone() {
        let shown = written(false, "https://x.org/a");
        assert!(
            shown.contains("here") && !shown.contains("]8;"),
            "{shown:?}"
        );
    }

    #[test]
    fn what_could_end_the_sequence_or_run_something_is_no_link() {
        for url in [
            "https://x.org/\x1b\\",
            "https://x.org/\u{7}",
            "https://x.org/a b",
            "https://x.org/ü",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!written(true, url).contains("]8;"), "{url:?}");
        }
    }

    #[test]
    fn words_agree_with_a_target_only_where_they_say_it() {
        assert!(agree("https://x.org/", "https://x.org"));
        assert!(agree("x.org/a", "https://x.org/a"));
        assert!(agree("me@x.org", "mailto:me@x.org"));
        assert!(!agree("https://good.org", "https://evil.org"));
        assert!(!agree("good.org", "https://good.org.evil.org"));
        assert!(!agree("here", "https://x.org"));
        assert!(!agree("", "https://"));
    }

    #[test]
    fn terminals_that_know_links_are_known() {
        let with = |set: &'static [(&'static str, &'static str)]| {
            known(move |name| {
                let own = set.iter().find(|(own, _)| *own == name);
                own.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("TERM", "xterm-kitty")]));
        assert!(with(&[("TERM", "xterm-256color"), ("VTE_VERSION", "6800")]));
        assert!(with(&[
            ("TERM_PROGRAM", "tmux"),
            ("TERM_PROGRAM_VERSION", "3.4a"),
            ("TMUX", "x")
        ]));
        assert!(!with(&[
            ("TERM_PROGRAM", "tmux"),
            ("TERM_PROGRAM_VERSION", "3.3a"),
            ("TMUX", "x")
        ]));
        assert!(!with(&[("TERM", "xterm-kitty"), ("STY", "1")]));
        assert!(!with(&[("TERM", "linux")]));
        assert!(with(&[("TERM", "linux"), ("FORCE_HYPERLINK", "1")]));
        assert!(!with(&[("TERM", "foot"), ("FORCE_HYPERLINK", "0")]));
    }
}
