//! Places in the workspace that reach beyond it: what is written there is run by others later, or
//! keys lie there. A workspace may be a whole home folder.

use std::path::{Component, Path};

use smartopol_protocol::tool::Effect;

/// Folders and files that say what other programs run.
const RUN: &[&str] = &[
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".cshrc",
    ".envrc",
    ".exrc",
    ".git",
    ".gitconfig",
    ".gitmodules",
    ".hg",
    ".inputrc",
    ".kshrc",
    ".login",
    ".npmrc",
    ".pam_environment",
    ".profile",
    ".pypirc",
    ".vimrc",
    ".xinitrc",
    ".xprofile",
    ".xsession",
    ".zlogin",
    ".zprofile",
    ".zshenv",
    ".zshrc",
];

/// The same, as a folder in a folder.
const RUN_BELOW: &[(&str, &str)] = &[
    (".config", "autostart"),
    (".config", "fish"),
    (".config", "git"),
    (".config", "systemd"),
    ("library", "launchagents"),
];

/// Folders and files with keys.
const KEYS: &[&str] = &[
    ".aws",
    ".gnupg",
    ".kube",
    ".netrc",
    ".password-store",
    ".ssh",
];

/// Returns why an effect in the workspace is no matter of the workspace alone.
pub(super) fn of(effect: &Effect) -> Option<String> {
    let (path, changes) = match effect {
        Effect::Read { path, .. } => (path, false),
        Effect::Write { path, .. } | Effect::Delete { path, .. } => (path, true),
        _ => return None,
    };
    // Some file systems do not tell small letters from great ones.
    let steps: Vec<String> = Path::new(path)
        .components()
        .filter_map(|step| match step {
            Component::Normal(step) => Some(step.to_string_lossy().to_lowercase()),
            _ => None,
        })
        .collect();
    let is = |names: &[&str]| steps.iter().any(|step| names.contains(&step.as_str()));
    let below = || {
        steps
            .iter()
            .zip(steps.iter().skip(1))
            .any(|(one, two)| RUN_BELOW.contains(&(one.as_str(), two.as_str())))
    };
    let verb = match effect {
        Effect::Read { .. } => "reads",
        Effect::Write { .. } => "writes",
        _ => "deletes",
    };
    if is(KEYS) {
        return Some(format!("it {verb} {path}, where keys are kept"));
    }
    // A folder with a file of this name can be a repository, whose settings git obeys.
    let head = || steps.last().is_some_and(|step| step == "head");
    (changes && (is(RUN) || below() || head()))
        .then(|| format!("it {verb} {path}, which says what other programs run or keep"))
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::tool::Place;

    use super::*;

    #[test]
    fn what_reaches_beyond_the_workspace_is_seen_and_ordinary_files_are_not() {
        let effects = |path: &str| {
            let (path, place) = (path.to_owned(), Place::Workspace);
            let write = Effect::Write {
                path: path.clone(),
                place,
            };
            (write, Effect::Read { path, place })
        };
        for path in [
            "/code/.git/config",
            "/code/.git/hooks/pre-commit",
            "/code/sub/.GIT/config",
            "/code/fixture/HEAD",
            "/home/ana/.bashrc",
            "/home/ana/.config/systemd/user/x.service",
            "/home/ana/Library/LaunchAgents/x.plist",
        ] {
            let (write, read) = effects(path);
            assert!(of(&write).is_some(), "{path}");
            assert_eq!(of(&read), None, "{path}");
        }
        let (write, read) = effects("/home/ana/.ssh/id_ed25519");
        assert!(of(&write).is_some() && of(&read).is_some());
        for path in [
            "/code/.gitignore",
            "/code/.github/x.yml",
            "/code/git/x",
            "/code/.config/x",
        ] {
            let (write, read) = effects(path);
            assert_eq!((of(&write), of(&read)), (None, None), "{path}");
        }
    }
}
