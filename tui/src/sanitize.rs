//! Foreign text made fit for a terminal: nothing in it is obeyed, nothing in it hides.
//!
//! Owns which characters act on a terminal or on the reader's eye, and what stands in their
//! place: pictures for control characters, `⟨U+…⟩` for what cannot be seen or turns text around.
//! Does not cut or wrap; widths are the caller's.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns names, paths and commands as one line: line breaks, tabs and spaces that are none to a
/// shell become visible too.
pub fn line(text: &str) -> Cow<'_, str> {
    shown(text, Breaks::Shown, Spaces::Shown)
}

/// Returns what runs or is written, exactly: with its line breaks and tabs; spaces that are none to
/// a shell become visible.
pub fn exact(text: &str) -> Cow<'_, str> {
    shown(text, Breaks::Kept, Spaces::Shown)
}

/// Returns prose as one line: people write with wide spaces.
pub fn sentence(text: &str) -> Cow<'_, str> {
    shown(text, Breaks::Shown, Spaces::Kept)
}

/// Returns prose, with its line breaks and tabs.
pub fn text(text: &str) -> Cow<'_, str> {
    shown(text, Breaks::Kept, Spaces::Kept)
}

/// Makes text fit that comes in pieces, as [`text`] would the whole.
#[derive(Debug, Default)]
pub struct Stream {
    before: char,
    /// A carriage return that may be half of a line break.
    held: bool,
}

impl Stream {
    /// Returns the next piece, fit to be shown.
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::with_capacity(piece.len());
        for c in piece.chars() {
            if std::mem::take(&mut self.held) && c != '\n' {
                push_visible(&mut out, '\r');
            }
            match c {
                '\r' => self.held = true,
                c if acts(self.before, c, Breaks::Kept, Spaces::Kept) => push_visible(&mut out, c),
                c => out.push(c),
            }
            self.before = c;
        }
        out
    }
}

/// Returns a program's output: as [`text`], but what only sets colours is left out.
pub fn output(raw: &str) -> Cow<'_, str> {
    if !raw.contains("\u{1b}[") {
        return text(raw);
    }
    let mut pieces = raw.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'));
        match end.and_then(|end| piece.get(end..)?.strip_prefix('m')) {
            Some(rest) => plain.push_str(rest),
            None => {
                plain.push_str("\u{1b}[");
                plain.push_str(piece);
            }
        }
    }
    Cow::Owned(text(&plain).into_owned())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Kept,
    Shown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spaces {
    Kept,
    Shown,
}

fn shown(text: &str, breaks: Breaks, spaces: Spaces) -> Cow<'_, str> {
    let mut before = '\0';
    let first = text.char_indices().find(|(_, c)| {
        let acts = acts(before, *c, breaks, spaces);
        before = *c;
        acts
    });
    let Some((start, _)) = first else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(start);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(clean);
    before = clean.chars().next_back().unwrap_or('\0');
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {} // A line break of another system.
            c if acts(before, c, breaks, spaces) => push_visible(&mut out, c),
            c => out.push(c),
        }
        before = c;
    }
    Cow::Owned(out)
}

/// Returns true for a character that acts on nothing, hides nothing and joins nothing.
pub(crate) fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
        || !(c.is_control()
            || hides(c)
            || matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}'))
}

/// Returns true for what is told by its number where a text is quoted as it is: it acts on a
/// terminal, turns text around or is not seen.
pub(crate) fn is_told_by_number(c: char) -> bool {
    c.is_control() || hides(c)
}

/// Returns true where `c` must not reach the terminal as it is.
fn acts(before: char, c: char, breaks: Breaks, spaces: Spaces) -> bool {
    match c {
        '\n' | '\t' => breaks == Breaks::Shown,
        ' '..='~' => false,
        '\u{200C}' | '\u{200D}' => !joins(before),
        '\u{FE00}'..='\u{FE0F}' => !varies(before),
        c if is_wide_space(c) => spaces == Spaces::Shown,
        _ => c.is_control() || hides(c),
    }
}

/// Returns true where a joiner after `before` is part of how people write: in emoji, and in
/// scripts whose letters join.
fn joins(before: char) -> bool {
    matches!(before,
        '\u{0600}'..='\u{0DFF}' | '\u{2190}'..='\u{2BFF}' | '\u{FE0F}'
        | '\u{1F000}'..='\u{1FAFF}')
}

/// Returns true where a variation of `before` may be meant: a sign, a keycap.
const fn varies(before: char) -> bool {
    match before {
        '0'..='9' | '#' | '*' => true,
        '\u{FE00}'..='\u{FE0F}' => false,
        before => before as u32 >= 0xA9,
    }
}

/// Returns true for what looks like a space, and is a letter to a shell.
const fn is_wide_space(c: char) -> bool {
    matches!(
        c,
        '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{2800}' | '\u{3000}'
    )
}

/// Returns true for characters that turn text around or that nobody sees.
const fn hides(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push('⏎'),
        '\0'..='\u{1F}' => out.extend(char::from_u32(0x2400 + c as u32)),
        '\u{7F}' => out.push('␡'),
        _ => {
            let _ = write!(out, "⟨U+{:04X}⟩", c as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn good_text_is_not_touched() {
        for good in [
            "",
            "ls -la | grep 'x'",
            "Grüße, 日本語, العربية, שלום",
            "👩‍👩‍👧 ❤️ 👍🏽 🇩🇪",
            "می‌خواهم",
            "क्‍ष",
            "e\u{301}",
            "1\u{fe0f}\u{20e3} \u{a9}\u{fe0f}",
        ] {
            assert!(matches!(line(good), Cow::Borrowed(_)), "{good:?}");
            assert!(matches!(text(good), Cow::Borrowed(_)), "{good:?}");
        }
        assert!(matches!(text("a\n\tb"), Cow::Borrowed("a\n\tb")));
    }

    #[test]
    fn what_a_terminal_obeys_becomes_visible() {
        assert_eq!(line("\x1b[31mred\x1b[0m"), "␛[31mred␛[0m");
        assert_eq!(line("\x1b]0;title\x07x"), "␛]0;title␇x");
        assert_eq!(line("\u{9b}2J\u{85}"), "⟨U+009B⟩2J⟨U+0085⟩");
        assert_eq!(line("a\rb\x08c\x7f\0"), "a␍b␈c␡␀");
        assert_eq!(line("one\r\ntwo\tthree\n"), "one⏎two␉three⏎");
        assert_eq!(text("one\r\ntwo\tthree\rfour\x1b"), "one\ntwo\tthree␍four␛");
    }

    #[test]
    fn what_hides_or_turns_text_around_becomes_visible() {
        assert_eq!(
            line("rm \u{202e}txt.exe\u{2066}"),
            "rm ⟨U+202E⟩txt.exe⟨U+2066⟩"
        );
        assert_eq!(line("pay\u{200b}pal\u{feff}"), "pay⟨U+200B⟩pal⟨U+FEFF⟩");
        assert_eq!(line("a\u{200d}b\u{200c}"), "a⟨U+200D⟩b⟨U+200C⟩");
        assert_eq!(line("x\u{e0041}\u{2028}"), "x⟨U+E0041⟩⟨U+2028⟩");
        assert_eq!(text("x\u{3164}y\u{ad}"), "x⟨U+3164⟩y⟨U+00AD⟩");
    }

    #[test]
    fn spaces_that_are_none_to_a_shell_are_seen_in_commands_and_stay_in_prose() {
        let wide = "rm\u{a0}-rf\u{3000}x\u{2003}y";
        let seen = "rm⟨U+00A0⟩-rf⟨U+3000⟩x⟨U+2003⟩y";
        assert_eq!(line(wide), seen);
        assert_eq!(exact(wide), seen);
        assert_eq!(exact("a\n\tb\u{202f}c"), "a\n\tb⟨U+202F⟩c");
        for prose in ["你好\u{3000}世界", "Bonjour\u{a0}!"] {
            assert!(matches!(text(prose), Cow::Borrowed(_)), "{prose:?}");
            assert!(matches!(sentence(prose), Cow::Borrowed(_)), "{prose:?}");
        }
        assert_eq!(sentence("a\nb"), "a⏎b");
        assert_eq!(text("x\u{fe0f}\u{fe0f}"), "x⟨U+FE0F⟩⟨U+FE0F⟩");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_comes_through(given in any::<String>()) {
            let out = line(&given);
            prop_assert!(!out.chars().any(|c| c.is_control() || hides(c) || is_wide_space(c)));
            prop_assert_eq!(line(&out), out.as_ref());
            let mut stream = Stream::default();
            let pieces: String = given.chars().map(|c| stream.push(&c.to_string())).collect();
            let whole = text(&given);
            prop_assert!(whole == pieces || whole.strip_suffix('␍') == Some(&pieces));
            let out = text(&given);
            prop_assert!(!out.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || hides(c)));
        }
    }
}
