//! The docked card that asks a person about a tool call.
//!
//! Owns its words and how it fits: what would happen is scrolled, what each key would do is always
//! seen.

use ratatui::text::{Line, Span};
use smartopol_protocol::approval::{Approval, Pattern};
use smartopol_protocol::tool::{Body, Effect, Place};

use super::card::outside;
use super::diff::diff;
use super::text::{Indent, chop, clip, width, wrap};
use crate::app::App;
use crate::sanitize;

/// How many blank lines a card has where there is room.
pub(crate) const AIR: usize = 2;

/// A card, laid out.
#[derive(Debug, Default)]
pub(crate) struct Card {
    /// Who asks for what.
    pub(crate) head: Vec<Line<'static>>,
    /// What would happen, exactly.
    pub(crate) body: Vec<Line<'static>>,
    /// Where, what else, why.
    pub(crate) facts: Vec<Line<'static>>,
    /// What each key would do.
    pub(crate) keys: Vec<Line<'static>>,
}

impl Card {
    /// Returns how many lines it needs.
    pub(crate) fn tall(&self) -> usize {
        self.head.len() + self.body.len() + self.facts.len() + self.keys.len()
    }

    /// Returns its lines for `tall` lines, with the body scrolled.
    pub(crate) fn fit(self, tall: usize, scroll: &mut usize, app: &App) -> Vec<Line<'static>> {
        let theme = app.theme;
        let airy = self.tall() + AIR <= tall;
        let Self {
            head,
            body,
            mut facts,
            mut keys,
        } = self;
        keys.truncate(tall.saturating_sub(1));
        let left = tall.saturating_sub(keys.len());
        let head: Vec<_> = head.into_iter().take(left.saturating_sub(1)).collect();
        let most = left.saturating_sub(head.len() + 2.min(body.len()));
        if facts.len() > most {
            let hidden = facts.len() - most.saturating_sub(1);
            facts.truncate(most.saturating_sub(1));
            let words = format!("… {hidden} more lines: a taller window shows them");
            facts.extend((most > 0).then(|| Line::styled(words, theme.bad())));
        }
        let room = left.saturating_sub(head.len() + facts.len() + AIR * usize::from(airy));
        let mut lines = head;
        let all = body.len();
        let cut = all > room;
        let shown = if cut { room.saturating_sub(1) } else { room };
        *scroll = (*scroll).min(all.saturating_sub(shown));
        lines.extend(body.into_iter().skip(*scroll).take(shown));
        if cut && room > 0 {
            let (above, below) = (*scroll, all.saturating_sub(*scroll + shown));
            let words = match (above, below) {
                (0, below) => format!("… {below} more lines below"),
                (above, 0) => format!("… {above} more lines above"),
                (above, below) => format!("… {above} lines above, {below} below"),
            };
            lines.push(Line::styled(words, theme.bad()));
        }
        if airy {
            lines.push(Line::raw(""));
        }
        lines.extend(facts);
        if airy {
            lines.push(Line::raw(""));
        }
        lines.extend(keys);
        lines
    }
}

/// Lays the card of an approval out.
pub(crate) fn card(app: &App, approval: &Approval, room: usize, open: bool, list: bool) -> Card {
    let theme = app.theme;
    let inspection = &approval.inspection;
    let tool = sanitize::line(&approval.tool).into_owned();
    let plain = Indent::default();
    let two = Indent::spaces(2);
    let mut card = Card::default();
    let wants = match &inspection.body {
        Body::Command { .. } => " wants to run".to_owned(),
        Body::Diff { added, removed, .. } => {
            format!(" wants to change a file (+{added} −{removed})")
        }
        Body::None => " wants to".to_owned(),
    };
    let head = [Span::styled(tool, theme.strong()), Span::raw(wants)];
    card.head = wrap(&head, room, &plain);
    card.body = match &inspection.body {
        Body::None => chop(
            &sanitize::text(&inspection.title),
            theme.strong(),
            room,
            &two,
        ),
        Body::Command { text, .. } => chop(&sanitize::text(text), theme.strong(), room, &two),
        Body::Diff {
            path, diff: text, ..
        } => {
            let mut lines = chop(&app.tilde(path), theme.strong(), room, &two);
            lines.extend(diff(text, room, &two, theme));
            lines
        }
    };
    for words in outside(&inspection.effects) {
        card.facts
            .extend(wrap(&[Span::styled(words, theme.bad())], room, &plain));
    }
    let mut facts = Vec::new();
    if !inspection.cwd.is_empty() {
        facts.push(format!("in {}", app.tilde(&inspection.cwd)));
    }
    facts.extend(inside(&inspection.effects));
    let facts = [Span::styled(facts.join(" · "), theme.quiet())];
    card.facts.extend(wrap(&facts, room, &plain));
    if !approval.reason.is_empty() {
        let why = format!("asked because {}", sanitize::line(&approval.reason));
        card.facts
            .extend(wrap(&[Span::styled(why, theme.quiet())], room, &plain));
    }
    card.keys = keys(app, approval, room, open, list);
    card
}

/// Says what a call does in the workspace.
fn inside(effects: &[Effect]) -> Vec<String> {
    let mut words = Vec::new();
    for effect in effects {
        let said = match effect {
            Effect::Read {
                path,
                place: Place::Workspace,
            } => format!("reads {}", name(path)),
            Effect::Write {
                path,
                place: Place::Workspace,
            } => format!("writes {}", name(path)),
            _ => continue,
        };
        words.push(said);
    }
    let more = words.len().saturating_sub(4);
    words.truncate(4);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words
}

fn name(path: &str) -> String {
    sanitize::line(path.rsplit('/').next().unwrap_or(path)).into_owned()
}

fn keys(app: &App, approval: &Approval, room: usize, open: bool, list: bool) -> Vec<Line<'static>> {
    let theme = app.theme;
    let mut choices = vec![("y", "allow once".to_owned())];
    if let Some(rule) = &approval.rule {
        let rule = pattern(rule);
        choices.push(("s", format!("allow {rule} in this session")));
        choices.push(("a", format!("allow {rule} always, in every session")));
    }
    choices.push(("n", "deny".to_owned()));
    choices.push(("N", "deny, and say why".to_owned()));
    let key = if open {
        theme.selected()
    } else {
        theme.quiet()
    };
    let words = if open { theme.text() } else { theme.quiet() };
    if list {
        return choices
            .into_iter()
            .flat_map(|(letter, said)| {
                let indent = Indent {
                    first: vec![Span::styled(format!("{letter}  "), key)],
                    rest: vec![Span::raw("   ")],
                };
                wrap(&[Span::styled(said, words)], room, &indent)
            })
            .collect();
    }
    flowed(choices, room, |letter, said| {
        [
            Span::styled(letter, key),
            Span::styled(format!(" {said}"), words),
        ]
    })
}

/// Puts choices beside each other; none is broken that fits on a line.
fn flowed(
    choices: Vec<(&'static str, String)>,
    room: usize,
    show: impl Fn(&'static str, &str) -> [Span<'static>; 2],
) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span<'static>>> = Vec::new();
    let mut used = room;
    for (letter, said) in choices {
        let said = clip(&said, room.saturating_sub(2));
        let wide = width(&said) + 2;
        if used + 3 + wide > room {
            lines.push(Vec::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(Span::raw("   "));
                used += 3;
            }
            line.extend(show(letter, &said));
            used += wide;
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// Returns a rule in words a person knows: the command as far as it is fixed, or the files.
pub(crate) fn pattern(pattern: &Pattern) -> String {
    sanitize::line(&pattern.to_string()).into_owned()
}
