//! The words of code told apart: keywords, strings, numbers, names, comments.
//!
//! Owns the grammars, which are loaded when the first block is seen, and the time that a block may
//! take. It runs beside the console, on a thread of its own; a block is shown plain until it is
//! painted. What the kinds look like is the theme's.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use tokio::sync::mpsc;

/// The most code that is painted, in bytes; what follows stays plain.
const MOST: usize = 64 * 1024;

/// The longest line that is looked into.
const LINE: usize = 2_000;

/// How long one block may take.
const PATIENCE: Duration = Duration::from_millis(250);

/// How many blocks wait at most; more stay plain.
const WAITING: usize = 64;

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Comment,
    Text,
    Number,
    Keyword,
    Name,
}

/// Pieces of a block that are not plain, in order.
pub(crate) type Painted = Vec<(Range<usize>, Token)>;

/// A block of code to paint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) key: u64,
    pub(crate) language: String,
    pub(crate) code: String,
}

/// The painter at work.
#[derive(Debug)]
pub(crate) struct Painter {
    jobs: SyncSender<Job>,
    done: mpsc::Receiver<(u64, Painted)>,
}

impl Painter {
    /// Starts the thread; it ends when this is dropped.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(WAITING);
        let (told, done) = mpsc::channel(WAITING);
        std::thread::Builder::new()
            .name("painter".to_owned())
            .spawn(move || work(&waiting, &told))?;
        Ok(Self { jobs, done })
    }

    /// Hands a block over; false where too many wait.
    pub(crate) fn ask(&self, job: Job) -> bool {
        !matches!(
            self.jobs.try_send(job),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_))
        )
    }

    /// Waits for the next block that is painted. May be cancelled at any time.
    pub(crate) async fn next(&mut self) -> Option<(u64, Painted)> {
        self.done.recv().await
    }
}

fn work(waiting: &Receiver<Job>, told: &mpsc::Sender<(u64, Painted)>) {
    let brush = Brush::load();
    while let Ok(job) = waiting.recv() {
        let painted = brush.paint(&job.language, &job.code, PATIENCE);
        if told.blocking_send((job.key, painted)).is_err() {
            return;
        }
    }
}

/// The grammars, and which scopes mean what.
pub(crate) struct Brush {
    set: SyntaxSet,
    meanings: Vec<(Scope, Option<Token>)>,
}

impl Brush {
    /// Loads the grammars, which takes some milliseconds.
    pub(crate) fn load() -> Self {
        // The first that fits wins, so exceptions stand before their rule.
        let meanings = [
            ("comment", Some(Token::Comment)),
            ("punctuation.definition.comment", Some(Token::Comment)),
            ("meta.interpolation", None),
            ("string", Some(Token::Text)),
            ("punctuation.definition.string", Some(Token::Text)),
            ("constant.character.escape", Some(Token::Number)),
            ("constant", Some(Token::Number)),
            ("keyword.operator", None),
            ("keyword", Some(Token::Keyword)),
            ("storage", Some(Token::Keyword)),
            ("entity.name.tag", Some(Token::Keyword)),
            ("entity.name", Some(Token::Name)),
            ("entity.other.inherited-class", Some(Token::Name)),
            ("support.function", Some(Token::Name)),
            ("support.type", Some(Token::Name)),
            ("support.class", Some(Token::Name)),
            ("variable.function", Some(Token::Name)),
            ("markup.inserted", Some(Token::Text)),
            ("markup.deleted", Some(Token::Keyword)),
        ];
        let meanings = meanings
            .into_iter()
            .filter_map(|(name, token)| Some((Scope::new(name).ok()?, token)))
            .collect();
        Self {
            set: SyntaxSet::load_defaults_newlines(),
            meanings,
        }
    }

    fn grammar(&self, language: &str) -> Option<&SyntaxReference> {
        let name = language.split([',', ' ', '{']).next().unwrap_or_default();
        let name = match name.to_ascii_lowercase().as_str() {
            "console" | "shell" | "zsh" | "shellsession" => "sh".to_owned(),
            "ts" | "tsx" | "jsx" | "typescript" | "mjs" => "js".to_owned(),
            "jsonc" | "json5" | "jsonl" => "json".to_owned(),
            "c++" => "cpp".to_owned(),
            name => name.to_owned(),
        };
        if name.is_empty() {
            return None;
        }
        self.set.find_syntax_by_token(&name)
    }

    /// Returns the pieces of a block that are not plain, as far as the time goes.
    pub(crate) fn paint(&self, language: &str, code: &str, patience: Duration) -> Painted {
        let Some(grammar) = self.grammar(language) else {
            return Painted::new();
        };
        let began = Instant::now();
        let mut state = ParseState::new(grammar);
        let mut stack = ScopeStack::new();
        let mut painted = Painted::new();
        let mut start = 0;
        for line in code.split_inclusive('\n') {
            if start + line.len() > MOST || line.len() > LINE || began.elapsed() > patience {
                break;
            }
            let Ok(changes) = state.parse_line(line, &self.set) else {
                break;
            };
            let mut from = 0;
            for (at, change) in changes {
                self.put(&mut painted, start + from..start + at, &stack);
                from = at;
                if stack.apply(&change).is_err() {
                    return painted;
                }
            }
            self.put(&mut painted, start + from..start + line.len(), &stack);
            start += line.len();
        }
        painted
    }

    fn put(&self, painted: &mut Painted, range: Range<usize>, stack: &ScopeStack) {
        let Some(token) = self.meaning(stack).filter(|_| !range.is_empty()) else {
            return;
        };
        match painted.last_mut() {
            Some((last, own)) if *own == token && last.end == range.start => last.end = range.end,
            _ => painted.push((range, token)),
        }
    }

    fn meaning(&self, stack: &ScopeStack) -> Option<Token> {
        stack.as_slice().iter().rev().find_map(|scope| {
            let mut meanings = self.meanings.iter();
            meanings
                .find(|(prefix, _)| prefix.is_prefix_of(*scope))
                .map(|(_, token)| *token)
        })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(language: &str, code: &str) -> Vec<(String, Token)> {
        let brush = Brush::load();
        let painted = brush.paint(language, code, Duration::from_secs(60));
        let words = painted.into_iter();
        words
            .map(|(range, token)| (code[range].trim().to_owned(), token))
            .filter(|(word, _)| !word.is_empty())
            .collect()
    }

    #[test]
    fn the_words_of_code_are_told_apart() {
        let words = told(
            "rust",
            "// why\nfn count() -> usize {\n    let n = 70; \"x\"\n}\n",
        );
        let has = |word: &str, token| words.contains(&(word.to_owned(), token));
        assert!(has("// why", Token::Comment), "{words:?}");
        assert!(has("fn", Token::Keyword), "{words:?}");
        assert!(has("count", Token::Name), "{words:?}");
        assert!(has("70", Token::Number), "{words:?}");
        assert!(has("\"x\"", Token::Text), "{words:?}");
        for language in [
            "sh",
            "console",
            "python",
            "json",
            "ts",
            "c++",
            "diff",
            "Rust,ignore",
        ] {
            assert!(
                !told(language, "\"a\" 1 # b\n+c\n").is_empty(),
                "{language}"
            );
        }
        assert_eq!(told("no such language", "fn x"), []);
        assert_eq!(told("", "fn x"), []);
    }

    #[test]
    fn a_huge_block_is_painted_only_as_far_as_its_time_goes() {
        let brush = Brush::load();
        let code = "let x = \"text\"; // note\n".repeat(20_000);
        let began = Instant::now();
        let painted = brush.paint("rust", &code, Duration::from_millis(20));
        assert!(painted.iter().all(|(range, _)| range.end <= MOST));
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );
        let long = format!("\"{}\"", "x".repeat(LINE));
        assert_eq!(brush.paint("rust", &long, PATIENCE), Painted::new());
    }
}
