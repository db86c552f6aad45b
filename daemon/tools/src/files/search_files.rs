//! `search_files`: finds lines by a regular expression.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkError, SinkMatch,
};
use serde_json::{Value, json};
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};
use tokio_util::sync::CancellationToken;

use super::walk::{self, Hidden};
use super::{Target, blocking, count, io_failed, open, stopped};
use crate::args::Args;
use crate::registry::{Running, Tool};
use crate::{House, Run, answer};

const NAME: &str = "search_files";
const FIELDS: &[&str] = &[
    "pattern",
    "path",
    "glob",
    "ignore_case",
    "context_lines",
    "max_matches",
];

/// How many matching lines are told where no number is given.
const MATCHES: u64 = 200;

/// The most matching lines that are told.
const MAX_MATCHES: u64 = 2_000;

/// The most lines around a match.
const MAX_CONTEXT: u64 = 20;

/// The most bytes told.
const SEARCH_BYTES: usize = 64 * 1024;

/// The most bytes told of one line.
const LINE_BYTES: usize = 400;

/// The longest line that is looked at; a file with a longer one is skipped.
const HEAP_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes that a regular expression may take when compiled.
const REGEX_BYTES: usize = 10 * 1024 * 1024;

/// Finds lines by a regular expression.
pub(crate) struct SearchFiles;

impl Tool for SearchFiles {
    fn name(&self) -> &'static str {
        NAME
    }

    fn spec(&self, _: &House) -> ToolSpec {
        ToolSpec {
            name: NAME.into(),
            description: format!(
                "Searches files for lines that match a regular expression (Rust's syntax), and \
                 returns them with their numbers, file by file. Hidden files, binary files and \
                 what ignore files such as .gitignore name are left out. {MATCHES} matches by default."
            ),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "pattern": {"type": "string", "description": "The regular expression; it matches within a line."},
                    "path": {"type": "string", "description": "A folder or file; the workspace by default."},
                    "glob": {"type": "string", "description": "Only files whose name or path in the folder matches, such as `*.rs` or `src/**/*.ts`."},
                    "ignore_case": {"type": "boolean", "description": "Letter case does not matter."},
                    "context_lines": {"type": "integer", "minimum": 0, "maximum": MAX_CONTEXT,
                        "description": "Lines to show before and after each match."},
                    "max_matches": {"type": "integer", "minimum": 1, "maximum": MAX_MATCHES,
                        "description": "Stop after so many matching lines."},
                },
                "required": ["pattern"],
                "additionalProperties": false,
            }),
        }
    }

    fn inspect(
        &self,
        house: &House,
        input: &Value,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput> {
        let plan = Plan::of(input, workspace)?;
        let pattern = answer::head(&plan.pattern, 80);
        let title = format!("search {} for {pattern:?}", plan.target.shown);
        Ok(plan.target.read(house, workspace, title))
    }

    fn run(&self, _: Arc<House>, input: Value, run: Run) -> Running {
        Box::pin(blocking(run.cancel, move |stop| {
            Plan::of(&input, &run.workspace)?.run(stop)
        }))
    }
}

struct Plan {
    target: Target,
    pattern: String,
    matcher: RegexMatcher,
    glob: Option<GlobMatcher>,
    context: usize,
    limit: u64,
}

impl Plan {
    fn of(input: &Value, workspace: &Path) -> Result<Self, ToolOutput> {
        let args = Args::of(NAME, input, FIELDS)?;
        let pattern = args.text("pattern")?;
        if pattern.is_empty() {
            return Err(args.refuse("pattern", "it is empty. Send a regular expression."));
        }
        let matcher = RegexMatcherBuilder::new()
            .case_insensitive(args.flag("ignore_case")?)
            .line_terminator(Some(b'\n'))
            .size_limit(REGEX_BYTES)
            .build(pattern)
            .map_err(|err| {
                let why = format!(
                    "it is not a regular expression that matches within a line: {err}. \
                     Write special characters with a backslash to find themselves."
                );
                args.refuse("pattern", &why)
            })?;
        let glob = args.optional_text("glob")?.map(glob).transpose();
        let glob =
            glob.map_err(|err| args.refuse("glob", &format!("{err}. Send one such as `*.rs`.")))?;
        let context = args.number("context_lines", 0..=MAX_CONTEXT)?.unwrap_or(0);
        let target = Target::given(&args, workspace)?;
        Ok(Self {
            target: target.unwrap_or_else(|| Target::of(".", workspace)),
            pattern: pattern.into(),
            matcher,
            glob,
            context: usize::try_from(context).unwrap_or(0),
            limit: args
                .number("max_matches", 1..=MAX_MATCHES)?
                .unwrap_or(MATCHES),
        })
    }

    fn run(self, stop: &CancellationToken) -> Result<ToolOutput, ToolOutput> {
        let Target { path, shown, .. } = &self.target;
        let metadata = std::fs::metadata(path).map_err(|err| io_failed("searched", shown, &err))?;
        let mut searcher = SearcherBuilder::new()
            .binary_detection(BinaryDetection::quit(0))
            .line_number(true)
            .before_context(self.context)
            .after_context(self.context)
            .heap_limit(Some(HEAP_BYTES))
            .build();
        let mut found = Found::new(self.limit);
        if !metadata.is_dir() {
            let (file, _) = open::regular(path, shown)?;
            found.search(&mut searcher, &self.matcher, file, shown, stop);
        } else {
            for entry in walk::begin(path, Hidden::Skipped, None) {
                if stop.is_cancelled() || found.full {
                    break;
                }
                let Ok(entry) = entry else {
                    found.skipped += 1;
                    continue;
                };
                let name = entry.path().strip_prefix(path).unwrap_or(entry.path());
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                if !is_file || self.glob.as_ref().is_some_and(|glob| !glob.is_match(name)) {
                    continue;
                }
                match File::open(entry.path()) {
                    Ok(file) => {
                        let name = name.to_string_lossy();
                        found.search(&mut searcher, &self.matcher, file, &name, stop);
                    }
                    Err(_) => found.skipped += 1,
                }
            }
        }
        if stop.is_cancelled() {
            return Err(stopped());
        }
        Ok(found.told())
    }
}

/// A glob without `/` is about names, in whatever folder.
fn glob(text: &str) -> Result<GlobMatcher, globset::Error> {
    let text = text.trim_start_matches("./");
    let whole = if text.contains('/') {
        text.trim_start_matches('/').into()
    } else {
        format!("**/{text}")
    };
    let glob = GlobBuilder::new(&whole).literal_separator(true).build()?;
    Ok(glob.compile_matcher())
}

/// What was found so far.
struct Found {
    text: String,
    matches: u64,
    limit: u64,
    files: u64,
    searched: u64,
    skipped: u64,
    full: bool,
}

impl Found {
    fn new(limit: u64) -> Self {
        Self {
            text: String::new(),
            matches: 0,
            limit,
            files: 0,
            searched: 0,
            skipped: 0,
            full: false,
        }
    }

    fn search(
        &mut self,
        searcher: &mut Searcher,
        matcher: &RegexMatcher,
        file: File,
        name: &str,
        stop: &CancellationToken,
    ) {
        self.searched += 1;
        let before = self.text.len();
        let matches = self.matches;
        let mut lines = Lines {
            found: self,
            name,
            begun: false,
            binary: false,
        };
        let result = searcher.search_reader(matcher, Stoppable { file, stop }, &mut lines);
        let binary = lines.binary;
        if binary && !self.full {
            // Its beginning looked like text, and what was found there means nothing.
            self.files -= u64::from(self.matches > matches);
            self.text.truncate(before);
            self.matches = matches;
        } else if result.is_err() {
            self.skipped += 1;
        }
    }

    fn told(mut self) -> ToolOutput {
        let files = count(self.searched, "file");
        let mut notes = Vec::new();
        if self.matches == 0 {
            notes.push(format!("no match in {files}"));
        } else {
            notes.push(format!(
                "{} in {}",
                count(self.matches, "match"),
                count(self.files, "file")
            ));
        }
        if self.full {
            notes.push("cut there: search a folder in it, with a `glob`, or for less".into());
        }
        if self.skipped > 0 {
            notes.push(format!("{} could not be read", count(self.skipped, "file")));
        }
        self.text.push_str(&format!("[{}]", notes.join("; ")));
        let details = json!({
            "matches": self.matches,
            "files": self.files,
            "searched": self.searched,
            "cut": self.full,
        });
        answer::done(self.text, details)
    }
}

/// Takes the lines of one file.
struct Lines<'a> {
    found: &'a mut Found,
    name: &'a str,
    begun: bool,
    binary: bool,
}

impl Lines<'_> {
    fn line(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) {
        if !self.begun {
            self.begun = true;
            self.found.files += 1;
            self.found.text.push_str(self.name);
            self.found.text.push('\n');
        }
        let line = String::from_utf8_lossy(bytes);
        let line = line.trim_end_matches(['\r', '\n']);
        let head = answer::head(line, LINE_BYTES);
        let more = if head.len() < line.len() {
            " … [line cut]"
        } else {
            ""
        };
        let number = number.unwrap_or(0);
        self.found
            .text
            .push_str(&format!("{number}{mark} {head}{more}\n"));
    }
}

impl Sink for Lines<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        if self.found.matches >= self.found.limit || self.found.text.len() >= SEARCH_BYTES {
            self.found.full = true;
            return Ok(false);
        }
        self.found.matches += 1;
        self.line(found.line_number(), ':', found.bytes());
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> io::Result<bool> {
        self.line(context.line_number(), '-', context.bytes());
        Ok(true)
    }

    fn context_break(&mut self, _: &Searcher) -> io::Result<bool> {
        self.found.text.push_str("--\n");
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> io::Result<bool> {
        self.binary = true;
        Ok(false)
    }
}

/// A file whose reading stops with the turn.
struct Stoppable<'a> {
    file: File,
    stop: &'a CancellationToken,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::error_message("stopped"));
        }
        self.file.read(buffer)
    }
}
