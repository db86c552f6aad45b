//! `read_file`: tells the lines of a file.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use smartopol_protocol::tool::{Inspection, ToolOutput, ToolSpec};
use tokio_util::sync::CancellationToken;

use super::{Target, blocking, count, io_failed, open, stopped};
use crate::args::Args;
use crate::registry::{Running, Tool};
use crate::{House, Run, answer};

const NAME: &str = "read_file";
const FIELDS: &[&str] = &["path", "offset_lines", "limit_lines"];

/// How many lines are told where no number is given.
const LINES: u64 = 2_000;

/// The most bytes told at once.
const READ_BYTES: usize = 96 * 1024;

/// The most bytes told of one line.
const LINE_BYTES: usize = 4 * 1024;

/// How much of a file is looked at to tell text from other things.
const SNIFF_BYTES: usize = 8 * 1024;

/// How far into a file lines are still counted.
const COUNT_BYTES: u64 = 256 * 1024 * 1024;

/// Tells the lines of a file.
pub(crate) struct ReadFile;

impl Tool for ReadFile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn spec(&self, _: &House) -> ToolSpec {
        ToolSpec {
            name: NAME.into(),
            description: format!(
                "Returns the text of a file, {LINES} lines from its beginning where nothing else \
                 is asked. A note at the end says what was left out and how to go on."
            ),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "The file; relative to the workspace."},
                    "offset_lines": {"type": "integer", "minimum": 0,
                        "description": "How many lines to skip first."},
                    "limit_lines": {"type": "integer", "minimum": 1,
                        "description": "How many lines to return."},
                },
                "required": ["path"],
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
        let title = format!("read {}", plan.target.shown);
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
    skip: u64,
    limit: u64,
}

impl Plan {
    fn of(input: &Value, workspace: &Path) -> Result<Self, ToolOutput> {
        let args = Args::of(NAME, input, FIELDS)?;
        let limit = args.number("limit_lines", 1..=u64::from(u32::MAX))?;
        Ok(Self {
            target: Target::needed(&args, workspace)?,
            skip: args.number("offset_lines", 0..=u64::MAX)?.unwrap_or(0),
            limit: limit.unwrap_or(LINES),
        })
    }

    fn run(self, stop: &CancellationToken) -> Result<ToolOutput, ToolOutput> {
        let shown = &self.target.shown;
        let (file, metadata) = open::regular(&self.target.path, shown)?;
        let failed = |err: std::io::Error| io_failed("read", shown, &err);
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let beginning = file.fill_buf().map_err(failed)?;
        let sniffed = beginning.get(..SNIFF_BYTES.min(beginning.len()));
        if open::is_binary(sniffed.unwrap_or_default()) {
            return Err(ToolOutput {
                details: json!({ "bytes": metadata.len(), "binary": true }),
                ..answer::failed(format!(
                    "`{shown}` is no text but binary data of {}. Use exec with a program that understands it.",
                    answer::size(metadata.len())
                ))
            });
        }
        let mut lines = Lines::new(self.skip, self.limit);
        lines.read(&mut file, stop).map_err(failed)?;
        if stop.is_cancelled() {
            return Err(stopped());
        }
        Ok(lines.told(&self, metadata.len()))
    }
}

/// The lines of a file as they go by; keeps only what is told.
struct Lines {
    skip: u64,
    limit: u64,
    kept: Vec<u8>,
    /// Lines begun so far.
    seen: u64,
    told: u64,
    full: bool,
    long_lines: u64,
    /// False where the end of the file was too far away to count.
    counted: bool,
}

impl Lines {
    fn new(skip: u64, limit: u64) -> Self {
        Self {
            skip,
            limit,
            kept: Vec::new(),
            seen: 0,
            told: 0,
            full: false,
            long_lines: 0,
            counted: true,
        }
    }

    fn read(
        &mut self,
        file: &mut BufReader<File>,
        stop: &CancellationToken,
    ) -> std::io::Result<()> {
        let mut total = 0;
        let mut in_line: Option<usize> = None;
        while !stop.is_cancelled() {
            let buffer = file.fill_buf()?;
            let length = buffer.len();
            if length == 0 {
                break;
            }
            if self.is_past() {
                self.pass(buffer, &mut in_line);
            } else {
                for piece in buffer.split_inclusive(|byte| *byte == b'\n') {
                    self.take(piece, &mut in_line);
                }
            }
            file.consume(length);
            total += length as u64;
            if total >= COUNT_BYTES && self.is_past() {
                self.counted = false;
                break;
            }
        }
        Ok(())
    }

    fn is_past(&self) -> bool {
        self.full || self.told >= self.limit
    }

    /// Counts lines without keeping them.
    fn pass(&mut self, buffer: &[u8], in_line: &mut Option<usize>) {
        let ends = buffer.iter().filter(|byte| **byte == b'\n').count() as u64;
        let open = buffer.last().is_some_and(|byte| *byte != b'\n');
        self.seen += ends + u64::from(open) - u64::from(in_line.is_some());
        *in_line = open.then_some(0);
    }

    /// Takes a line, or a piece of one.
    fn take(&mut self, piece: &[u8], in_line: &mut Option<usize>) {
        if in_line.is_none() {
            self.seen += 1;
        }
        let ended = piece.ends_with(b"\n");
        let wanted = self.seen > self.skip && self.seen - self.skip <= self.limit && !self.full;
        let have = in_line.unwrap_or(0);
        if wanted {
            if in_line.is_none() && self.kept.len() >= READ_BYTES {
                self.full = true;
            } else {
                self.keep(piece, have, ended);
                if ended {
                    self.told += 1;
                }
            }
        }
        *in_line = (!ended).then_some(have + piece.len());
    }

    fn keep(&mut self, piece: &[u8], have: usize, ended: bool) {
        let room = LINE_BYTES.saturating_sub(have);
        if piece.len() <= room || (ended && piece.len() == room + 1) {
            self.kept.extend_from_slice(piece);
            return;
        }
        self.kept
            .extend_from_slice(piece.get(..room).unwrap_or_default());
        if have <= LINE_BYTES {
            self.long_lines += 1;
            self.kept.extend_from_slice("… [line cut]".as_bytes());
        }
        if ended {
            self.kept.push(b'\n');
        }
    }

    fn told(self, plan: &Plan, bytes: u64) -> ToolOutput {
        let text = String::from_utf8(self.kept);
        let (mut text, lossy) = match text {
            Ok(text) => (text, false),
            Err(err) => (String::from_utf8_lossy(err.as_bytes()).into_owned(), true),
        };
        let lines = text.lines().count() as u64;
        let last = plan.skip + lines;
        let mut notes = Vec::new();
        let total = count(self.seen, "line");
        if self.seen == 0 {
            notes.push("the file is empty".to_string());
        } else if lines == 0 {
            notes.push(format!("nothing there: the file has {total}"));
        } else if plan.skip > 0 || last < self.seen {
            let more = if self.counted { "" } else { "more than " };
            notes.push(format!(
                "lines {} to {last} of {more}{total}",
                plan.skip + 1
            ));
        }
        if last < self.seen && lines > 0 {
            notes.push(format!("go on with offset_lines = {last}"));
        }
        if self.long_lines > 0 {
            notes.push(format!(
                "{} cut at {LINE_BYTES} bytes",
                count(self.long_lines, "line")
            ));
        }
        if lossy {
            notes.push("bytes that are no UTF-8 are shown as \u{fffd}".into());
        }
        if !notes.is_empty() {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&format!("[{}]", notes.join("; ")));
        }
        let details = json!({ "bytes": bytes, "lines": lines, "total_lines": self.seen });
        answer::done(text, details)
    }
}
