//! `git`: what each of its commands touches.

use super::super::Teller;
use super::super::argument::Arg;
use super::super::flow::State;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[("git", git)];

/// Commands that only look.
const LOOKS: &[&str] = &[
    "annotate",
    "blame",
    "cat-file",
    "check-ignore",
    "cherry",
    "count-objects",
    "describe",
    "diff",
    "diff-files",
    "diff-index",
    "diff-tree",
    "for-each-ref",
    "fsck",
    "grep",
    "help",
    "log",
    "ls-files",
    "ls-tree",
    "merge-base",
    "name-rev",
    "range-diff",
    "rev-list",
    "rev-parse",
    "shortlog",
    "show",
    "show-branch",
    "show-ref",
    "status",
    "var",
    "verify-commit",
    "version",
    "whatchanged",
];

/// Commands that change the repository or the files in it.
const CHANGES: &[&str] = &[
    "add",
    "am",
    "apply",
    "archive",
    "branch",
    "bundle",
    "checkout",
    "cherry-pick",
    "commit",
    "format-patch",
    "gc",
    "init",
    "merge",
    "mv",
    "notes",
    "pack-refs",
    "prune",
    "rebase",
    "reflog",
    "repack",
    "reset",
    "restore",
    "revert",
    "rm",
    "sparse-checkout",
    "stage",
    "stash",
    "switch",
    "symbolic-ref",
    "tag",
    "update-index",
    "update-ref",
    "worktree",
    "write-tree",
];

/// Commands that talk to other machines.
const TALKS: &[&str] = &["clone", "fetch", "ls-remote", "pull", "push"];

/// Settings that `-c` may give without making another command of it.
const CALM_SETTINGS: &[&str] = &[
    "color.",
    "core.quotepath",
    "core.autocrlf",
    "user.name",
    "user.email",
    "log.",
    "advice.",
    "init.defaultbranch",
    "diff.renames",
    "commit.gpgsign",
    "gc.auto",
    "status.",
    "column.",
    "safe.directory",
    "pull.rebase",
    "merge.conflictstyle",
    "i18n.",
];

/// Options of any command that run a program or write somewhere else.
const POWERS: &[&str] = &[
    "--exec",
    "--upload-pack",
    "--receive-pack",
    "--ext-diff",
    "--textconv",
    "--open-files-in-pager",
    "--extcmd",
    "--tool",
    "--template",
    "--config",
    "--config-env",
    "--hook",
    "--strategy",
    "--upload-archive",
    "--remote",
    "--editor",
    "--filters",
    "--unsafe-paths",
    "--web",
];

/// Options that a shortened power could be taken for.
const CALM_OPTIONS: &[&str] = &["--edit", "--text"];

fn git(teller: &mut Teller<'_>, call: &Call<'_>) {
    let mut state = call.state.clone();
    let mut at = 0;
    while let Some(arg) = call.args.get(at).filter(|arg| arg.text.starts_with('-')) {
        at += 1;
        let text = arg.text.as_str();
        if arg.unknown.is_some() {
            return teller.unclear("an option of `git` is not known");
        }
        let mut value = || {
            at += 1;
            call.args
                .get(at - 1)
                .cloned()
                .unwrap_or_else(|| Arg::known(""))
        };
        match text {
            "--no-pager"
            | "-P"
            | "--literal-pathspecs"
            | "--no-optional-locks"
            | "--bare"
            | "--no-replace-objects"
            | "--version"
            | "--help"
            | "-v"
            | "-h"
            | "--html-path"
            | "--man-path"
            | "--no-lazy-fetch" => {}
            "-C" => {
                let folder = value();
                teller.reads(&folder, &state);
                state = match folder.literal() {
                    Some(path) => state.goes_to(path),
                    None => state.anywhere(),
                };
            }
            "-c" => {
                let setting = value();
                let key = setting.text.to_lowercase();
                let calm = setting.unknown.is_none()
                    && CALM_SETTINGS.iter().any(|calm| key.starts_with(calm));
                if !calm {
                    let shown = super::super::variables::short(&setting.text);
                    teller.unclear(format!("`git -c {shown}` can make another command of it"));
                }
            }
            "--git-dir" | "--work-tree" => {
                let folder = value();
                teller.reads(&folder, &state);
                teller.unclear(format!(
                    "`{text}` of `git` brings the settings of another repository"
                ));
            }
            _ => teller.unclear(format!(
                "`git` has the option `{text}`, which is not told here"
            )),
        }
    }
    let Some(command) = call.args.get(at) else {
        return;
    };
    let rest = call.args.get(at + 1..).unwrap_or_default();
    let Some(name) = command.literal() else {
        return teller.unclear("the command of `git` is not known");
    };
    powers(teller, name, rest);
    outputs(teller, name, rest, &state);
    if LOOKS.contains(&name) {
        teller.doubtful(rest);
        paths(teller, rest, &state);
    } else if TALKS.contains(&name) {
        teller.doubtful(rest);
        talks(teller, name, rest, &state);
    } else if CHANGES.contains(&name) {
        teller.doubtful(rest);
        changes(teller, name, rest, &state);
    } else {
        others(teller, name, rest, &state);
    }
}

fn powers(teller: &mut Teller<'_>, name: &str, rest: &[Arg]) {
    for arg in rest.iter().take_while(|arg| arg.text != "--") {
        let option = arg.text.split('=').next().unwrap_or_default();
        // Any shortening that stays clear to `git` means the whole.
        let long = option.len() > 3
            && option.starts_with("--")
            && !CALM_OPTIONS.contains(&option)
            && POWERS.iter().any(|power| power.starts_with(option));
        // `--remote` of `branch` only lists, and `--config` of `clone` is told as a power.
        let calm = matches!(
            (name, option),
            ("branch", "--remote" | "--remotes") | ("log", "--remotes")
        );
        // Letters may stand together.
        let has = |letters: &[char]| {
            option.starts_with('-') && !option.starts_with("--") && option.contains(letters)
        };
        let short = match name {
            "grep" => has(&['O']),
            "rebase" | "difftool" => has(&['x']),
            "clone" => has(&['u', 'c']),
            "help" => has(&['w', 'i']),
            _ => false,
        };
        if (long && !calm) || short {
            teller.unclear(format!("`{option}` of `git {name}` can run a program"));
        }
    }
}

fn outputs(teller: &mut Teller<'_>, name: &str, rest: &[Arg], state: &State) {
    let mut args = rest.iter();
    while let Some(arg) = args.next() {
        let text = arg.text.as_str();
        if let Some(file) = text.strip_prefix("--output=") {
            teller.writes(&arg.part(file), state);
        } else if text.len() > 4
            && "--output-directory".starts_with(text.split('=').next().unwrap_or_default())
        {
            match text.split_once('=') {
                Some((_, file)) => teller.writes(&arg.part(file), state),
                None => {
                    if let Some(file) = args.next() {
                        teller.writes(file, state);
                    }
                }
            }
        } else if matches!(name, "archive" | "format-patch") && text.starts_with("-o") {
            let file = if text == "-o" {
                args.next().cloned()
            } else {
                text.get(2..).map(|file| arg.part(file))
            };
            if let Some(file) = file {
                teller.writes(&file, state);
            }
        }
    }
}

/// Tells of operands that name something outside the workspace.
fn paths(teller: &mut Teller<'_>, rest: &[Arg], state: &State) {
    for arg in rest {
        if arg.text.starts_with("--output") {
            continue; // Told as a write.
        }
        let range = arg.text.contains("..") && !arg.text.starts_with('-');
        if range && !arg.text.split('/').any(|step| step == "..") {
            continue; // A range of commits.
        }
        teller.mentioned(arg, state);
    }
}

fn changes(teller: &mut Teller<'_>, name: &str, rest: &[Arg], state: &State) {
    let given = Given::split(
        rest,
        "mFCcSubB",
        &["message", "file", "author", "date", "format", "prefix"],
    );
    let here = Arg::known(".");
    match name {
        "rm" => {
            let deep = given.has(&["-r"]);
            for operand in &given.operands {
                teller.deletes(operand, state, deep);
            }
        }
        "mv" => {
            if let Some((target, sources)) = given.operands.split_last() {
                for source in sources {
                    teller.deletes(source, state, false);
                }
                teller.writes(target, state);
            }
        }
        "worktree" | "init" => {
            for operand in &given.operands {
                teller.mentioned(operand, state);
            }
            teller.writes(&here, state);
        }
        "branch" | "tag" | "stash" | "reflog" | "notes" if looks(name, &given) => {}
        _ => {
            paths(teller, rest, state);
            teller.writes(&here, state);
        }
    }
    if name == "submodule" {
        teller.network(None);
    }
}

/// Returns true where a command that can change something only lists.
fn looks(name: &str, given: &Given) -> bool {
    let first = given.operands.first().map(|arg| arg.text.as_str());
    match name {
        "branch" | "tag" => {
            let lists = given.options.iter().all(|(option, _)| {
                matches!(
                    option.as_str(),
                    "-a" | "-r"
                        | "-v"
                        | "-l"
                        | "-n"
                        | "--list"
                        | "--all"
                        | "--remotes"
                        | "--show-current"
                        | "--contains"
                        | "--merged"
                        | "--no-merged"
                        | "--sort"
                        | "--format"
                        | "--points-at"
                )
            });
            lists
                && (given.operands.is_empty()
                    || given.has(&["-l", "--list", "--contains", "--merged"]))
        }
        "stash" | "notes" | "reflog" => {
            matches!(first, Some("list" | "show")) || (name == "reflog" && first.is_none())
        }
        _ => false,
    }
}

fn talks(teller: &mut Teller<'_>, name: &str, rest: &[Arg], state: &State) {
    let given = Given::split(
        rest,
        "bojuc",
        &[
            "branch",
            "depth",
            "origin",
            "reference",
            "jobs",
            "repo",
            "push-option",
        ],
    );
    let remote = given.operands.first();
    let local = |arg: &Arg| arg.text.starts_with(['/', '.', '~']) || arg.text.starts_with("file:");
    match remote {
        Some(arg) if arg.text.contains("::") => {
            teller.unclear(format!("`git {name}` runs a helper for `{}`", arg.text));
            teller.network(None);
        }
        Some(arg) if local(arg) => teller.mentioned(arg, state),
        Some(arg) if arg.text.contains(':') => teller.network_to(arg),
        _ => teller.network(None),
    }
    match name {
        "clone" => {
            let target = given
                .operands
                .get(1)
                .cloned()
                .unwrap_or_else(|| Arg::known("."));
            teller.writes(&target, state);
        }
        "fetch" | "pull" => teller.writes(&Arg::known("."), state),
        _ => {}
    }
}

fn others(teller: &mut Teller<'_>, name: &str, rest: &[Arg], state: &State) {
    let first = rest
        .first()
        .map(|arg| arg.text.as_str())
        .unwrap_or_default();
    match name {
        "remote" => match first {
            "" | "-v" | "get-url" => {}
            "show" | "update" | "prune" => teller.network(None),
            _ => {
                if rest.iter().any(|arg| arg.text.contains("::")) {
                    teller.unclear("`git remote` names a helper that is run later");
                }
                teller.doubtful(rest);
                teller.writes(&Arg::known("."), state);
            }
        },
        "config" => {
            let looks = [
                "--get",
                "--get-all",
                "--get-regexp",
                "--list",
                "-l",
                "get",
                "list",
                "--show-origin",
            ];
            teller.doubtful(rest);
            if !rest.iter().any(|arg| looks.contains(&arg.text.as_str())) {
                teller.unclear("`git config` can change what every `git` command does");
            }
        }
        "clean" => {
            teller.doubtful(rest);
            let tries = rest
                .iter()
                .any(|arg| arg.text == "-n" || arg.text == "--dry-run");
            if !tries {
                teller.unclear("`git clean` deletes whatever git does not know");
            }
        }
        "submodule" if matches!(first, "" | "status" | "summary") => {}
        "submodule" if matches!(first, "update" | "add" | "init" | "sync") => {
            teller.doubtful(rest);
            teller.network(None);
            teller.writes(&Arg::known("."), state);
        }
        "bisect" if matches!(first, "start" | "good" | "bad" | "reset" | "skip" | "log") => {
            teller.doubtful(rest);
            teller.writes(&Arg::known("."), state);
        }
        "bisect" | "difftool" | "mergetool" | "filter-branch" | "submodule" | "send-email"
        | "instaweb" | "daemon" | "gui" | "citool" | "maintenance" | "credential" | "svn" => {
            teller.unclear(format!("`git {name}` can run other programs"));
        }
        _ => teller.unclear(format!("`git {name}` may be another name for any command")),
    }
}
