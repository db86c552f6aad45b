//! In which folders a user may work.
//!
//! Reading in the workspace asks nobody, so who is no admin cannot choose any: not one with files of
//! the daemon's own below it, where everybody's sessions, the log, backups and the settings lie,
//! none of the system's, and nothing private of the account that the daemon runs as. An admin may
//! name the folders there are.

use std::path::{Path, PathBuf};

use smartopol_protocol::user::Role;
use smartopol_protocol::{Code, Fault};

use crate::House;

/// Folders of the system, with what it knows of accounts, devices and processes.
const SYSTEM: [&str; 9] = [
    "/boot", "/dev", "/etc", "/proc", "/root", "/run", "/sys", "/usr", "/var",
];

/// Refuses a folder in which one who is no admin may not work. `folder` is canonical.
///
/// # Errors
/// Where files of the daemon lie in the folder, or it lies among them; where it is not among
/// `users.folders`, or without those, one of the system or private.
pub(crate) fn check(house: &House, peer: &str, folder: &Path) -> Result<(), Fault> {
    let user = house.users.acting(peer, None);
    if user.role == Role::Admin {
        return Ok(());
    }
    let named = &house.config.users.folders;
    let home = std::env::var_os("HOME").map(canonical);
    let daemons = holds_or_lies_in(folder, &own(house));
    let why = if daemons {
        "files of the daemon itself are there"
    } else if !named.is_empty() && !named.iter().any(|own| folder.starts_with(canonical(own))) {
        "it is not among the folders of the setting `users.folders`"
    } else if named.is_empty() && is_private(folder, home.as_deref()) {
        "it is private to the account that the daemon runs as, or the system's"
    } else {
        return Ok(());
    };
    let told = format!(
        "{} ({}) may not work in {}: {why}",
        user.name,
        user.role.name(),
        folder.display()
    );
    let hint = match daemons {
        true => "name another folder",
        false => "name another folder; an admin can name this one in `users.folders`",
    };
    Err(Fault::new(Code::Denied, told).hint(hint))
}

fn canonical(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Returns true for a folder of the system, one that holds the home of the account, and what is
/// hidden in it.
fn is_private(folder: &Path, home: Option<&Path>) -> bool {
    let hidden = |path: &Path| {
        path.components()
            .any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."))
    };
    // A root that is a home makes no folder of the system private to somebody.
    let home = home.filter(|home| home.parent().is_some());
    match home.map(|home| (home, folder.strip_prefix(home))) {
        Some((home, _)) if home.starts_with(folder) => true,
        Some((_, Ok(below))) => hidden(below),
        _ => folder.parent().is_none() || SYSTEM.iter().any(|own| folder.starts_with(own)),
    }
}

/// Returns the folders and files of the daemon itself.
fn own(house: &House) -> Own {
    let facts = &house.facts;
    let folder = |file: &str| canonical(Path::new(file).parent().unwrap_or(Path::new("")));
    Own {
        data: canonical(&facts.data),
        below: [
            canonical(facts.data.join("workspace")),
            canonical(&facts.backups),
            canonical(&facts.outputs),
            folder(&facts.log),
            folder(&facts.socket),
        ]
        .into_iter()
        .chain((!facts.config.is_empty()).then(|| folder(&facts.config)))
        .filter(|path| path.is_absolute())
        .collect(),
    }
}

#[derive(Debug)]
struct Own {
    /// The folder of everything that lasts, below which a person may keep a folder to work in.
    data: PathBuf,
    /// Folders that are the daemon's alone.
    below: Vec<PathBuf>,
}

fn holds_or_lies_in(folder: &Path, own: &Own) -> bool {
    let holds = own.below.iter().chain([&own.data]);
    let mut holds = holds.filter(|path| path.starts_with(folder));
    // A folder of the daemon's alone may be the one of everything: then what it holds counts.
    let within = |path: &&PathBuf| **path != own.data && folder.starts_with(path);
    holds.next().is_some() || own.below.iter().any(|path| within(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_the_system_the_home_and_what_is_hidden_in_it() {
        for (folder, found) in [
            ("/", true),
            ("/home", true),
            ("/home/ada", true),
            ("/home/ada/.ssh", true),
            ("/home/ada/code/.git", true),
            ("/home/ada/code", false),
            ("/home/ben/code", false),
            ("/etc/ssl", true),
            ("/srv/shared", false),
        ] {
            let is = is_private(Path::new(folder), Some(Path::new("/home/ada")));
            assert_eq!(is, found, "{folder}");
        }
        // The home may be the root of a container, or be unknown.
        for home in [Some(Path::new("/")), None] {
            assert!(is_private(Path::new("/"), home) && is_private(Path::new("/etc"), home));
            assert!(!is_private(Path::new("/srv/shared"), home));
        }
        // The home of an account of the system.
        let home = Some(Path::new("/var/lib/smartopol"));
        assert!(!is_private(Path::new("/var/lib/smartopol/code"), home));
        assert!(is_private(Path::new("/var/lib"), home) && is_private(Path::new("/var/log"), home));
    }

    #[test]
    fn a_folder_over_the_daemons_files_or_among_them_is_found() {
        let own = Own {
            data: "/home/ada/data".into(),
            below: vec!["/home/ada/data/log".into(), "/home/ada/data".into()],
        };
        for (folder, found) in [
            ("/", true),
            ("/home/ada", true),
            ("/home/ada/data", true),
            ("/home/ada/data/log", true),
            ("/home/ada/data/log/old", true),
            ("/home/ada/data/code", false),
            ("/home/ada/project", false),
            ("/home/ada/dat", false),
        ] {
            let is = holds_or_lies_in(Path::new(folder), &own);
            assert_eq!(is, found, "{folder}");
        }
    }
}
