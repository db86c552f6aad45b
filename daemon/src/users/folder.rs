//! In which folders a user may work.
//!
//! Reading in the workspace asks nobody, so who is no admin cannot choose a folder with files of
//! the daemon's own below it: there lie everybody's sessions, the log, backups and the settings.

use std::path::{Path, PathBuf};

use smartopol_protocol::user::Role;
use smartopol_protocol::{Code, Fault};

use crate::House;

/// Refuses a folder with the daemon's own files for one who is no admin. `folder` is canonical.
///
/// # Errors
/// Where files of the daemon lie in the folder, or it lies among them.
pub(crate) fn check(house: &House, peer: &str, folder: &Path) -> Result<(), Fault> {
    let user = house.users.acting(peer, None);
    if user.role == Role::Admin || !holds_or_lies_in(folder, &own(house)) {
        return Ok(());
    }
    let told = format!(
        "{} ({}) may not work in {}: files of the daemon itself are there",
        user.name,
        user.role.name(),
        folder.display()
    );
    Err(Fault::new(Code::Denied, told).hint("name another folder, or ask an admin"))
}

/// Returns the folders and files of the daemon itself.
fn own(house: &House) -> Own {
    let facts = &house.facts;
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = |file: &str| canonical(Path::new(file).parent().unwrap_or(Path::new("")));
    Own {
        data: canonical(&facts.data),
        below: [
            canonical(&facts.data.join("workspace")),
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
            ("/home/ada/data/work", false),
            ("/home/ada/project", false),
            ("/home/ada/dat", false),
        ] {
            let is = holds_or_lies_in(Path::new(folder), &own);
            assert_eq!(is, found, "{folder}");
        }
    }
}
