//! The docked card that asks a person, and what it says of a tool call.
//!
//! Owns its words and how it fits: what would happen is scrolled, who asks and what each key would
//! do is always seen.

use ratatui::text::{Line, Span};
use smartopol_protocol::approval::{Approval, Pattern};
use smartopol_protocol::tool::Body;

use super::diff::{Around, Diff, Look};
use super::effects;
use super::text::{Indent, chop, clip, width, wrap};
use crate::app::App;
use crate::app::card::CardView;
use crate::app::keymap::{Action, Place};
use crate::model::terms;
use crate::sanitize;
use crate::theme::Theme;

/// What stands before what would happen.
const INDENT: usize = 2;

/// How the answers are shown, the roomiest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Each on its line.
    List,
    /// Beside each other.
    Flow,
    /// A word each; what they would keep is said above.
    #[default]
    Short,
}

/// A card, laid out.
pub(crate) struct Card<'a> {
    view: &'a CardView,
    theme: Theme,
    room: usize,
    /// How much of what did not change is seen.
    pub(crate) around: Around,
    /// Who asks for what.
    head: Vec<Line<'static>>,
    /// What would happen, exactly.
    body: Vec<Line<'static>>,
    /// Where, what else, why.
    facts: Vec<Line<'static>>,
    /// What each key would do.
    keys: Vec<Line<'static>>,
}

impl<'a> Card<'a> {
    /// Returns one that says something and tells its answers.
    pub(crate) fn of(
        app: &'a App,
        room: usize,
        body: Vec<Line<'static>>,
        keys: Vec<Line<'static>>,
    ) -> Self {
        Self {
            view: &app.asked,
            theme: app.theme,
            room,
            around: app.plan.card_around,
            head: Vec::new(),
            body,
            facts: Vec::new(),
            keys,
        }
    }

    /// Returns how many lines it needs.
    pub(crate) fn tall(&self) -> usize {
        self.head.len() + self.exact() + self.facts.len() + self.keys.len()
    }

    /// Returns how many blank lines it has where there is room: around the facts, or in their place.
    pub(crate) fn air(&self) -> usize {
        if self.facts.is_empty() { 1 } else { 2 }
    }

    /// Returns how many lines say what would happen.
    fn exact(&self) -> usize {
        let diff = self.view.diff.as_ref();
        self.body.len() + diff.map_or(0, |diff| self.with_look(|look| diff.tall(look)))
    }

    fn with_look<T>(&self, see: impl FnOnce(&Look<'_>) -> T) -> T {
        let folded = |hunk| self.view.folded.contains(&hunk);
        see(&Look {
            room: self.room.saturating_sub(INDENT).max(1),
            theme: self.theme,
            folded: &folded,
            at: Some(self.view.at),
            around: self.around,
        })
    }

    /// Returns the line at which a part of the change begins.
    pub(crate) fn line_of(&self, hunk: usize) -> usize {
        let diff = self.view.diff.as_ref();
        let row = diff.map_or(0, |diff| self.with_look(|look| diff.row_of(hunk, look)));
        // The first part is seen together with the name of the file.
        if hunk == 0 { 0 } else { self.body.len() + row }
    }

    fn window(&self, skip: usize, take: usize) -> Vec<Line<'static>> {
        let mut lines: Vec<Line<'static>> =
            self.body.iter().skip(skip).take(take).cloned().collect();
        if let Some(diff) = &self.view.diff {
            let above = skip.saturating_sub(self.body.len());
            let left = take - lines.len();
            let rows = self.with_look(|look| diff.window(look, above, left));
            lines.extend(rows.into_iter().map(|row| {
                let mut spans = vec![Span::raw(" ".repeat(INDENT))];
                spans.extend(row.line.spans);
                Line::from(spans)
            }));
        }
        let facts = skip.saturating_sub(self.exact());
        let left = take - lines.len();
        lines.extend(self.facts.iter().skip(facts).take(left).cloned());
        lines
    }

    /// Returns its lines for `tall` lines, with what would happen scrolled.
    pub(crate) fn fit(self, tall: usize, scroll: &mut usize) -> Vec<Line<'static>> {
        let air = self.air();
        let airy = self.tall() + air <= tall;
        let answers = self.keys.len().min(tall);
        let left = tall - answers;
        // What would happen is seen before who asks for it.
        let head = left.saturating_sub(1);
        let mut lines: Vec<Line<'static>> = self.head.iter().take(head).cloned().collect();
        let left = left - lines.len();
        // The facts stay in sight as long as they leave the greater part to what would happen.
        let exact = self.exact();
        let fits = exact + self.facts.len() <= left;
        let stay = fits || self.facts.len() * 2 <= left;
        let pinned = if stay { self.facts.len() } else { 0 };
        let all = if stay {
            exact
        } else {
            exact + self.facts.len()
        };
        let room = left - pinned - air * usize::from(airy);
        let cut = all > room;
        let said = cut && room > 1;
        let shown = if said { room - 1 } else { room };
        *scroll = (*scroll).min(all.saturating_sub(shown));
        lines.extend(self.window(*scroll, shown.min(all - *scroll)));
        if said {
            let (above, below) = (*scroll, all.saturating_sub(*scroll + shown));
            let words = match (above, below) {
                (0, below) => format!("… {below} more lines below"),
                (above, 0) => format!("… {above} more lines above"),
                (above, below) => format!("… {above} lines above, {below} below"),
            };
            lines.push(Line::styled(words, self.theme.bad()));
        }
        if airy {
            lines.push(Line::raw(""));
        }
        let facts = self.facts.into_iter().take(pinned);
        let closed = airy && facts.len() > 0;
        lines.extend(facts);
        if closed {
            lines.push(Line::raw(""));
        }
        lines.extend(self.keys.into_iter().take(answers));
        lines
    }
}

/// Lays the card of an approval out.
pub(crate) fn card<'a>(
    app: &'a App,
    approval: &Approval,
    room: usize,
    open: bool,
    keys_as: Keys,
) -> Card<'a> {
    let theme = app.theme;
    let inspection = &approval.inspection;
    let plain = Indent::default();
    let two = Indent::spaces(INDENT);
    let mut head = vec![Span::styled(
        sanitize::line(&approval.tool).into_owned(),
        theme.strong(),
    )];
    match &inspection.body {
        Body::Command { .. } => head.push(Span::raw(" wants to run")),
        Body::None => head.push(Span::raw(" wants to")),
        Body::Diff { added, removed, .. } => {
            let hunks = app.asked.diff.as_ref().map_or(0, Diff::hunks);
            let places = match hunks {
                0 | 1 => String::new(),
                many => format!(" in {many} places"),
            };
            let words = format!(" wants to change a file{places} (+{added} −{removed})");
            head.push(Span::raw(words));
        }
    }
    let body = match &inspection.body {
        Body::None => chop(
            &sanitize::exact(&inspection.title),
            theme.strong(),
            room,
            &two,
        ),
        Body::Command { text, .. } => chop(&sanitize::exact(text), theme.strong(), room, &two),
        Body::Diff { path, .. } => chop(&app.tilde(path), theme.strong(), room, &two),
    };
    let mut card = Card {
        view: &app.asked,
        theme,
        room,
        around: app.plan.card_around,
        head: wrap(&head, room, &plain),
        body,
        facts: Vec::new(),
        keys: keys(app, approval, room, open, keys_as),
    };
    if let Some(danger) = &approval.danger {
        let words = format!("! dangerous: {}", sanitize::line(&danger.why));
        let words = [Span::styled(words, theme.bad())];
        card.head.extend(wrap(&words, room, &plain));
    }
    let reason = sanitize::line(&approval.reason);
    for words in effects::grave(app, inspection) {
        // What the reason says need not be said twice.
        let known = words
            .rsplit_once(": ")
            .is_some_and(|(_, why)| why == reason);
        if known {
            continue;
        }
        card.facts
            .extend(wrap(&[Span::styled(words, theme.bad())], room, &plain));
    }
    if let Some(removal) = &inspection.removal {
        for words in effects::removal(app, removal) {
            let words = [Span::styled(words, theme.bad())];
            card.facts.extend(wrap(&words, room, &plain));
        }
    }
    let mut facts = Vec::new();
    if !inspection.cwd.is_empty() {
        facts.push(format!("in {}", app.tilde(&inspection.cwd)));
    }
    facts.extend(effects::other(inspection));
    let facts = [Span::styled(facts.join(" · "), theme.quiet())];
    card.facts.extend(wrap(&facts, room, &plain));
    if !approval.reason.is_empty() {
        let why = format!("asked because {}", sanitize::line(&approval.reason));
        card.facts
            .extend(wrap(&[Span::styled(why, theme.quiet())], room, &plain));
    }
    if let Some(needs) = terms::needs(approval) {
        let words = format!("answered by {}", sanitize::line(&needs));
        card.facts
            .extend(wrap(&[Span::styled(words, theme.quiet())], room, &plain));
    }
    if let (Keys::Short, Some(rule), None, false) = (
        keys_as,
        &approval.rule,
        &approval.danger,
        app.wanted.observe,
    ) {
        let words = format!("s and a keep: allow {}", pattern(rule));
        card.facts
            .extend(wrap(&[Span::styled(words, theme.text())], room, &plain));
    }
    card
}

fn keys(
    app: &App,
    approval: &Approval,
    room: usize,
    open: bool,
    keys_as: Keys,
) -> Vec<Line<'static>> {
    let theme = app.theme;
    if app.wanted.observe {
        return Vec::new();
    }
    if let (Some(danger), Some(typed)) = (&approval.danger, &app.asked.word) {
        return word(&danger.word, typed.text(), room, theme);
    }
    let short = keys_as == Keys::Short;
    let said = |short_words: &str, words: String| {
        if short { short_words.to_owned() } else { words }
    };
    // An action without a key is reached through the palette, and is not told here.
    let mut choices = Vec::new();
    let mut offer = |action, said: String| {
        if let Some(key) = app.key_of(&[Place::Card], action) {
            choices.push((key, said));
        }
    };
    match &approval.danger {
        Some(danger) => {
            let words = format!("allow once, by typing {}", sanitize::line(&danger.word));
            offer(Action::AllowOnce, said("once, by a word", words));
        }
        None => offer(Action::AllowOnce, said("once", "allow once".to_owned())),
    }
    if let (Some(rule), None) = (&approval.rule, &approval.danger) {
        let rule = pattern(&at_home(app, rule));
        let session = format!("allow {rule} in this session");
        offer(Action::AllowSession, said("session", session));
        let always = format!("allow {rule} always, in every session");
        offer(Action::AllowAlways, said("always", always));
    }
    offer(Action::Deny, "deny".to_owned());
    let why = said("say why", "deny, and say why".to_owned());
    offer(Action::DenyNote, why);
    let rules = said("rules", "why it is asked, and other rules".to_owned());
    offer(Action::Lab, rules);
    let key = if open {
        theme.selected()
    } else {
        theme.quiet()
    };
    let words = if open { theme.text() } else { theme.quiet() };
    if keys_as == Keys::List {
        let widest = choices.iter().map(|(name, _)| width(name)).max();
        let column = widest.unwrap_or(0) + 2;
        return choices
            .into_iter()
            .flat_map(|(name, said)| {
                let indent = Indent {
                    first: vec![Span::styled(format!("{name:column$}"), key)],
                    rest: vec![Span::raw(" ".repeat(column))],
                };
                wrap(&[Span::styled(said, words)], room, &indent)
            })
            .collect();
    }
    let gap = if short { 2 } else { 3 };
    flowed(choices, room, gap, |name, said| {
        [
            Span::styled(name, key),
            Span::styled(format!(" {said}"), words),
        ]
    })
}

/// Returns the line in which the word of a dangerous call is typed.
fn word(wanted: &str, typed: &str, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let spans = [
        Span::styled("type ", theme.text()),
        Span::styled(sanitize::line(wanted).into_owned(), theme.strong()),
        Span::styled(" and Enter to allow: ", theme.text()),
        Span::styled(sanitize::line(typed).into_owned(), theme.selected()),
        Span::styled("_", theme.selected()),
    ];
    let mut lines = wrap(&spans, room, &Indent::default());
    lines.push(Line::styled("Esc takes no answer", theme.quiet()));
    lines
}

/// Puts choices beside each other; none is broken that fits on a line.
pub(crate) fn flowed(
    choices: Vec<(String, String)>,
    room: usize,
    gap: usize,
    show: impl Fn(String, &str) -> [Span<'static>; 2],
) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span<'static>>> = Vec::new();
    let mut used = room;
    for (name, said) in choices {
        let wide = width(&name) + 1;
        let said = clip(&said, room.saturating_sub(wide));
        let wide = wide + width(&said);
        if used + gap + wide > room {
            lines.push(Vec::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(Span::raw(" ".repeat(gap)));
                used += gap;
            }
            line.extend(show(name, &said));
            used += wide;
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// Returns a pattern whose folders are told as people write them.
pub(crate) fn at_home(app: &App, pattern: &Pattern) -> Pattern {
    let told = |glob: &Option<String>| glob.as_ref().map(|glob| app.tilde(glob));
    Pattern {
        path: told(&pattern.path),
        cwd: told(&pattern.cwd),
        ..pattern.clone()
    }
}

/// Returns a rule in words a person knows: the command as far as it is fixed, or the files.
pub(crate) fn pattern(pattern: &Pattern) -> String {
    sanitize::line(&pattern.to_string()).into_owned()
}
