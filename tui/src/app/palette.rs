//! The palette: everything that can be done or looked at, found by a few letters.
//!
//! Owns what is offered, in which order, and doing it. How it looks is `overlay/palette`.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use smartopol_config::keymap::{Action, Binding, DITTO, Place};
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::{SessionId, TraceId};

use super::command::{LOOKS, MODES};
use super::{App, Focus, meaning};
use crate::overlay::Overlay;
use crate::sanitize;
use crate::screen::Columns;
use crate::screen::traces::outcome;
use crate::widget::status::state;

/// How many of the newest traces are offered.
const TRACES: usize = 200;

/// How well each letter must match at least, as the matcher reckons it.
const LEAST: u32 = 20;

/// How many things are remembered that were done last.
const RECENT: usize = 12;

/// What a line of the palette leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Does this, in this place.
    Do(Place, Action),
    /// Carries this command out.
    Say(String),
    Session(SessionId),
    Trace(TraceId),
    /// Begins the command that sets this key.
    Setting(String),
}

/// A line of the palette.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) target: Target,
    pub(crate) text: String,
    pub(crate) detail: String,
    pub(crate) key: String,
    /// Which graphemes of the text matched.
    pub(crate) matched: Vec<usize>,
}

impl Target {
    /// Returns what sort of thing it is, in a word.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Do(..) | Self::Say(_) => "do",
            Self::Session(_) => "session",
            Self::Trace(_) => "trace",
            Self::Setting(_) => "setting",
        }
    }
}

impl Item {
    fn new(target: Target, text: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            target,
            text: text.into(),
            detail: detail.into(),
            key: String::new(),
            matched: Vec::new(),
        }
    }
}

/// Returns true for an action that is worth finding by name.
pub(crate) fn is_named(line: &Binding) -> bool {
    use Action::{CutEnd, CutLine, CutWord, Down, NewLine, PageDown, PageUp, Palette, Send, Up};
    let goes_without = [
        Up, Down, PageUp, PageDown, NewLine, CutWord, CutLine, CutEnd, Send, Palette,
    ];
    let pane = matches!(
        line.place,
        Place::Everywhere
            | Place::Composer
            | Place::Conversation
            | Place::Traces
            | Place::Sessions
            | Place::Jobs
            | Place::Inbox
            | Place::Terminals
            | Place::Memory
            | Place::Users
    );
    pane && !matches!(line.words, "" | DITTO) && !goes_without.contains(&line.action)
}

/// A search by a few letters.
struct Find {
    pattern: Pattern,
    /// The same, to be found word by word in what is not the name.
    words: Vec<String>,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Find {
    fn new(letters: &str) -> Self {
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        Self {
            pattern: Pattern::parse(letters, CaseMatching::Smart, Normalization::Smart),
            words: letters.split_whitespace().map(str::to_lowercase).collect(),
            matcher: Matcher::new(config),
            buffer: Vec::new(),
        }
    }

    /// Returns how well an item matches, and marks in it what did.
    fn in_item(&mut self, item: &mut Item) -> Option<u32> {
        if let Some((score, at)) = self.in_name(&item.text) {
            item.matched = at.into_iter().filter_map(|at| at.try_into().ok()).collect();
            return Some(score.saturating_add(LEAST));
        }
        let whole = format!("{} {} {}", item.text, item.detail, item.target.kind());
        let whole = whole.to_lowercase();
        let all = self.words.iter().all(|word| whole.contains(word));
        all.then_some(LEAST)
    }

    fn in_name(&mut self, name: &str) -> Option<(u32, Vec<u32>)> {
        let mut at = Vec::new();
        let mut whole: u32 = 0;
        let text = Utf32Str::new(name, &mut self.buffer);
        for word in &self.pattern.atoms {
            let score = word.indices(text, &mut self.matcher, &mut at)?;
            let letters = u32::try_from(word.needle_text().len()).unwrap_or(u32::MAX);
            // Letters strewn over a sentence are in every sentence.
            if u32::from(score) < letters.saturating_mul(LEAST) {
                return None;
            }
            whole = whole.saturating_add(score.into());
        }
        Some((whole, at))
    }
}

impl App {
    /// Returns what the palette offers for these letters, best first, and how much there is.
    pub(crate) fn offers(&self, letters: &str) -> (Vec<Item>, usize) {
        let mut items = self.things();
        let all = items.len();
        // What was done last comes first, and wins among equals.
        items.sort_by_key(|item| {
            let at = self.recent.iter().position(|own| *own == item.target);
            at.unwrap_or(RECENT)
        });
        if letters.trim().is_empty() {
            return (items, all);
        }
        let mut find = Find::new(letters);
        let mut found: Vec<(u32, Item)> = items
            .into_iter()
            .filter_map(|mut item| {
                let score = find.in_item(&mut item)?;
                Some((score, item))
            })
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        (found.into_iter().map(|(_, item)| item).collect(), all)
    }

    /// Returns everything that can be found.
    fn things(&self) -> Vec<Item> {
        let item = |session: &Session| {
            let (sign, word, _) = state(session, self.theme);
            let detail = format!("{sign} {word}  {}", self.tilde(&session.workspace));
            let name = sanitize::line(&session.name);
            Item::new(Target::Session(session.id), name, detail)
        };
        let sessions = || self.sessions_listed();
        let calls =
            |own: &&Session| own.state == SessionState::Waiting && Some(own.id) != self.current;
        let mut items: Vec<Item> = sessions().filter(calls).map(item).collect();
        items.extend(self.actions());
        items.extend(sessions().filter(|own| !calls(own)).map(item));
        items.extend(self.choices());
        items.extend(self.wanted.settings.iter().map(|entry| {
            let value = self.session_value(&entry.key);
            let value = value.unwrap_or_else(|| entry.value.clone());
            let detail = format!("= {}", sanitize::line(&value));
            let key = sanitize::line(&entry.key).into_owned();
            Item::new(Target::Setting(entry.key.clone()), key, detail)
        }));
        let newest = self.model.traces.iter().rev().take(TRACES);
        items.extend(newest.map(|trace| {
            let (sign, word, _) = outcome(trace, self.theme);
            let at = self.clock(trace.timestamp);
            let detail = format!("{sign} {word} {:02}:{:02}", at.hour(), at.minute());
            let (tool, title) = (&trace.tool_name, &trace.metadata.title);
            let text = format!("{}  {}", sanitize::line(tool), sanitize::line(title));
            Item::new(Target::Trace(trace.id), text, detail)
        }));
        items
    }

    /// Returns the actions, those of the place at hand first, each once.
    fn actions(&self) -> Vec<Item> {
        let mut lines: Vec<_> = self
            .keymap
            .bound()
            .iter()
            .filter(|bound| is_named(bound.line))
            .filter(|bound| !(bound.line.changes && self.wanted.observe))
            .collect();
        let here = self.places();
        lines.sort_by_key(|bound| {
            let at = here.iter().position(|place| *place == bound.line.place);
            // Writing has few of its own that are worth a name.
            let later = bound.line.place == Place::Composer;
            (at.is_none(), later, at)
        });
        let mut items: Vec<Item> = Vec::new();
        for bound in lines {
            let target = Target::Do(bound.line.place, bound.line.action);
            let known = items.iter().any(
                |item| matches!(item.target, Target::Do(_, action) if action == bound.line.action),
            );
            if known {
                continue;
            }
            let detail = match bound.line.place {
                Place::Everywhere => format!(":{}", bound.line.name),
                place => format!(":{} · {}", bound.line.name, place.title().to_lowercase()),
            };
            let mut item = Item::new(target, bound.line.words, detail);
            item.key = bound
                .keys
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            items.push(item);
        }
        items
    }

    /// Returns commands with the one word that completes them.
    fn choices(&self) -> Vec<Item> {
        let say = |line: String, detail: String| {
            let text = line.replace('=', " ");
            Item::new(Target::Say(line), text, detail)
        };
        let modes = MODES.iter().filter(|_| !self.wanted.observe);
        let mut items: Vec<Item> = modes
            .map(|mode| say(format!("mode {}", mode.name()), meaning(*mode).to_owned()))
            .collect();
        items.extend(LOOKS.iter().map(|look| {
            say(
                format!("theme {}", look.name()),
                "until you leave".to_owned(),
            )
        }));
        items
    }

    /// Does what was clicked in the palette.
    pub(super) fn choose_offer(&mut self, number: usize) {
        let Some(Overlay::Palette { letters, .. }) = self.overlays.last() else {
            return;
        };
        let found = self.offers(letters.text()).0.into_iter().nth(number);
        if let Some(item) = found {
            self.overlays.pop();
            self.go_to_target(item.target);
        }
    }

    /// Does what a line of the palette leads to.
    pub(super) fn go_to_target(&mut self, target: Target) {
        self.recent.retain(|own| *own != target);
        self.recent.insert(0, target.clone());
        self.recent.truncate(RECENT);
        match target {
            Target::Do(place, action) => self.do_in(place, action),
            Target::Say(line) => {
                if let Err(why) = self.command(&line) {
                    self.complain(why);
                }
            }
            Target::Session(id) => {
                self.open(id);
                self.traces_whole = false;
                self.focus = Focus::Composer;
            }
            Target::Trace(id) => {
                self.feed.selected = Some(id);
                self.overlays.push(Overlay::trace(id));
            }
            Target::Setting(key) => {
                let verb = if key.starts_with("console.") {
                    "set"
                } else {
                    "save"
                };
                let value = self.session_value(&key).or_else(|| {
                    let mut settings = self.wanted.settings.iter();
                    settings
                        .find(|own| own.key == key)
                        .map(|own| own.value.clone())
                });
                let value = value.unwrap_or_default();
                self.overlays
                    .push(Overlay::command_line(format!("{verb} {key}={value}")));
            }
        }
    }

    /// Does something as if its key had been pressed in a place.
    pub(super) fn do_in(&mut self, place: Place, action: Action) {
        let focus = match place {
            Place::Composer | Place::EmptyComposer => Focus::Composer,
            Place::Conversation => Focus::Conversation,
            Place::Sessions => Focus::Sessions,
            Place::Traces => Focus::Traces,
            Place::Jobs => Focus::Jobs,
            Place::Inbox => Focus::Inbox,
            Place::Terminals => Focus::Terminals,
            Place::Memory => Focus::Memory,
            Place::Users => Focus::Users,
            _ => return self.act(action),
        };
        let beside = self.plan.columns == Columns::One || self.plan.traces.is_some();
        self.traces_whole = focus == Focus::Traces && (self.traces_whole || !beside);
        self.focus = focus;
        self.act(action);
    }
}
