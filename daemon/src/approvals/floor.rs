//! What no mode, rule or answer can allow.
//!
//! Owns: destroying the home folder, a root, a disk, or the daemon's own files; fork bombs.
//! It looks at every stretch of a command line between separators, so it errs on refusing.

use std::path::{Component, Path, PathBuf};

use smartopol_protocol::tool::{Body, Effect, Inspection};

use super::suggestion;

/// What nothing may destroy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Floor {
    home: PathBuf,
    /// The home as it is spelled and as its links lead.
    homes: Vec<PathBuf>,
    own: Vec<PathBuf>,
}

/// Words before the program that change nothing about what it destroys.
const PREFIXES: &[&str] = &[
    "sudo", "doas", "env", "nice", "nohup", "time", "command", "exec", "builtin", "setsid", "then",
    "do", "else", "{", "!",
];

/// How the daemon's own files are named in a reason.
const OWN: &str = "the daemon's own";

impl Floor {
    /// Protects a home folder and the daemon's own files and folders.
    pub(crate) fn new(home: impl Into<PathBuf>, own: Vec<PathBuf>) -> Self {
        let home = home.into();
        let homes = spellings(&home);
        let own = own.iter().flat_map(|path| spellings(path)).collect();
        Self { home, homes, own }
    }

    /// Returns the home folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Returns why a call is refused; `None` where the floor has nothing to say.
    pub(crate) fn refuses(&self, inspection: &Inspection) -> Option<String> {
        for effect in &inspection.effects {
            if let Effect::Write { path, .. } = effect
                && self.own.iter().any(|own| Path::new(path).starts_with(own))
            {
                return Some(format!("{path} is one of the daemon's own files"));
            }
            if let Effect::Run { words, .. } = effect
                && let Some(reason) = self.command(words, &inspection.cwd)
            {
                return Some(reason);
            }
        }
        let Body::Command { text, .. } = &inspection.body else {
            return None;
        };
        if is_fork_bomb(text) {
            return Some("it is a fork bomb".into());
        }
        text.split(['\n', ';', '|', '&', '(', ')', '`'])
            .chain(std::iter::once(text.as_str()))
            .find_map(|stretch| {
                let words: Vec<String> = stretch
                    .split_whitespace()
                    .map(|word| word.replace(['"', '\'', '\\'], ""))
                    .collect();
                self.command(&words, &inspection.cwd)
            })
    }

    /// Judges one simple command. Where it runs another one, each of its words may be where that
    /// begins: options may take values, and a quoted text may hold a whole line.
    fn command(&self, words: &[String], cwd: &str) -> Option<String> {
        let first = words.iter().find(|word| !word.contains('='))?;
        let name = first.rsplit('/').next().unwrap_or(first);
        if !PREFIXES.contains(&name) && !suggestion::is_runner(name) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            return self.plain(&words, cwd);
        }
        let flat: Vec<&str> = words
            .iter()
            .flat_map(|word| word.split_whitespace())
            .collect();
        (0..flat.len()).find_map(|start| self.plain(flat.get(start..)?, cwd))
    }

    /// Judges one command that runs no other.
    fn plain(&self, words: &[&str], cwd: &str) -> Option<String> {
        let mut words = words.iter().copied().skip_while(|word| word.contains('='));
        let program = words.next()?;
        let args: Vec<&str> = words.collect();
        let name = program.rsplit('/').next().unwrap_or(program);
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
            "find" if args.contains(&"-delete") => args
                .iter()
                .filter(|arg| !arg.starts_with('-'))
                .find_map(|arg| self.precious(arg, cwd, true))
                .map(|what| format!("`find -delete` would destroy {what}")),
            "dd" => args
                .iter()
                .filter_map(|arg| arg.strip_prefix("of="))
                .find(|target| is_disk(target))
                .map(|target| format!("`dd` would overwrite {target}")),
            "wipefs" | "sfdisk" | "fdisk" | "parted" | "blkdiscard" | "sgdisk" => args
                .iter()
                .find(|arg| is_disk(arg))
                .map(|target| format!("`{name}` would change the disk {target}")),
            _ if name == "mkfs" || name.starts_with("mkfs.") || name == "mkswap" => {
                Some(format!("`{name}` would format a disk"))
            }
            _ => None,
        }
    }

    /// Returns what precious thing a path names; `None` for an ordinary one.
    fn precious(&self, arg: &str, cwd: &str, deep: bool) -> Option<String> {
        let home = self.home.to_string_lossy();
        let spelled = arg.replace("${HOME}", &home).replace("$HOME", &home);
        let spelled = match spelled.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
            _ => spelled,
        };
        let trimmed = spelled.trim_end_matches(['*', '.']).trim_end_matches('/');
        let starred = trimmed.len() < spelled.trim_end_matches('/').len();
        let base = if starred && !trimmed.is_empty() {
            trimmed
        } else {
            spelled.as_str()
        };
        let path = normal(&Path::new(cwd).join(
            if trimmed.is_empty() && spelled.starts_with('/') {
                "/"
            } else {
                base
            },
        ));
        if path == Path::new("/") {
            return Some("the root of the file system".into());
        }
        if is_disk(&path.to_string_lossy()) {
            return Some(format!("the disk {}", path.display()));
        }
        if !deep {
            return None;
        }
        if self
            .homes
            .iter()
            .any(|home| !home.as_os_str().is_empty() && home.starts_with(&path))
        {
            return Some("the home folder".into());
        }
        if let Some(own) = self
            .own
            .iter()
            .find(|own| own.starts_with(&path) || path.starts_with(own))
        {
            return Some(format!("{OWN} {}", own.display()));
        }
        let top = path.parent() == Some(Path::new("/"));
        (top && path != Path::new("/tmp")).then(|| format!("the system folder {}", path.display()))
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

/// Resolves `.` and `..` by text alone.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    parts
}

fn is_disk(path: &str) -> bool {
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

/// Returns true for a function that pipes itself into itself, as in `:(){ :|:& };:`.
fn is_fork_bomb(text: &str) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    dense.match_indices("(){").any(|(at, _)| {
        let name: String = dense
            .get(..at)
            .unwrap_or_default()
            .chars()
            .rev()
            .take_while(|c| !matches!(c, ';' | '&' | '|' | '{' | '}'))
            .collect::<Vec<char>>()
            .into_iter()
            .rev()
            .collect();
        !name.is_empty() && dense.contains(&format!("{name}|{name}&"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor() -> Floor {
        Floor::new("/home/ana", vec!["/home/ana/.local/share/smartopol".into()])
    }

    fn refuses(text: &str) -> Option<String> {
        floor().refuses(&Inspection {
            title: text.into(),
            cwd: "/home/ana/code".into(),
            effects: vec![Effect::Unclear {
                why: "it is more than one plain command".into(),
            }],
            pins: Vec::new(),
            removal: None,
            body: Body::Command {
                text: text.into(),
                timeout_seconds: 120,
            },
        })
    }

    #[test]
    fn destruction_is_refused_in_every_spelling() {
        for text in [
            "rm -rf /",
            "rm -rf /*",
            "rm -rf ~",
            "rm -rf ~/",
            "rm -rf $HOME",
            "rm -rf ${HOME}",
            "rm -rf \"$HOME\"",
            "rm -rf /home",
            "rm -rf ..",
            "rm -rf ../",
            "rm -rf ../../ana",
            "sudo rm -rf /",
            "cd x && rm -rf ~/*",
            "true; rm -fr /home/ana",
            "echo $(rm -rf /)",
            "env A=1 rm -r /",
            "/bin/rm -rf /usr",
            "rm -rf ~/.local/share/smartopol",
            "rm ~/.local/share/smartopol/smartopol.db",
            "mkfs.ext4 /dev/sda1",
            "mkfs /dev/sdb",
            "dd if=/dev/zero of=/dev/sda",
            "wipefs -a /dev/nvme0n1",
            "find / -delete",
            "chmod -R 777 /",
            "chown -R x /home",
            "mv ~ /tmp/x",
            "mv x ~/.local/share/smartopol/smartopol.db",
            "shred /dev/sda",
            ":(){ :|:& };:",
            "bomb() { bomb | bomb & }; bomb",
            "sudo -u root rm -rf /",
            "nice -n 10 rm -rf ~",
            "env -u X rm -rf ~",
            "bash -c 'rm -rf ~'",
            "timeout 5 rm -rf ~",
            "eval rm -rf ~",
            "find -L / -delete",
        ] {
            assert!(refuses(text).is_some(), "not refused: {text}");
        }
    }

    #[test]
    fn ordinary_work_is_not_its_business() {
        for text in [
            "rm -rf target",
            "rm -rf ./build",
            "rm -rf /tmp/x",
            "rm -rf ~/code/target",
            "ls /",
            "echo rm",
            "chmod +x run.sh",
            "mv a b",
            "mv notes.txt ~",
            "mv notes.txt ~/",
            "dd if=a of=b",
            "find . -name x -delete",
            "git rm -r docs",
            "rm *.o",
            "echo '(){ x'",
            "cargo test",
        ] {
            assert_eq!(refuses(text), None, "{text}");
        }
    }

    #[test]
    fn the_daemons_own_files_are_not_written() {
        let path = "/home/ana/.local/share/smartopol/smartopol.db";
        let inspection = Inspection {
            effects: vec![Effect::Write {
                path: path.into(),
                place: smartopol_protocol::tool::Place::Outside,
            }],
            ..Inspection::default()
        };
        assert_eq!(
            floor().refuses(&inspection),
            Some(format!("{path} is one of the daemon's own files"))
        );
    }
}
