//! What single commands would destroy, told by their words.

use std::path::{Path, PathBuf};

use globset::GlobBuilder;

use super::text::is_disk;
use super::{Floor, OWN};
use crate::approvals::programs;

/// Folders of a system that a pattern may match.
const TOPS: &[&str] = &[
    "/Applications",
    "/Library",
    "/System",
    "/Users",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/opt",
    "/root",
    "/sbin",
    "/srv",
    "/usr",
    "/var",
];

/// Returns true for what makes `find` delete what it finds.
fn deletes(arg: &str) -> bool {
    let name = programs::name(arg);
    arg == "-delete" || matches!(name, "rm" | "rmdir" | "shred" | "srm" | "unlink")
}

/// Returns true for what changes the disk that it names.
fn changes_disk(name: &str, args: &[&str]) -> bool {
    let any = |beginnings: &[&str]| {
        let begins = |arg: &&str| beginnings.iter().any(|own| arg.starts_with(own));
        args.iter().any(begins)
    };
    match name {
        "blkdiscard" | "fdisk" | "parted" | "sfdisk" | "sgdisk" | "wipefs" => true,
        "badblocks" => any(&["-w", "-n"]),
        "cryptsetup" => any(&["luksFormat", "luksErase", "erase", "format", "reencrypt"]),
        "hdparm" => any(&["--security", "--trim", "--write", "--make-bad", "--yes"]),
        "nvme" => any(&["format", "sanitize", "write"]),
        _ => false,
    }
}

/// Returns true for what makes a file system.
fn formats(name: &str) -> bool {
    let others = ["mke2fs", "mkdosfs", "mkntfs", "mkswap", "mkudffs", "newfs"];
    name == "mkfs" || name.starts_with("mkfs.") || others.contains(&name)
}

impl Floor {
    /// Judges one command that runs no other.
    pub(super) fn plain(&self, words: &[&str], cwd: &str) -> Option<String> {
        let mut words = words.iter().copied().skip_while(|word| word.contains('='));
        let program = words.next()?;
        let args: Vec<&str> = words.collect();
        let name = programs::name(program);
        match name {
            "rm" | "rmdir" | "shred" | "srm" | "unlink" | "truncate" | "chmod" | "chown" => {
                let deep = matches!(name, "rm" | "shred" | "srm")
                    || args
                        .iter()
                        .any(|arg| arg.starts_with('-') && arg.contains(['R', 'r']));
                args.iter()
                    .filter(|arg| !arg.starts_with('-'))
                    .find_map(|arg| self.precious(arg, cwd, deep))
                    .map(|what| format!("`{name}` would destroy {what}"))
            }
            // What is moved away is gone from its place; where it goes to is not destroyed by that,
            // but for the daemon's own files.
            "mv" => {
                let paths: Vec<&str> = args
                    .into_iter()
                    .filter(|arg| !arg.starts_with('-'))
                    .collect();
                let (target, sources) = paths.split_last()?;
                let moved = sources.iter().find_map(|arg| self.precious(arg, cwd, true));
                moved
                    .or_else(|| {
                        self.precious(target, cwd, true)
                            .filter(|what| what.starts_with(OWN))
                    })
                    .map(|what| format!("`mv` would destroy {what}"))
            }
            "find" if args.iter().any(|arg| deletes(arg)) => args
                .iter()
                .filter(|arg| !arg.starts_with('-'))
                .find_map(|arg| self.precious(arg, cwd, true))
                .map(|what| format!("`find` would destroy {what}")),
            // What is not in the source goes from the target, which comes last.
            "rsync" if args.iter().any(|arg| arg.starts_with("--del")) => args
                .iter()
                .rfind(|arg| !arg.starts_with('-'))
                .and_then(|target| self.precious(target, cwd, true))
                .map(|what| format!("`rsync` would destroy {what}")),
            "dd" => args
                .iter()
                .filter_map(|arg| arg.strip_prefix("of="))
                .find_map(|target| self.disk(target, cwd))
                .map(|target| format!("`dd` would overwrite {target}")),
            // What comes last is written; what is before it is only read.
            "cp" | "install" | "ln" => args
                .iter()
                .rfind(|arg| !arg.starts_with('-'))
                .and_then(|target| self.disk(target, cwd))
                .map(|target| format!("`{name}` would overwrite the disk {target}")),
            "tee" | "sponge" => args
                .iter()
                .find_map(|target| self.disk(target, cwd))
                .map(|target| format!("`{name}` would overwrite the disk {target}")),
            _ if changes_disk(name, &args) => args
                .iter()
                .find(|arg| is_disk(arg))
                .map(|target| format!("`{name}` would change the disk {target}")),
            _ if formats(name) => Some(format!("`{name}` would format a disk")),
            _ => None,
        }
    }

    /// Returns the disk that a word names.
    pub(super) fn disk(&self, word: &str, cwd: &str) -> Option<String> {
        let path = self.path(word, cwd).to_string_lossy().into_owned();
        is_disk(&path).then_some(path)
    }

    /// Returns what precious thing a pattern matches; `None` where a word is no pattern.
    fn matched(&self, arg: &str, cwd: &str, deep: bool) -> Option<String> {
        if !deep || !arg.contains(['*', '?', '[', '{']) {
            return None;
        }
        // Braces stand for words before they are paths.
        let pattern = match arg.strip_prefix('{') {
            Some(_) => arg.to_owned(),
            None => self.path(arg, cwd).to_string_lossy().into_owned(),
        };
        let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
        let glob = glob.ok()?.compile_matcher();
        let tops = TOPS.iter().map(PathBuf::from);
        let precious = self
            .homes
            .iter()
            .chain(&self.own)
            .flat_map(|path| path.ancestors());
        precious
            .map(Path::to_path_buf)
            .chain(tops)
            .find(|path| glob.is_match(path))
            .and_then(|path| self.destroyed(&path))
    }

    /// Returns what precious thing a word names; `None` for an ordinary one.
    fn precious(&self, arg: &str, cwd: &str, deep: bool) -> Option<String> {
        if let Some(found) = self.matched(arg, cwd, deep) {
            return Some(found);
        }
        let trimmed = arg.trim_end_matches(['*', '.']).trim_end_matches('/');
        let starred = trimmed.len() < arg.trim_end_matches('/').len();
        let path = if trimmed.is_empty() && arg.starts_with('/') {
            self.path("/", cwd)
        } else if starred && !trimmed.is_empty() {
            self.path(trimmed, cwd)
        } else {
            self.path(arg, cwd)
        };
        if deep || path == Path::new("/") || is_disk(&path.to_string_lossy()) {
            return self.destroyed(&path);
        }
        None
    }
}
