//! What no mode, rule or answer can allow.
//!
//! Owns: destroying the home folder, a root, a disk, or the daemon's own files; fork bombs; turning
//! the floor off. It looks at what a call is known to do, and at every stretch of its text besides,
//! so that a line which cannot be understood does not slip past: it errs on refusing.

mod bomb;
mod destroys;
mod takeover;
mod text;

use std::path::{Path, PathBuf};

use smartopol_protocol::tool::{Body, Effect, Inspection};

/// What nothing may destroy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Floor {
    home: PathBuf,
    /// The home as it is spelled and as its links lead.
    homes: Vec<PathBuf>,
    own: Vec<PathBuf>,
    /// Where the files are that say who the agent is.
    persona: Vec<PathBuf>,
}

/// How the daemon's own files are named in a reason.
const OWN: &str = "the daemon's own";

impl Floor {
    /// Protects a home folder and the daemon's own files and folders.
    pub(crate) fn new(home: impl Into<PathBuf>, own: Vec<PathBuf>) -> Self {
        let home = home.into();
        let homes = spellings(&home);
        let own = own.iter().flat_map(|path| spellings(path)).collect();
        Self {
            home,
            homes,
            own,
            persona: Vec::new(),
        }
    }

    /// Knows where the files are that say who the agent is.
    #[must_use]
    pub(crate) fn with_persona(mut self, folder: &Path) -> Self {
        self.persona = spellings(folder);
        self
    }

    /// Returns why a change there is no matter of any workspace: what is written there is told to the
    /// model from the next turn on, in every session.
    pub(crate) fn persona(&self, effect: &Effect) -> Option<String> {
        let (Effect::Write { path, .. } | Effect::Delete { path, .. }) = effect else {
            return None;
        };
        let own = |folder: &PathBuf| Path::new(path).starts_with(folder);
        self.persona
            .iter()
            .any(own)
            .then(|| format!("it changes {path}, which says who the agent is"))
    }

    /// Returns the home folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Returns why a call is refused; `None` where the floor has nothing to say.
    pub(crate) fn refuses(&self, inspection: &Inspection) -> Option<String> {
        let by_effect = inspection
            .effects
            .iter()
            .find_map(|effect| self.effect(effect, &inspection.cwd));
        by_effect.or_else(|| match &inspection.body {
            Body::Command { text, .. } => {
                let cwd = &inspection.cwd;
                let unclear = |effect: &Effect| matches!(effect, Effect::Unclear { .. });
                let elsewhere = || {
                    let vague = inspection.effects.iter().any(unclear);
                    vague.then(|| self.elsewhere(text, cwd)).flatten()
                };
                self.text(text, cwd).or_else(elsewhere)
            }
            Body::Diff { .. } | Body::None => None,
        })
    }

    fn effect(&self, effect: &Effect, cwd: &str) -> Option<String> {
        match effect {
            Effect::Write { path, .. } => self.written(path),
            Effect::Delete {
                path, recursive, ..
            } => self.deleted(path, *recursive),
            Effect::Run { words, .. } => self.command(words, cwd),
            Effect::Process { what } => takeover::signals(what),
            Effect::Read { .. }
            | Effect::Unclear { .. }
            | Effect::Network { .. }
            | Effect::Privilege { .. } => None,
        }
    }

    fn written(&self, path: &str) -> Option<String> {
        if self.is_own(Path::new(path)) {
            return Some(format!("{path} is one of the daemon's own files"));
        }
        text::is_disk(path).then(|| format!("it would overwrite the disk {path}"))
    }

    /// Returns why a known deletion is refused. What a pattern deletes lies in its folder.
    fn deleted(&self, path: &str, recursive: bool) -> Option<String> {
        let globbed = path.find(['*', '?', '[']).and_then(|at| {
            let start = path.get(..at)?;
            start.get(..start.rfind('/')?)
        });
        let path = match globbed {
            Some("") => Path::new("/"),
            Some(folder) => Path::new(folder),
            None => Path::new(path),
        };
        let what = if recursive || globbed.is_none() {
            self.destroyed(path)
        } else {
            None
        };
        what.map(|what| format!("it would destroy {what}"))
    }

    /// Returns what precious thing goes with a path and all below it.
    fn destroyed(&self, path: &Path) -> Option<String> {
        if path == Path::new("/") {
            return Some("the root of the file system".into());
        }
        if text::is_disk(&path.to_string_lossy()) {
            return Some(format!("the disk {}", path.display()));
        }
        let is_home = |home: &PathBuf| !home.as_os_str().is_empty() && home.starts_with(path);
        if self.homes.iter().any(is_home) {
            return Some("the home folder".into());
        }
        let near = |own: &&PathBuf| own.starts_with(path) || path.starts_with(own);
        if let Some(own) = self.own.iter().find(near) {
            return Some(format!("{OWN} {}", own.display()));
        }
        let top = path.parent() == Some(Path::new("/"));
        (top && path != Path::new("/tmp")).then(|| format!("the system folder {}", path.display()))
    }

    fn is_own(&self, path: &Path) -> bool {
        self.own.iter().any(|own| path.starts_with(own))
    }

    /// Returns a word as a path: absolute, `~` and `$HOME` resolved, without `.` and `..`.
    fn path(&self, word: &str, cwd: &str) -> PathBuf {
        let home = self.home.to_string_lossy();
        let spelled = word.replace("${HOME}", &home).replace("$HOME", &home);
        let spelled = match spelled.strip_prefix('~') {
            Some(rest) => {
                let (user, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let own = self.home.file_name().is_some_and(|name| name == user);
                match user {
                    "root" => format!("/root{below}"),
                    user if user.is_empty() || own => format!("{home}{below}"),
                    _ => spelled,
                }
            }
            None => spelled,
        };
        super::coverage::normal(&Path::new(cwd).join(spelled))
    }
}

/// Returns a path as it is given and, where links lead elsewhere, as it really is.
fn spellings(path: &Path) -> Vec<PathBuf> {
    let mut all = vec![path.to_path_buf()];
    let folder = path.parent().and_then(|parent| parent.canonicalize().ok());
    let real = match (path.canonicalize(), folder, path.file_name()) {
        (Ok(real), ..) => Some(real),
        (Err(_), Some(folder), Some(name)) => Some(folder.join(name)),
        _ => None,
    };
    all.extend(real.filter(|real| real != path));
    all
}

#[cfg(test)]
mod tests;
