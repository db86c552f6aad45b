//! Tells effects: paths against the folders that a command may run in, hosts, doubts.

use std::path::{Path, PathBuf};

use smartopol_protocol::tool::{Effect, Place};

use super::argument::{Arg, Unknown};
use super::flow::State;
use super::{Last, Teller};

/// Files that are none.
const NO_FILES: &[&str] = &[
    "/dev/null",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

impl Teller<'_> {
    pub(super) fn tell(&mut self, effect: Effect) {
        if !self.meaning.effects.contains(&effect) {
            self.meaning.effects.push(effect);
        }
    }

    pub(super) fn unclear(&mut self, why: impl Into<String>) {
        self.tell(Effect::Unclear { why: why.into() });
    }

    /// Returns how many doubts were told.
    pub(super) fn doubts(&self) -> usize {
        let unclear = |effect: &&Effect| matches!(effect, Effect::Unclear { .. });
        self.meaning.effects.iter().filter(unclear).count()
    }

    pub(super) fn privilege(&mut self, how: impl Into<String>) {
        self.tell(Effect::Privilege { how: how.into() });
    }

    pub(super) fn process(&mut self, what: impl Into<String>) {
        self.tell(Effect::Process { what: what.into() });
    }

    pub(super) fn network(&mut self, host: Option<&str>) {
        let host = host.map(str::to_lowercase).filter(|host| !host.is_empty());
        self.tell(Effect::Network { host });
    }

    /// Tells that it talks to the host of an address such as `https://host/path` or `user@host:path`.
    pub(super) fn network_to(&mut self, arg: &Arg) {
        let host = arg.literal().and_then(host);
        self.network(host.as_deref());
    }

    pub(super) fn reads(&mut self, arg: &Arg, state: &State) {
        let path = match &arg.unknown {
            None | Some(Unknown::Number) => arg.text.as_str(),
            Some(Unknown::Pattern { folder, .. }) => folder.as_str(),
            Some(Unknown::Process) => return,
            Some(unknown) => {
                let why = format!("{} reads {}", self.program, unknown.tell_path());
                return self.unclear(why);
            }
        };
        for (path, place) in self.placed(path, state, Last::Followed) {
            self.tell(Effect::Read { path, place });
        }
    }

    pub(super) fn writes(&mut self, arg: &Arg, state: &State) {
        match &arg.unknown {
            None | Some(Unknown::Number) => {}
            Some(Unknown::Process) => return,
            Some(unknown) => {
                let why = format!("{} writes {}", self.program, unknown.tell_path());
                return self.unclear(why);
            }
        }
        for (path, place) in self.placed(&arg.text, state, Last::Followed) {
            self.tell(Effect::Write { path, place });
        }
    }

    pub(super) fn deletes(&mut self, arg: &Arg, state: &State, recursive: bool) {
        let path = match &arg.unknown {
            None | Some(Unknown::Number) => arg.text.as_str(),
            Some(unknown) => {
                let why = format!("{} deletes {}", self.program, unknown.tell_path());
                self.unclear(why);
                match unknown {
                    Unknown::Pattern {
                        folder, all: true, ..
                    } => folder.as_str(),
                    _ => return,
                }
            }
        };
        for (path, place) in self.placed(path, state, Last::Kept) {
            if recursive {
                self.meaning.removes.push(PathBuf::from(&path));
            }
            self.tell(Effect::Delete {
                path,
                place,
                recursive,
            });
        }
    }

    /// Tells that the content of a file is run.
    pub(super) fn runs_file(&mut self, arg: &Arg, state: &State) {
        if self.away > 0 {
            return;
        }
        if let Some(unknown) = &arg.unknown {
            let why = format!("{} runs {}", self.program, unknown.tell_path());
            return self.unclear(why);
        }
        self.reads(arg, state);
        for folder in &state.folders {
            let path = folder.join(&arg.text);
            if !self.meaning.runs.contains(&path) {
                self.meaning.runs.push(path);
            }
        }
    }

    /// Returns where a path may lie; tells so where that is not known.
    fn placed(&mut self, path: &str, state: &State, last: Last) -> Vec<(String, Place)> {
        if self.away > 0 || path.is_empty() || path == "-" || NO_FILES.contains(&path) {
            return Vec::new();
        }
        if path.starts_with("/dev/fd/") {
            return Vec::new();
        }
        if state.unknown && !path.starts_with('/') {
            let why = format!("`{path}` is relative to a folder that cannot be told");
            self.unclear(why);
        }
        let folders: Vec<PathBuf> = if path.starts_with('/') {
            vec![PathBuf::from("/")]
        } else {
            state.folders.clone()
        };
        let ground = self.ground;
        folders
            .iter()
            .map(|folder| {
                let (path, place) = (ground.place)(&folder.join(Path::new(path)), last);
                (path.to_string_lossy().into_owned(), place)
            })
            .collect()
    }

    /// Returns true where a path lies outside the workspace.
    pub(super) fn is_outside(&self, path: &str, state: &State) -> bool {
        let absolute = path.starts_with('/');
        let root = [PathBuf::from("/")];
        let folders = if absolute {
            &root[..]
        } else {
            state.folders.as_slice()
        };
        folders.iter().any(|folder| {
            (self.ground.place)(&folder.join(path), Last::Followed).1 == Place::Outside
        })
    }
}

/// Returns the host of an address, where one can be told.
pub(super) fn host(address: &str) -> Option<String> {
    let rest = match address.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next()?,
        None => match address.split_once(':') {
            Some((host, path))
                if !host.contains('/') && !path.chars().all(|c| c.is_ascii_digit()) =>
            {
                host
            }
            _ => address.split('/').next()?,
        },
    };
    let rest = rest.rsplit('@').next()?;
    if let Some(v6) = rest.strip_prefix('[') {
        return v6.split(']').next().map(str::to_lowercase);
    }
    let host = rest.split(':').next()?;
    let plain = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_lowercase())
}
