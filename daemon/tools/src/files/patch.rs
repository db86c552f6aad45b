//! Applies a unified diff to a text: all hunks or nothing.
//!
//! Models count badly, so the numbers in a hunk's head are taken as a hint of where it belongs;
//! its lines must fit exactly.

use std::fmt::Write;

use smartopol_protocol::tool::ToolOutput;

use crate::answer;

/// Returns `text` with `patch` applied.
pub(super) fn apply(text: &str, patch: &str, shown: &str) -> Result<String, ToolOutput> {
    let normal = normal(patch)?;
    let parsed = diffy::Patch::from_str(&normal).map_err(|err| {
        answer::failed(format!(
            "The patch cannot be read: {err}. Send a unified diff."
        ))
    })?;
    fitted(text, &parsed).map_err(|err| {
        answer::failed(format!(
            "The patch does not fit `{shown}`, so nothing was changed: {err}. \
             Read the file again and make the patch from what it holds."
        ))
    })
}

/// Applies a patch that may not know of a missing last line break, or of CRLF line ends.
fn fitted(text: &str, patch: &diffy::Patch<'_, str>) -> Result<String, diffy::ApplyError> {
    let exact = diffy::apply(text, patch);
    if exact.is_ok() {
        return exact;
    }
    if has_crlf(text) {
        let changed = diffy::apply(&text.replace("\r\n", "\n"), patch)?;
        return Ok(changed.replace('\n', "\r\n"));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        let mut changed = diffy::apply(&format!("{text}\n"), patch)?;
        if changed.ends_with('\n') {
            changed.pop();
        }
        return Ok(changed);
    }
    exact
}

/// Returns true where every line of a text ends with CRLF.
pub(super) fn has_crlf(text: &str) -> bool {
    let ends = text.matches('\n').count();
    ends > 0 && text.matches("\r\n").count() == ends
}

/// Returns the hunks of a patch with heads that count right.
fn normal(patch: &str) -> Result<String, ToolOutput> {
    let mut out = String::from("--- a\n+++ b\n");
    let mut files = 0;
    let mut hunk: Option<Hunk<'_>> = None;
    let mut hunks = 0;
    let mut offset = 0;
    let mut lines = patch.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("@@") {
            close(hunk.take(), &mut out, &mut offset);
            hunk = Some(Hunk::headed(line));
            hunks += 1;
            continue;
        }
        let is_head =
            line.starts_with("--- ") && lines.peek().is_some_and(|next| next.starts_with("+++ "));
        if is_head {
            close(hunk.take(), &mut out, &mut offset);
            lines.next();
            files += 1;
            continue;
        }
        if let Some(hunk) = &mut hunk
            && !hunk.take(line)
        {
            return Err(answer::failed(format!(
                "The patch cannot be read: a line of a hunk begins with none of `+`, `-`, blank: `{}`. \
                 Send a unified diff.",
                answer::head(line.trim_end(), 100)
            )));
        }
    }
    close(hunk, &mut out, &mut offset);
    if files > 1 {
        return Err(answer::failed(
            "The patch is for several files. Send one edit_file for each.",
        ));
    }
    if hunks == 0 {
        return Err(answer::failed(
            "The patch has no hunk, which begins with `@@`. Send a unified diff.",
        ));
    }
    Ok(out)
}

/// One hunk as it is read.
struct Hunk<'a> {
    /// The line it says that it begins at.
    start: usize,
    lines: Vec<&'a str>,
    old: usize,
    new: usize,
    /// Empty lines at the end may be a context line, or only the end of the patch.
    blank: Vec<&'a str>,
}

impl<'a> Hunk<'a> {
    fn headed(head: &str) -> Self {
        let digits: String = head
            .chars()
            .skip_while(|char| *char != '-')
            .skip(1)
            .take_while(char::is_ascii_digit)
            .collect();
        Self {
            start: digits.parse().unwrap_or(1),
            lines: Vec::new(),
            old: 0,
            new: 0,
            blank: Vec::new(),
        }
    }

    fn take(&mut self, line: &'a str) -> bool {
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            self.blank.push(line);
            return true;
        }
        if !line.starts_with(['+', '-', ' ', '\\']) {
            // What stands between the files of a git diff.
            return [
                "diff ",
                "index ",
                "new file",
                "deleted file",
                "old mode",
                "new mode",
            ]
            .iter()
            .any(|own| line.starts_with(own));
        }
        self.old += self.blank.len();
        self.new += self.blank.len();
        self.lines.append(&mut self.blank);
        match line.as_bytes().first() {
            Some(b'+') => self.new += 1,
            Some(b'-') => self.old += 1,
            Some(b' ') => {
                self.old += 1;
                self.new += 1;
            }
            _ => {}
        }
        self.lines.push(line);
        true
    }
}

fn close(hunk: Option<Hunk<'_>>, out: &mut String, offset: &mut isize) {
    let Some(hunk) = hunk else { return };
    let start = hunk.start.saturating_add_signed(*offset);
    let (old, new) = (hunk.old, hunk.new);
    let _ = writeln!(out, "@@ -{},{old} +{start},{new} @@", hunk.start);
    for line in hunk.lines {
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            out.push(' ');
        }
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push('\n');
        }
    }
    *offset += new.cast_signed() - old.cast_signed();
}
