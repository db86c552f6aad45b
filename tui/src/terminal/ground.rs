//! The colour of the terminal's own ground, asked for once.
//!
//! Owns the question (OSC 11), finding its answer among the keys whenever it comes, and which theme
//! fits. Asked only where the settings say `auto`. Nothing waits for the answer: a terminal at the far
//! end of a slow line is not typed into by it, and what a person types meanwhile is theirs.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use smartopol_config::section::console::Look;

/// The question.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";

/// How long an answer may take, in milliseconds; later a key is a key again.
const PATIENCE: u64 = 10_000;

/// How long keys that may begin the answer are held back, in milliseconds: an answer comes in one go.
const HOLD: u64 = 100;

/// How an answer begins, after the bytes that the key `alt-]` sends too.
const BEGIN: &str = "11;rgb";

/// The longest answer: four parts of four digits.
const LONGEST: usize = 32;

/// An answer that is waited for.
#[derive(Debug, Default)]
pub(crate) struct Ground {
    /// Until when; `None` where nothing was asked, or it was answered.
    until: Option<u64>,
    /// What may be its beginning, and since when.
    held: Vec<Event>,
    since: u64,
}

/// What became of an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// They are a person's: the event, and those that were held back before it.
    Events(Vec<Event>),
    /// The terminal told its ground: the theme that fits, `None` where it cannot be told.
    Answer(Option<Look>),
}

impl Ground {
    /// Waits for an answer to what was asked just now.
    pub(super) fn asked(now: u64) -> Self {
        Self {
            until: Some(now + PATIENCE),
            ..Self::default()
        }
    }

    /// Returns true where the terminal was asked and may still answer.
    pub(crate) const fn is_awaited(&self) -> bool {
        self.until.is_some()
    }

    /// Returns when what is held back is a person's after all.
    pub(crate) fn due(&self) -> Option<u64> {
        (!self.held.is_empty()).then_some(self.since + HOLD)
    }

    /// Returns what was held back for too long.
    pub(crate) fn late(&mut self, now: u64) -> Vec<Event> {
        match self.due() {
            Some(due) if due <= now => std::mem::take(&mut self.held),
            _ => Vec::new(),
        }
    }

    /// Takes an event.
    pub(crate) fn take(&mut self, event: Event, now: u64) -> Heard {
        if self.until.is_some_and(|until| until < now) && self.held.is_empty() {
            self.until = None;
        }
        let all = |mut held: Vec<Event>, event| {
            held.push(event);
            Heard::Events(held)
        };
        let step = match self.until {
            Some(_) => self.step(&event),
            None => Step::Other,
        };
        match step {
            Step::Begin => {
                let before = std::mem::replace(&mut self.held, vec![event]);
                self.since = now;
                Heard::Events(before)
            }
            Step::On => {
                self.held.push(event);
                Heard::Events(Vec::new())
            }
            Step::End => {
                let text = text(&std::mem::take(&mut self.held));
                self.until = None;
                Heard::Answer(fitting(&text))
            }
            Step::Other => all(std::mem::take(&mut self.held), event),
        }
    }

    fn step(&self, event: &Event) -> Step {
        let Event::Key(key) = event else {
            return Step::Other;
        };
        if is(key, ']', KeyModifiers::ALT) {
            return Step::Begin;
        }
        if self.held.is_empty() {
            return Step::Other;
        }
        let mut text = text(&self.held);
        let ends = is(key, '\\', KeyModifiers::ALT) || is(key, 'g', KeyModifiers::CONTROL);
        match letter(key) {
            _ if ends && text.starts_with(BEGIN) => Step::End,
            Some(letter) if text.len() < LONGEST => {
                text.push(letter);
                let rest = text.strip_prefix(BEGIN);
                let digits = |rest: &str| {
                    rest.chars()
                        .all(|own| own.is_ascii_hexdigit() || matches!(own, ':' | '/'))
                };
                match rest.map_or_else(|| BEGIN.starts_with(&text), digits) {
                    true => Step::On,
                    false => Step::Other,
                }
            }
            _ => Step::Other,
        }
    }
}

/// What an event is to an answer.
enum Step {
    Begin,
    On,
    End,
    Other,
}

fn is(key: &KeyEvent, letter: char, modifiers: KeyModifiers) -> bool {
    key.code == KeyCode::Char(letter) && key.modifiers == modifiers
}

/// Returns the letter that a key without modifiers writes.
fn letter(key: &KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(letter) if (key.modifiers - KeyModifiers::SHIFT).is_empty() => Some(letter),
        _ => None,
    }
}

fn text(held: &[Event]) -> String {
    let keys = held.iter().filter_map(Event::as_key_event);
    keys.filter_map(|key| letter(&key)).collect()
}

/// Returns the theme that fits the ground that an answer tells: `11;rgb:` and three parts, or
/// `11;rgba:` and four (XTerm Control Sequences, OSC 11; the parts as in `XParseColor`).
fn fitting(text: &str) -> Option<Look> {
    let (_, rest) = text.split_once(':')?;
    let mut parts = rest.split('/');
    let mut part = || {
        let digits: String = parts.next()?.chars().take(4).collect();
        let most = 16_u32
            .pow(u32::try_from(digits.len()).ok()?)
            .checked_sub(1)?;
        let value = u32::from_str_radix(&digits, 16).ok()?;
        (most > 0).then(|| value * 1_000 / most)
    };
    let (red, green, blue) = (part()?, part()?, part()?);
    let bright = (red * 299 + green * 587 + blue * 114) / 1_000;
    Some(if bright > 500 {
        Look::Light
    } else {
        Look::Dark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(letter), modifiers))
    }

    /// As crossterm reads an answer; `$` ends it with `ESC \`, and `!` with BEL.
    fn events(text: &str) -> Vec<Event> {
        let told = text.chars().map(|letter| match letter {
            ']' | '$' => key(
                letter.to_string().replace('$', "\\").remove(0),
                KeyModifiers::ALT,
            ),
            '!' => key('g', KeyModifiers::CONTROL),
            letter => key(letter, KeyModifiers::NONE),
        });
        told.collect()
    }

    /// Returns what is left for the person, and all themes that were told.
    fn heard(text: &str) -> (Vec<Event>, Vec<Option<Look>>) {
        let mut ground = Ground::asked(0);
        let (mut left, mut looks) = (Vec::new(), Vec::new());
        for event in events(text) {
            match ground.take(event, 5) {
                Heard::Events(events) => left.extend(events),
                Heard::Answer(look) => looks.push(look),
            }
        }
        left.extend(ground.late(5 + HOLD));
        (left, looks)
    }

    #[test]
    fn the_answers_of_terminals_are_understood_and_typed_nowhere() {
        for (answer, look) in [
            ("]11;rgb:ffff/ffff/ffff$", Some(Look::Light)),
            ("]11;rgb:1e1e/1e1e/2e2e!", Some(Look::Dark)),
            ("]11;rgb:fd/f6/e3$", Some(Look::Light)),
            ("]11;rgba:0000/0000/0000/ffff$", Some(Look::Dark)),
            ("]11;rgb:1/2!", None),
        ] {
            assert_eq!(heard(answer), (Vec::new(), vec![look]), "{answer}");
        }
    }

    #[test]
    fn what_a_person_types_before_and_after_it_is_theirs() {
        let (left, looks) = heard("hello]11;rgb:ffff/ffff/ffff$ you");
        assert_eq!(
            (left, looks),
            (events("hello you"), vec![Some(Look::Light)])
        );
        // An answer that was given is not given again.
        let (left, looks) = heard("]11;rgb:0/0/0$]11;rgb:0/0/0$");
        assert_eq!((left.len(), looks.len()), (14, 1));
    }

    #[test]
    fn keys_that_only_look_like_an_answer_are_a_persons() {
        for typed in [
            "]",
            "]]",
            "]1",
            "]11;rgx",
            "]11;rgb:zz",
            "]$",
            "!",
            "]11!",
            "]x]y",
        ] {
            assert_eq!(heard(typed), (events(typed), Vec::new()), "{typed}");
        }
        let long = format!("]11;rgb:{}", "f".repeat(60));
        assert_eq!(heard(&long).0, events(&long));
    }

    #[test]
    fn an_answer_in_pieces_is_held_back_only_so_long() {
        let mut ground = Ground::asked(0);
        for event in events("]11;") {
            assert_eq!(ground.take(event, 50), Heard::Events(Vec::new()));
        }
        assert_eq!((ground.due(), ground.late(149)), (Some(150), Vec::new()));
        assert_eq!(ground.late(150), events("]11;"));
        assert_eq!(ground.due(), None);
        // Much later nothing is held back at all.
        let late = key(']', KeyModifiers::ALT);
        let heard = ground.take(late.clone(), PATIENCE + 1);
        assert_eq!(
            (heard, ground.is_awaited()),
            (Heard::Events(vec![late]), false)
        );
    }
}
