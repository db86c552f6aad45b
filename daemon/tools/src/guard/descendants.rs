//! Who descends from this process, as far as the operating system tells.

use std::collections::HashMap;

use rustix::process::Pid;

/// Returns all descendants of this process; none where there is no `/proc`.
pub(crate) fn of_this_process() -> Vec<Pid> {
    let mut children = children();
    let mut found = vec![rustix::process::getpid().as_raw_nonzero().get()];
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        found.extend(children.remove(parent).unwrap_or_default());
        next += 1;
    }
    found
        .into_iter()
        .skip(1)
        .filter_map(Pid::from_raw)
        .collect()
}

/// Returns all processes of a session; none where there is no `/proc`.
pub(crate) fn of_session(session: i32) -> Vec<Pid> {
    processes()
        .filter(|process| process.session == session)
        .filter_map(|process| Pid::from_raw(process.pid))
        .collect()
}

/// Returns the children of every process that has some.
fn children() -> HashMap<i32, Vec<i32>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in processes() {
        children
            .entry(process.parent)
            .or_default()
            .push(process.pid);
    }
    children
}

/// A process as its `stat` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
}

fn processes() -> impl Iterator<Item = Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read(entry.path().join("stat")).ok()?;
        read(pid, &String::from_utf8_lossy(&stat))
    })
}

/// Reads a `stat` line; the name in it may hold brackets and blanks.
fn read(pid: i32, stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    Some(Process {
        pid,
        parent,
        session,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        let expected = Process {
            pid: 12,
            parent: 34,
            session: 6,
        };
        assert_eq!(read(12, "12 (a) R 1 (b)) S 34 5 6 7"), Some(expected));
        assert_eq!(read(1, ""), None);
    }
}
