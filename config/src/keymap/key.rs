//! Keys: what they are called, in the config file and on the screen.
//!
//! Knows no terminal: who reads one makes a [`Key`] of what it sends.

use std::fmt;

use smartopol_protocol::suggest::nearest;

use crate::check::shown;

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// One that writes this letter, sign or space.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// The tabulator.
    Tab,
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Deletes what is before the cursor.
    Backspace,
    /// Deletes what is after the cursor.
    Delete,
    /// Insert.
    Insert,
    /// A function key.
    F(u8),
}

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    code: Code,
    ctrl: bool,
    alt: bool,
    shift: bool,
}

/// A key, or two that are pressed one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    /// The first key.
    pub first: Key,
    /// The key after it, where there are two.
    pub then: Option<Key>,
}

/// The names of keys: in the config file in any case, on the screen as they stand here.
const NAMES: &[(&str, Code)] = &[
    ("space", Code::Char(' ')),
    ("Enter", Code::Enter),
    ("Esc", Code::Esc),
    ("Tab", Code::Tab),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("Home", Code::Home),
    ("End", Code::End),
    ("PgUp", Code::PageUp),
    ("PgDn", Code::PageDown),
    ("Backspace", Code::Backspace),
    ("Del", Code::Delete),
    ("Ins", Code::Insert),
];

/// Other names that people write.
const ALIASES: &[(&str, Code)] = &[
    ("return", Code::Enter),
    ("escape", Code::Esc),
    ("page_up", Code::PageUp),
    ("pageup", Code::PageUp),
    ("page_down", Code::PageDown),
    ("pagedown", Code::PageDown),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("minus", Code::Char('-')),
];

impl Key {
    /// Returns a key. Letters carry their own case, and with ctrl they have none.
    pub const fn new(code: Code, ctrl: bool, alt: bool, shift: bool) -> Self {
        match code {
            Code::Char(letter) => {
                let letter = if ctrl {
                    letter.to_ascii_lowercase()
                } else {
                    letter
                };
                Self {
                    code: Code::Char(letter),
                    ctrl,
                    alt,
                    shift: false,
                }
            }
            code => Self {
                code,
                ctrl,
                alt,
                shift,
            },
        }
    }

    /// Returns true where pressing it in a line of text writes a letter.
    pub const fn is_letter(self) -> bool {
        matches!(self.code, Code::Char(_)) && !self.ctrl && !self.alt
    }

    fn parse(text: &str) -> Result<Self, String> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        while let Some((held, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty())
        {
            match held.to_ascii_lowercase().as_str() {
                "ctrl" | "c" => ctrl = true,
                "alt" | "a" | "meta" | "m" => alt = true,
                "shift" | "s" => shift = true,
                _ => break,
            }
            rest = after;
        }
        let mut letters = rest.chars();
        let code = match (letters.next(), letters.next()) {
            (Some(letter), None) if !letter.is_control() => Code::Char(letter),
            _ => named(rest).ok_or_else(|| unknown(text, rest))?,
        };
        if shift && let Code::Char(letter) = code {
            let upper = letter.to_uppercase();
            return Err(format!(
                "is no key of a terminal: with shift a letter is another one, such as `{upper}`"
            ));
        }
        let key = Self::new(code, ctrl, alt, shift);
        match (ctrl, code) {
            (true, Code::Char('m' | 'M')) => Err(same("Enter")),
            (true, Code::Char('i' | 'I')) => Err(same("Tab")),
            (true, Code::Char('[')) => Err(same("Esc")),
            _ => Ok(key),
        }
    }
}

fn same(name: &str) -> String {
    format!("is the same as `{name}` in most terminals: write that")
}

fn named(text: &str) -> Option<Code> {
    let is = |(name, _): &&(&str, Code)| name.eq_ignore_ascii_case(text);
    let named = NAMES.iter().chain(ALIASES).find(is).map(|(_, code)| *code);
    named.or_else(|| {
        let number = text.strip_prefix(['f', 'F'])?.parse().ok()?;
        (1..=24).contains(&number).then_some(Code::F(number))
    })
}

fn unknown(text: &str, rest: &str) -> String {
    let names = NAMES.iter().map(|(name, _)| *name);
    // `ctl-x` is a wrong word before a right key; all else a wrong name.
    let held = text.split_once('-').map(|(held, _)| held.to_lowercase());
    if let Some(near) = held.and_then(|held| nearest(&held, ["ctrl", "alt", "shift"].into_iter()))
        && let Some((_, key)) = text.split_once('-')
        && !text.to_lowercase().starts_with(&format!("{near}-"))
    {
        return format!("is no key; did you mean `{near}-{}`?", shown(key));
    }
    match nearest(rest, names) {
        Some(near) => {
            let before = text.strip_suffix(rest).unwrap_or_default();
            format!("is no key; did you mean `{before}{near}`?")
        }
        None => "is no key: a key is like `x`, `ctrl-x`, `alt-enter`, `pgup`, `f2`, and two \
                 after each other are like `g g`"
            .into(),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [
            (self.ctrl, "ctrl-"),
            (self.alt, "alt-"),
            (self.shift, "shift-"),
        ] {
            if held {
                f.write_str(name)?;
            }
        }
        match self.code {
            Code::F(number) => write!(f, "F{number}"),
            code => match (NAMES.iter().find(|(_, own)| *own == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, Code::Char(letter)) => write!(f, "{letter}"),
                (None, _) => Ok(()),
            },
        }
    }
}

impl Chord {
    /// Understands a key or two as a person writes them: `ctrl-x`, `g g`.
    ///
    /// # Errors
    /// Says what is wrong with the text, to be put after it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = text.split_whitespace();
        let first = keys.next().ok_or("names no key")?;
        let then = keys.next();
        if keys.next().is_some() {
            return Err("is more than two keys".into());
        }
        Ok(Self {
            first: Key::parse(first)?,
            then: then.map(Key::parse).transpose()?,
        })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.then {
            Some(then) => write!(f, "{} {then}", self.first),
            None => self.first.fmt(f),
        }
    }
}

/// The test of a key in the config file.
pub(crate) fn test(text: &str) -> Result<(), String> {
    Chord::parse(text).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood_and_told_again() {
        for (written, name) in [
            ("x", "x"),
            ("X", "X"),
            ("ctrl-X", "ctrl-x"),
            ("Ctrl-Alt-Del", "ctrl-alt-Del"),
            ("c-x c-s", "ctrl-x ctrl-s"),
            ("shift-tab", "shift-Tab"),
            ("page_up", "PgUp"),
            ("f12", "F12"),
            ("space", "space"),
            ("-", "-"),
            ("ctrl--", "ctrl--"),
            ("alt-<", "alt-<"),
            ("g  g", "g g"),
            ("ü", "ü"),
        ] {
            let chord = Chord::parse(written).unwrap();
            assert_eq!(chord.to_string(), name);
            assert_eq!(Chord::parse(name), Ok(chord), "{name}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_with_what_was_meant() {
        for (written, told) in [
            ("", "names no key"),
            ("g g g", "is more than two keys"),
            ("ctl-x", "is no key; did you mean `ctrl-x`?"),
            ("ctrl-entr", "is no key; did you mean `ctrl-Enter`?"),
            ("f99", "is no key: a key is like"),
            ("hyper-x", "is no key: a key is like"),
            ("ctrl-i", "is the same as `Tab`"),
            ("shift-n", "such as `N`"),
        ] {
            let why = Chord::parse(written).unwrap_err();
            assert!(why.contains(told), "{written}: {why}");
        }
    }
}
