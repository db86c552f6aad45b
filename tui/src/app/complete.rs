//! The list above what is being written: files after `@`, commands after `/`.
//!
//! Owns what the cursor stands in, what is offered for it, and writing the chosen one.

use std::ops::Range;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use smartopol_protocol::SessionId;

use super::keymap::Action;
use super::writing::Kind;
use super::{App, Call, Focus};

/// How many names are offered at most.
const MOST: usize = 50;

/// How long a listing of files is good, in milliseconds.
const GOOD_FOR: u64 = 5_000;

/// A name that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// What is written.
    pub(crate) text: String,
    /// What is shown.
    pub(crate) shown: String,
    /// What it does.
    pub(crate) words: String,
    /// Which letters matched.
    pub(crate) matched: Vec<usize>,
}

/// The list, while there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// The session and the part of its draft that is completed.
    at: Option<(SessionId, Range<usize>)>,
    /// That part, as it was when the list was made.
    begun: String,
    pub(crate) names: Vec<Name>,
    pub(crate) chosen: usize,
    /// True where names are of files.
    pub(crate) files: bool,
    /// The part for which a person closed it.
    closed: Option<String>,
    /// True while the files are on their way.
    pub(crate) coming: bool,
    /// How many files there are beyond those listed.
    pub(crate) more: bool,
}

/// The files of a session's workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    session: Option<SessionId>,
    names: Vec<String>,
    more: bool,
    asked_at: u64,
    here: bool,
}

impl App {
    /// Returns the list, where one is to be shown.
    pub(crate) fn names_shown(&self) -> Option<&Names> {
        let names = &self.names;
        let shown = names.at.is_some() && self.focus == Focus::Composer && self.overlays.is_empty();
        let closed = names.closed.as_deref() == Some(names.begun.as_str());
        let any = !names.names.is_empty() || names.coming;
        Some(names).filter(|_| shown && !closed && any)
    }

    /// Does what a key means in the list; false where it means something else.
    pub(super) fn name_key(&mut self, action: Action) -> bool {
        let Some(names) = self.names_shown() else {
            return false;
        };
        let (last, chosen) = (names.names.len().saturating_sub(1), names.chosen);
        match action {
            Action::Up => self.names.chosen = chosen.checked_sub(1).unwrap_or(last),
            Action::Down => self.names.chosen = if chosen >= last { 0 } else { chosen + 1 },
            Action::Accept => self.accept(),
            Action::Back | Action::Interrupt => {
                self.names.closed = Some(self.names.begun.clone());
            }
            Action::Send if self.names.files => self.accept(),
            Action::Send => return self.accept_command(),
            _ => return false,
        }
        true
    }

    fn accept(&mut self) {
        let names = &self.names;
        let (Some((id, range)), Some(name)) = (names.at.clone(), names.names.get(names.chosen))
        else {
            return;
        };
        let folder = name.text.ends_with('/');
        let text = match (names.files, folder) {
            // A folder goes on to what is in it.
            (true, true) => format!("@{}", name.text),
            (true, false) => format!("@{} ", name.text),
            (false, _) => format!("/{}", name.text),
        };
        if let Some(view) = self.views.get_mut(&id) {
            view.composer.replace(range, &text);
        }
    }

    /// Takes the chosen command; false where the line stands as it is and may be carried out.
    fn accept_command(&mut self) -> bool {
        let names = &self.names;
        let Some(name) = names.names.get(names.chosen) else {
            return false;
        };
        if names.begun.trim_end() == format!("/{}", name.text).trim_end() {
            return false;
        }
        // What wants more words waits for them; the rest is carried out at once.
        let wants_more = name.text.ends_with(' ');
        self.accept();
        wants_more
    }

    /// Brings the list in line with what is written.
    pub(super) fn settle_names(&mut self) {
        let Some((id, range, begun, files)) = self.begun() else {
            self.names = Names::default();
            return;
        };
        let at = Some((id, range));
        let fresh = self.files.session == Some(id)
            && self.files.asked_at + GOOD_FOR > self.now.ms
            && self.files.asked_at > 0;
        if files && !fresh {
            let here = self.files.session == Some(id) && self.files.here;
            self.files.session = Some(id);
            self.files.asked_at = self.now.ms.max(1);
            self.files.here = here;
            if !here {
                self.files.names.clear();
            }
            self.ask(Call::Files(id));
        }
        let coming = files && !self.files.here;
        let same = self.names.at == at && self.names.begun == begun;
        if same && self.names.coming == coming && !self.renew_names {
            return;
        }
        self.renew_names = false;
        let chosen = if same { self.names.chosen } else { 0 };
        let names = if files {
            matching(begun.get(1..).unwrap_or_default(), &self.files.names)
        } else {
            let line = begun.get(1..).unwrap_or_default();
            let completions = self.completions(line).into_iter().take(MOST);
            completions
                .map(|own| Name {
                    text: own.line,
                    shown: own.shown,
                    words: own.words,
                    matched: Vec::new(),
                })
                .collect()
        };
        let closed = self.names.closed.take().filter(|_| !begun.is_empty());
        self.names = Names {
            at,
            begun,
            chosen: chosen.min(names.len().saturating_sub(1)),
            names,
            files,
            closed,
            coming,
            more: files && self.files.more,
        };
    }

    /// Takes the files of a workspace.
    pub(super) fn took_files(&mut self, id: SessionId, names: Vec<String>, more: bool) {
        if self.files.session == Some(id) {
            (self.files.names, self.files.more, self.files.here) = (names, more, true);
            self.renew_names = true;
        }
    }

    /// Returns what the cursor stands in: its range, its text, and whether a file is meant.
    fn begun(&self) -> Option<(SessionId, Range<usize>, String, bool)> {
        let id = self.current.filter(|_| self.focus == Focus::Composer)?;
        let view = self.views.get(&id)?;
        let text = view.composer.text();
        let cursor = view.composer.cursor();
        let before = text.get(..cursor)?;
        let start = before
            .rfind(char::is_whitespace)
            .and_then(|at| Some(at + before.get(at..)?.chars().next()?.len_utf8()))
            .unwrap_or(0);
        let word = before.get(start..)?;
        if word.starts_with('@') {
            return Some((id, start..cursor, word.to_owned(), true));
        }
        let command = view.editing.is_none() && Kind::of(text) == Kind::Command;
        (command && cursor == text.len()).then(|| (id, 0..cursor, before.to_owned(), false))
    }
}

/// Returns the names that match letters, best first.
fn matching(letters: &str, names: &[String]) -> Vec<Name> {
    let name = |text: &String, matched: Vec<usize>| Name {
        text: text.clone(),
        shown: text.clone(),
        words: String::new(),
        matched,
    };
    if letters.is_empty() {
        // The nearest first: what lies at the top of the workspace.
        let mut top: Vec<&String> = names.iter().collect();
        top.sort_by_key(|text| text.trim_end_matches('/').matches('/').count());
        return top
            .into_iter()
            .take(MOST)
            .map(|text| name(text, Vec::new()))
            .collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let pattern = Pattern::parse(letters, CaseMatching::Smart, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, &String)> = names
        .iter()
        .filter_map(|text| {
            let score = pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher)?;
            Some((score, text))
        })
        .collect();
    found.sort_by(|(a, one), (b, other)| b.cmp(a).then(one.len().cmp(&other.len())));
    found.truncate(MOST);
    let mut indices = Vec::new();
    found
        .into_iter()
        .map(|(_, text)| {
            indices.clear();
            pattern.indices(Utf32Str::new(text, &mut buffer), &mut matcher, &mut indices);
            let matched = indices
                .iter()
                .filter_map(|at| (*at).try_into().ok())
                .collect();
            name(text, matched)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_a_file_and_none_find_the_top() {
        let names =
            ["docs/", "docs/main.md", "src/", "src/main.rs", "README.md"].map(str::to_owned);
        let found = |letters| -> Vec<String> {
            matching(letters, &names)
                .into_iter()
                .map(|own| own.text)
                .collect()
        };
        assert_eq!(found("mrs"), ["src/main.rs"]);
        assert_eq!(found("main").len(), 2);
        assert_eq!(found("zz"), Vec::<String>::new());
        assert_eq!(found("")[..3], ["docs/", "src/", "README.md"]);
    }
}
