//! The net below the grammar: every stretch of a command line between separators.
//!
//! Owns: what is looked at where a line was not understood, or where a command runs others. Each
//! word may be where a command begins: options take values, and a quoted text may hold a line.

use super::Floor;
use crate::approvals::{programs, stretches};

/// Words before the program that change nothing about what it destroys.
const PREFIXES: &[&str] = &[
    "sudo", "doas", "env", "nice", "nohup", "time", "command", "exec", "builtin", "setsid", "then",
    "do", "else", "{", "!",
];

impl Floor {
    /// Judges the text of a command line.
    pub(super) fn text(&self, text: &str, cwd: &str) -> Option<String> {
        if is_fork_bomb(text) {
            return Some("it is a fork bomb".into());
        }
        stretches::of(text)
            .find_map(|words| self.command(&words, cwd))
            .or_else(|| self.takes_over(text, cwd))
    }

    /// Judges one simple command.
    pub(super) fn command(&self, words: &[String], cwd: &str) -> Option<String> {
        let first = words.iter().find(|word| !word.contains('='))?;
        let name = programs::name(first);
        if !PREFIXES.contains(&name) && !programs::is_runner(name) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            return self.each(&words, cwd);
        }
        let flat: Vec<&str> = words
            .iter()
            .flat_map(|word| word.split_whitespace())
            .collect();
        stretches::starts(&flat).find_map(|words| self.each(words, cwd))
    }

    fn each(&self, words: &[&str], cwd: &str) -> Option<String> {
        self.plain(words, cwd)
            .or_else(|| super::takeover::command(words))
    }
}

/// Returns true for the file of a disk.
pub(super) fn is_disk(path: &str) -> bool {
    [
        "/dev/sd",
        "/dev/hd",
        "/dev/vd",
        "/dev/xvd",
        "/dev/nvme",
        "/dev/mmcblk",
        "/dev/disk",
        "/dev/mapper/",
    ]
    .iter()
    .any(|disk| path.starts_with(disk))
}

/// Returns true for a function that starts itself twice, as in `:(){ :|:& };:`.
fn is_fork_bomb(text: &str) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let named = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '@');
    dense.match_indices(['|', '&']).any(|(at, _)| {
        let (before, after) = dense.split_at(at);
        let name: String = after.chars().skip(1).take_while(named).collect();
        let own = before.strip_suffix(name.as_str());
        !name.is_empty()
            && own.is_some_and(|own| !own.ends_with(|c| named(&c)))
            && (dense.contains(&format!("{name}(){{"))
                || dense.contains(&format!("{name}()("))
                || dense.contains(&format!("function{name}{{")))
    })
}
