//! The net below the grammar: every stretch of a command line between separators.
//!
//! Owns: what is looked at where a line was not understood, or where a command runs others. Each
//! word may be where a command begins: options take values, and a quoted text may hold a line.

use super::{Floor, OWN};
use crate::approvals::{programs, stretches};

/// Words before the program that change nothing about what it destroys.
const PREFIXES: &[&str] = &[
    "sudo", "doas", "env", "nice", "nohup", "time", "command", "exec", "builtin", "setsid", "then",
    "do", "else", "{", "!",
];

/// How many folders a line that was not understood is judged in.
const FOLDERS: usize = 16;

impl Floor {
    /// Judges the text of a command line.
    pub(super) fn text(&self, text: &str, cwd: &str) -> Option<String> {
        if super::bomb::is_bomb(text) {
            return Some("it is a fork bomb".into());
        }
        stretches::of(text)
            .find_map(|words| self.command(&words, cwd))
            .or_else(|| self.redirected(text, cwd))
            .or_else(|| self.takes_over(text, cwd))
    }

    /// Judges a line that was not understood in every folder that it may go to.
    pub(super) fn elsewhere(&self, text: &str, cwd: &str) -> Option<String> {
        let mut folders: Vec<String> = Vec::new();
        for words in stretches::of(text) {
            for at in 0..words.len() {
                let Some([name, rest @ ..]) = words.get(at..) else {
                    continue;
                };
                let goal = rest.iter().find(|word| !word.starts_with('-'));
                if !matches!(name.as_str(), "cd" | "chdir" | "pushd") {
                    continue;
                }
                let goal = goal.map_or("~", String::as_str);
                let from = std::iter::once(cwd).chain(folders.iter().map(String::as_str));
                let gone: Vec<String> = from
                    .map(|from| self.path(goal, from).to_string_lossy().into_owned())
                    .collect();
                folders.extend(gone);
                folders.sort_unstable();
                folders.dedup();
                folders.truncate(FOLDERS);
            }
        }
        let stretches = || {
            folders.iter().map(String::as_str).flat_map(|folder| {
                let words = stretches::of(text);
                words.map(move |words| (words, folder))
            })
        };
        let here = stretches::of(text).map(|words| (words, cwd));
        stretches()
            .find_map(|(words, folder)| self.command(&words, folder))
            .or_else(|| {
                here.chain(stretches())
                    .find_map(|(words, folder)| self.meddles(&words, folder))
            })
    }

    /// Returns the file of the daemon's own that a stretch names, unless all it does is look.
    fn meddles(&self, words: &[String], cwd: &str) -> Option<String> {
        if programs::only_looks(words) && !words.iter().any(|word| word.contains('>')) {
            return None;
        }
        let named = words.iter().flat_map(|word| word.split(['=', '>', '<']));
        let mut paths = named
            .filter(|word| !word.is_empty())
            .map(|word| self.path(word, cwd));
        let own = paths.find(|path| self.is_own(path))?;
        Some(format!(
            "{} is one of {OWN}, and what is done with it cannot be told",
            own.display()
        ))
    }

    /// Returns the disk that a redirect leads to.
    fn redirected(&self, text: &str, cwd: &str) -> Option<String> {
        text.match_indices('>').find_map(|(at, _)| {
            let word = text
                .get(at..)?
                .trim_start_matches(['>', '|', '&', ' ', '\t'])
                .split(|char: char| char.is_whitespace() || ";|&()<>".contains(char))
                .next()?
                .replace(['"', '\'', '\\'], "");
            let disk = self.disk(&word, cwd)?;
            Some(format!("it would overwrite the disk {disk}"))
        })
    }

    /// Judges one simple command.
    pub(super) fn command(&self, words: &[String], cwd: &str) -> Option<String> {
        let first = words.iter().find(|word| !word.contains('='))?;
        let name = programs::name(first);
        let runs_what_it_finds = name == "find"
            && words
                .iter()
                .any(|word| word.starts_with("-exec") || word.starts_with("-ok"));
        if !PREFIXES.contains(&name) && !programs::is_runner(name) && !runs_what_it_finds {
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
        "/dev/bcache",
        "/dev/block/",
        "/dev/dm-",
        "/dev/md",
        "/dev/mtd",
        "/dev/nbd",
        "/dev/pmem",
        "/dev/rdisk",
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
