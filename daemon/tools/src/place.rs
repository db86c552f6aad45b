//! Where a path lies: absolute, links resolved as far as they exist, in or out of the workspace.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use smartopol_protocol::tool::Place;

/// How many links one path may go through.
const LINKS: usize = 40;

/// Returns the absolute path that `path` means in `workspace`, and where it lies.
///
/// `~` is the home folder. Links are followed as far as they exist, and `..` leaves the folder
/// that a link leads to, as the operating system does it. Deterministic while the disk does not
/// change.
pub fn place(path: &str, workspace: &Path) -> (PathBuf, Place) {
    let workspace = resolve(workspace);
    let path = resolve(&workspace.join(at_home(path)));
    let place = if path.starts_with(&workspace) {
        Place::Workspace
    } else {
        Place::Outside
    };
    (path, place)
}

/// Returns an absolute path with its links resolved as far as they exist.
pub(crate) fn resolve(path: &Path) -> PathBuf {
    let mut done = PathBuf::from("/");
    let mut todo: VecDeque<OsString> = VecDeque::new();
    prepend(&mut todo, path);
    let mut links = 0;
    while let Some(step) = todo.pop_front() {
        if step == OsStr::new("..") {
            done.pop();
            continue;
        }
        done.push(&step);
        let Ok(target) = std::fs::read_link(&done) else {
            continue;
        };
        links += 1;
        if links > LINKS {
            continue; // A loop: opening it will fail, and say so.
        }
        done.pop();
        if target.is_absolute() {
            done = PathBuf::from("/");
        }
        prepend(&mut todo, &target);
    }
    done
}

/// Returns how a path is shown: relative in the workspace, else absolute.
pub(crate) fn shown(path: &Path, workspace: &Path) -> String {
    let short = path.strip_prefix(resolve(workspace)).unwrap_or(path);
    if short.as_os_str().is_empty() {
        return ".".into();
    }
    short.to_string_lossy().into_owned()
}

fn at_home(path: &str) -> PathBuf {
    let rest = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_start_matches('/'),
        _ => return PathBuf::from(path),
    };
    match std::env::var_os("HOME") {
        Some(home) if !home.is_empty() => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn prepend(todo: &mut VecDeque<OsString>, path: &Path) {
    let steps: Vec<OsString> = path
        .components()
        .filter_map(|step| match step {
            Component::Normal(name) => Some(name.to_os_string()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        })
        .collect();
    for step in steps.into_iter().rev() {
        todo.push_front(step);
    }
}
