//! Which key does what, where.
//!
//! One table: it dispatches keys, makes the help, and gives the footer its hints.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Everywhere,
    Composer,
    EmptyComposer,
    Conversation,
    Card,
    Sessions,
    Traces,
    Picker,
    Page,
    Line,
    Question,
}

impl Place {
    /// Returns its heading in the help.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Composer | Self::EmptyComposer => "Writing",
            Self::Conversation => "Reading the conversation",
            Self::Card => "Answering an approval",
            Self::Sessions => "Sessions",
            Self::Traces => "Traces",
            Self::Picker => "Choosing a session",
            Self::Page => "In a window",
            Self::Line => "In a line of text",
            Self::Question => "Asked to be sure",
        }
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Help,
    Interrupt,
    Stop,
    Leave,
    NextPane,
    FocusCard,
    Mode,
    PickSession,
    NewSession,
    NextWaiting,
    TraceScreen,
    TracePane,
    Continue,
    FoldAll,
    Withdraw,
    PageUp,
    PageDown,
    Send,
    NewLine,
    Backspace,
    Delete,
    CutWord,
    CutLine,
    CutEnd,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Up,
    Down,
    Back,
    First,
    Last,
    PreviousCard,
    NextCard,
    Open,
    Outcome,
    OnlyTool,
    OnlySession,
    Rename,
    Remove,
    AllowOnce,
    AllowSession,
    AllowAlways,
    Deny,
    DenyNote,
    Yes,
}

/// A key with what is held down beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(KeyCode, KeyModifiers);

impl Key {
    /// Returns its name for people.
    pub(crate) fn name(self) -> String {
        let code = match self.0 {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(letter) => letter.to_string(),
            KeyCode::Enter => "Enter".to_owned(),
            KeyCode::Esc => "Esc".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            KeyCode::BackTab => "shift-Tab".to_owned(),
            KeyCode::Up => "up".to_owned(),
            KeyCode::Down => "down".to_owned(),
            KeyCode::Left => "left".to_owned(),
            KeyCode::Right => "right".to_owned(),
            KeyCode::Home => "Home".to_owned(),
            KeyCode::End => "End".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Backspace => "Backspace".to_owned(),
            KeyCode::Delete => "Del".to_owned(),
            KeyCode::F(number) => format!("F{number}"),
            other => format!("{other:?}"),
        };
        let held = match self.1 {
            held if held.contains(KeyModifiers::CONTROL) => "ctrl-",
            held if held.contains(KeyModifiers::ALT) => "alt-",
            held if held.contains(KeyModifiers::SHIFT) => "shift-",
            _ => "",
        };
        format!("{held}{code}")
    }

    /// Returns the key of an event. Letters carry their own case.
    pub(crate) fn of(event: KeyEvent) -> Self {
        let mut held =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(letter) if held.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(letter.to_ascii_lowercase())
            }
            KeyCode::Tab if held.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            held.remove(KeyModifiers::SHIFT);
        }
        Self(code, held)
    }
}

const fn key(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}

const fn letter(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::NONE)
}

const fn ctrl(letter: char) -> Key {
    Key(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

const fn alt(code: KeyCode) -> Key {
    Key(code, KeyModifiers::ALT)
}

const fn shift(code: KeyCode) -> Key {
    Key(code, KeyModifiers::SHIFT)
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) place: Place,
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    /// What it does, for the help; empty where it goes without saying.
    pub(crate) words: &'static str,
    /// The same in a word or two, for the footer; empty where it is not shown there.
    pub(crate) hint: &'static str,
}

macro_rules! keymap {
    ($($place:ident { $([$($key:expr),+] $action:ident $words:literal $($hint:literal)?;)* })*) => {
        /// The table.
        pub(crate) const KEYMAP: &[Binding] = &[$($(Binding {
            place: Place::$place,
            keys: &[$($key),+],
            action: Action::$action,
            words: $words,
            hint: concat!($($hint)?),
        },)*)*];
    };
}

use KeyCode::{
    BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp,
    Right, Tab, Up,
};

keymap! {
    Composer {
        [key(Enter)] Send "send the message" "send";
        [ctrl('j'), alt(Enter), shift(Enter)] NewLine "begin a new line";
        [key(Up)] Up "by lines, then what you sent before";
        [key(Down)] Down "^";
        [key(Esc)] Interrupt "interrupt the agent";
        [ctrl('b')] Withdraw "take back the newest waiting message";
        [key(Tab)] NextPane "to the approval, or the next pane" "next pane";
        [key(PageUp)] PageUp "scroll the conversation";
        [key(PageDown)] PageDown "^";
        [ctrl('w'), alt(Backspace)] CutWord "cut the word before";
        [ctrl('u')] CutLine "cut to the start of the line";
        [ctrl('k')] CutEnd "cut to the end of the line";
        [key(Backspace), ctrl('h')] Backspace "";
        [key(Delete)] Delete "";
        [key(Left)] Left "";
        [key(Right)] Right "";
        [alt(Left), alt(Char('b')), Key(Left, KeyModifiers::CONTROL)] WordLeft "";
        [alt(Right), alt(Char('f')), Key(Right, KeyModifiers::CONTROL)] WordRight "";
        [key(Home)] LineStart "";
        [key(End), ctrl('e')] LineEnd "";
    }
    EmptyComposer {
        [letter('?')] Help "";
        [key(End)] Last "";
    }
    Card {
        [letter('y')] AllowOnce "allow this call" ;
        [letter('s')] AllowSession "allow calls like it in this session";
        [letter('a')] AllowAlways "allow calls like it always";
        [letter('n')] Deny "deny this call";
        [letter('N')] DenyNote "deny it and tell the agent why";
        [key(Up), letter('k')] Up "scroll a long command";
        [key(Down), letter('j')] Down "^";
        [key(PageUp)] PageUp "";
        [key(PageDown)] PageDown "";
        [key(Tab)] NextPane "";
        [key(Esc)] Back "back to writing, without an answer" "back";
    }
    Conversation {
        [key(Up), letter('k')] Up "scroll by lines" ;
        [key(Down), letter('j')] Down "^";
        [key(PageUp), ctrl('u')] PageUp "scroll by pages";
        [key(PageDown)] PageDown "^";
        [letter('[')] PreviousCard "the card above, the card below" "cards";
        [letter(']')] NextCard "^";
        [key(Enter), letter(' ')] Open "open or fold the card" "open";
        [key(Home), letter('g')] First "to the oldest message";
        [key(End), letter('G')] Last "to the newest, and follow" "newest";
        [letter('c')] Continue "continue a turn that was stopped";
        [key(Tab)] NextPane "" "next pane";
        [letter('q')] Leave "leave; the daemon goes on";
        [key(Esc), letter('i')] Back "back to writing" "write";
        [letter('?')] Help "" "help";
    }
    Traces {
        [key(Up), letter('k')] Up "older, newer" ;
        [key(Down), letter('j')] Down "^";
        [key(PageUp), ctrl('u')] PageUp "";
        [key(PageDown)] PageDown "";
        [key(Home), letter('g')] First "to the oldest";
        [key(End), letter('G')] Last "to the newest, and follow" "follow";
        [key(Enter)] Open "show one whole" "open";
        [letter('f')] Outcome "all, denied, errors" "filter";
        [letter('t')] OnlyTool "only the selected tool; again for all";
        [letter('s')] OnlySession "only this session; again for all";
        [key(Tab)] NextPane "" "next pane";
        [letter('q')] Leave "";
        [key(Esc), letter('i')] Back "back to writing" "back";
        [letter('?')] Help "" "help";
    }
    Sessions {
        [key(Up), letter('k')] Up "";
        [key(Down), letter('j')] Down "";
        [key(Enter)] Open "open the session" "open";
        [letter('n')] NewSession "make a new one" "new";
        [letter('r')] Rename "rename it" "rename";
        [letter('d')] Remove "remove it" "remove";
        [key(Home), letter('g')] First "";
        [key(End), letter('G')] Last "";
        [key(Tab)] NextPane "" "next pane";
        [letter('q')] Leave "";
        [key(Esc), letter('i')] Back "back to writing" "write";
        [letter('?')] Help "" "help";
    }
    Picker {
        [key(Up), ctrl('p')] Up "";
        [key(Down), ctrl('s')] Down "";
        [key(Enter)] Open "open the session" "open";
        [ctrl('n')] NewSession "make a new one" "new";
        [ctrl('r')] Rename "rename it" "rename";
        [ctrl('x')] Remove "remove it" "remove";
        [key(Backspace), ctrl('h')] Backspace "";
        [ctrl('u')] CutLine "";
        [key(Esc), ctrl('c')] Back "close" "close";
    }
    Page {
        [key(Up), letter('k')] Up "scroll" "scroll";
        [key(Down), letter('j')] Down "^";
        [key(PageUp), letter('b')] PageUp "";
        [key(PageDown), letter(' ')] PageDown "";
        [key(Home), letter('g')] First "";
        [key(End), letter('G')] Last "";
        [letter('[')] PreviousCard "";
        [letter(']')] NextCard "";
        [key(Esc), letter('q'), key(Enter), letter('?'), ctrl('c')] Back "close" "close";
    }
    Line {
        [key(Enter)] Send "done" "done";
        [key(Esc), ctrl('c')] Back "close, nothing is done" "cancel";
        [key(Backspace), ctrl('h')] Backspace "";
        [key(Delete)] Delete "";
        [key(Left)] Left "";
        [key(Right)] Right "";
        [key(Home)] LineStart "";
        [key(End)] LineEnd "";
        [ctrl('w')] CutWord "";
        [ctrl('u')] CutLine "";
    }
    Question {
        [letter('y')] Yes "yes" "yes";
        [letter('n'), key(Esc), ctrl('c')] Back "no" "no";
    }
    Everywhere {
        [key(F(1))] Help "these keys; ? too, while nothing is written" "help";
        [ctrl('c')] Stop "interrupt the agent; twice leaves";
        [ctrl('d')] Leave "leave; the daemon and its work go on" "leave";
        [ctrl('a')] FocusCard "to the approval that waits";
        [ctrl('g')] NextWaiting "to the next session that waits for you";
        [key(BackTab), ctrl('o')] Mode "how much may happen without asking";
        [ctrl('s')] PickSession "choose a session" "sessions";
        [ctrl('n')] NewSession "new session; asks for its folder";
        [ctrl('r')] Continue "continue a turn that was stopped";
        [ctrl('t')] TraceScreen "traces over the whole screen, and back" "traces";
        [ctrl('y')] TracePane "show or hide the traces at the side";
        [ctrl('x')] FoldAll "open or fold all cards";
    }
}

/// Marks a line of the table that the help shows together with the one before it.
pub(crate) const DITTO: &str = "^";

/// Returns what a key does in the first of these places that knows it.
pub(crate) fn lookup(places: &[Place], pressed: Key) -> Option<Action> {
    let in_place = |place: &Place| {
        let mut own = KEYMAP.iter().filter(|binding| binding.place == *place);
        own.find(|binding| binding.keys.contains(&pressed))
            .map(|binding| binding.action)
    };
    places.iter().find_map(in_place)
}

/// Returns the names of the keys and the words of what they do, of one place, for the help.
pub(crate) fn help(place: Place) -> Vec<(String, &'static str)> {
    let mut lines: Vec<(String, &'static str)> = Vec::new();
    for binding in KEYMAP.iter().filter(|binding| binding.place == place) {
        let Some(first) = binding.keys.first() else {
            continue;
        };
        match binding.words {
            "" => {}
            DITTO => {
                if let Some((names, _)) = lines.last_mut() {
                    names.push(' ');
                    names.push_str(&first.name());
                }
            }
            words => lines.push((first.name(), words)),
        }
    }
    lines
}

/// Returns the keys worth showing at the foot of the screen, best first, each meaning once.
pub(crate) fn hints(places: &[Place]) -> Vec<(String, &'static str)> {
    let mut hints: Vec<(String, &'static str)> = Vec::new();
    for place in places {
        let mut shown = false;
        for binding in KEYMAP.iter().filter(|binding| binding.place == *place) {
            let Some(first) = binding.keys.first() else {
                continue;
            };
            if binding.words == DITTO && shown {
                if let Some((names, _)) = hints.last_mut() {
                    names.push(' ');
                    names.push_str(&first.name());
                }
                continue;
            }
            shown =
                !binding.hint.is_empty() && hints.iter().all(|(_, words)| *words != binding.hint);
            if shown {
                hints.push((first.name(), binding.hint));
            }
        }
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for (at, one) in KEYMAP.iter().enumerate() {
            for other in KEYMAP
                .iter()
                .skip(at + 1)
                .filter(|other| other.place == one.place)
            {
                let both = one.keys.iter().find(|key| other.keys.contains(key));
                assert!(
                    both.is_none(),
                    "{both:?} is {:?} and {:?}",
                    one.action,
                    other.action
                );
            }
        }
    }

    #[test]
    fn letters_are_themselves_with_shift_and_control_ignores_case() {
        let event = |code, held| Key::of(KeyEvent::new(code, held));
        assert_eq!(event(Char('N'), KeyModifiers::SHIFT), letter('N'));
        assert_eq!(
            event(Char('A'), KeyModifiers::CONTROL | KeyModifiers::SHIFT),
            ctrl('a')
        );
        assert_eq!(event(Tab, KeyModifiers::SHIFT), key(BackTab));
        assert_eq!(ctrl('j').name(), "ctrl-j");
    }
}
