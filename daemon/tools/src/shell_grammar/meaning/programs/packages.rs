//! Package managers and build tools: what they fetch, and what they run.

use super::super::Teller;
use super::super::argument::Arg;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("apk", system),
    ("apt", system),
    ("apt-get", system),
    ("brew", system),
    ("bun", node),
    ("bundle", fetch),
    ("cargo", cargo),
    ("composer", fetch),
    ("conda", fetch),
    ("dnf", system),
    ("docker", containers),
    ("dpkg", system),
    ("flatpak", system),
    ("gem", fetch),
    ("go", go),
    ("gradle", fetch),
    ("helm", containers),
    ("kubectl", containers),
    ("make", make),
    ("gmake", make),
    ("just", make),
    ("mvn", fetch),
    ("npm", node),
    ("npx", once),
    ("pacman", system),
    ("pip", pip),
    ("pip3", pip),
    ("pipx", once),
    ("pnpm", node),
    ("podman", containers),
    ("poetry", fetch),
    ("rpm", system),
    ("rustup", fetch),
    ("snap", system),
    ("terraform", containers),
    ("uv", fetch),
    ("uvx", once),
    ("yarn", node),
    ("yum", system),
    ("zypper", system),
];

/// Commands of package managers that fetch.
const FETCHES: &[&str] = &[
    "a",
    "add",
    "audit",
    "ci",
    "create",
    "dlx",
    "download",
    "exec",
    "get",
    "i",
    "init",
    "install",
    "it",
    "link",
    "outdated",
    "publish",
    "pull",
    "push",
    "search",
    "self-update",
    "sync",
    "update",
    "upgrade",
    "view",
    "x",
    "login",
    "owner",
    "yank",
    "lock",
    "fetch",
    "require",
    "tool",
    "tap",
];

fn verb<'a>(call: &'a Call<'_>) -> &'a str {
    call.args
        .iter()
        .find(|arg| !arg.text.starts_with(['-', '+']))
        .map(|arg| arg.text.as_str())
        .unwrap_or_default()
}

/// Tells of options that say what is run or where.
fn turns(teller: &mut Teller<'_>, call: &Call<'_>, options: &[&str]) {
    for arg in call.args.iter().take_while(|arg| arg.text != "--") {
        let name = arg.text.split('=').next().unwrap_or_default();
        if options.contains(&name) {
            teller.unclear(format!(
                "`{name}` of `{}` can make it run something else",
                call.name
            ));
        }
    }
}

fn fetch(teller: &mut Teller<'_>, call: &Call<'_>) {
    if FETCHES.contains(&verb(call)) {
        teller.network(None);
    }
    if matches!(
        (call.name, verb(call)),
        ("uv" | "poetry" | "bundle" | "conda", "run" | "exec" | "x")
    ) {
        teller.unclear(format!(
            "`{} {}` runs another program",
            call.name,
            verb(call)
        ));
    }
    teller.stranger(call);
}

fn cargo(teller: &mut Teller<'_>, call: &Call<'_>) {
    const KNOWN: &[&str] = &[
        "b",
        "bench",
        "build",
        "c",
        "check",
        "clean",
        "clippy",
        "d",
        "doc",
        "fmt",
        "help",
        "init",
        "locate-project",
        "metadata",
        "new",
        "pkgid",
        "r",
        "run",
        "rustc",
        "rustdoc",
        "t",
        "test",
        "tree",
        "verify-project",
        "version",
        "nextest",
        "remove",
        "rm",
        "vendor",
        "generate-lockfile",
        "fix",
        "package",
        "",
    ];
    const TALKS: &[&str] = &[
        "add", "audit", "fetch", "info", "install", "login", "owner", "publish", "search",
        "update", "yank", "logout", "outdated",
    ];
    turns(
        teller,
        call,
        &[
            "--config",
            "-Z",
            "--manifest-path",
            "--target-dir",
            "--out-dir",
            "--artifact-dir",
            "-C",
        ],
    );
    let verb = verb(call);
    let after = call.args.iter().skip_while(|arg| arg.text != "--").skip(1);
    let linker = |arg: &Arg| arg.text.starts_with("-C") || arg.text.starts_with("--codegen");
    if matches!(verb, "rustc" | "rustdoc") && after.clone().any(linker) {
        teller.unclear(format!("`cargo {verb}` is told another linker or more"));
    }
    if TALKS.contains(&verb) {
        teller.network(None);
    } else if verb == "clean" {
        teller.deletes(&Arg::known("target"), call.state, true);
    } else if !KNOWN.contains(&verb) {
        teller.unclear(format!(
            "`cargo {verb}` may be another name for any command"
        ));
    }
    if verb == "install" || verb == "uninstall" {
        let home = super::super::super::syntax::Word {
            pieces: vec![super::super::super::syntax::Piece::Home("~/".into())],
        };
        let home = teller.arg(&home, call.via, call.state);
        if home.unknown.is_none() {
            let bin = Arg::known(&format!("{}.cargo/bin", home.text));
            teller.writes(&bin, call.state);
        }
    }
    teller.stranger(call);
}

fn go(teller: &mut Teller<'_>, call: &Call<'_>) {
    turns(
        teller,
        call,
        &[
            "-toolexec",
            "-vettool",
            "-exec",
            "-overlay",
            "-compiler",
            "-gccgoflags",
            "-o",
            "-modfile",
            "-C",
            "--toolexec",
            "--exec",
        ],
    );
    if call.args.iter().any(|arg| arg.text.contains('@')) {
        teller.network(None);
        teller.unclear("`go` fetches another module and may run it");
    }
    let links = |arg: &Arg| arg.text.contains("extld") || arg.text.contains("extar");
    if call.args.iter().any(links) {
        teller.unclear("`go` is told another linker");
    }
    match verb(call) {
        "get" | "install" | "mod" => teller.network(None),
        "build" | "test" | "vet" | "list" | "run" | "fmt" | "env" | "version" | "doc" | "clean"
        | "" => {}
        "generate" => teller.unclear("`go generate` runs what stands in comments"),
        other => {
            let why = format!("`go {other}` is not told here");
            teller.unclear(why);
        }
    }
    if verb(call) == "env"
        && call
            .args
            .iter()
            .any(|arg| arg.text == "-w" || arg.text == "-u")
    {
        teller.unclear("`go env -w` changes what every `go` command does");
    }
    teller.stranger(call);
}

fn node(teller: &mut Teller<'_>, call: &Call<'_>) {
    turns(
        teller,
        call,
        &[
            "--prefix",
            "--script-shell",
            "-C",
            "--cwd",
            "--dir",
            "--userconfig",
            "--globalconfig",
            "--node-options",
            "--shell",
            "--registry",
            "-g",
            "--global",
            "--call",
            "-c",
        ],
    );
    match verb(call) {
        "exec" | "x" | "dlx" | "create" | "init" => {
            teller.network(None);
            teller.unclear(format!(
                "`{} {}` runs a program that it may fetch first",
                call.name,
                verb(call)
            ));
        }
        "config" | "set" | "set-script" | "pkg" => {
            teller.unclear(format!("`{} {}` changes settings", call.name, verb(call)));
        }
        "explore" | "edit" => {
            teller.unclear(format!("`{} {}` runs a shell", call.name, verb(call)))
        }
        verb if FETCHES.contains(&verb) || (call.name == "yarn" && verb.is_empty()) => {
            teller.network(None);
        }
        _ => pinned(teller, call, "package.json"),
    }
    teller.stranger(call);
}

fn once(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.network(None);
    teller.unclear(format!(
        "`{}` runs a program that it may fetch first",
        call.name
    ));
    teller.stranger(call);
}

fn pip(teller: &mut Teller<'_>, call: &Call<'_>) {
    if matches!(
        verb(call),
        "install" | "download" | "wheel" | "index" | "search"
    ) {
        teller.network(None);
    }
    turns(
        teller,
        call,
        &[
            "--target",
            "-t",
            "--prefix",
            "--root",
            "--python",
            "--index-url",
            "-i",
            "--extra-index-url",
        ],
    );
    if verb(call) == "config" {
        teller.unclear("`pip config` changes what every `pip` command does");
    }
    teller.stranger(call);
}

fn system(teller: &mut Teller<'_>, call: &Call<'_>) {
    const LOOKS: &[&str] = &[
        "list", "show", "search", "policy", "info", "-l", "-L", "-s", "-q", "-qa", "-ql", "-Q",
        "-Qs", "-Ss", "depends", "rdepends", "leaves", "deps", "doctor",
    ];
    let first = call
        .args
        .first()
        .map(|arg| arg.text.as_str())
        .unwrap_or_default();
    if matches!(call.name, "apt" | "apt-get" | "dnf" | "yum")
        && call.args.iter().any(|arg| {
            arg.text.starts_with("-o")
                || arg.text.starts_with("-c")
                || arg.text.starts_with("--option")
                || arg.text.starts_with("--config")
        })
    {
        teller.unclear(format!("an option of `{}` can run a program", call.name));
    }
    if !LOOKS.contains(&first) && !first.is_empty() {
        teller.network(None);
        teller.privilege(format!("{} {first}", call.name));
    }
    teller.stranger(call);
}

fn containers(teller: &mut Teller<'_>, call: &Call<'_>) {
    const LOOKS: &[&str] = &[
        "ps",
        "images",
        "inspect",
        "logs",
        "version",
        "info",
        "stats",
        "top",
        "port",
        "get",
        "describe",
        "explain",
        "api-resources",
        "validate",
        "fmt",
        "list",
        "status",
        "history",
        "show",
    ];
    let verb = verb(call);
    if !LOOKS.contains(&verb) {
        teller.unclear(format!(
            "what `{} {verb}` does happens elsewhere and is not told",
            call.name
        ));
    }
    if matches!(call.name, "kubectl" | "helm" | "terraform")
        || matches!(verb, "pull" | "push" | "login" | "search" | "build" | "run")
    {
        teller.network(None);
    }
    if matches!(verb, "run" | "exec" | "create" | "cp") && matches!(call.name, "docker" | "podman")
    {
        teller.privilege(format!("{} {verb}", call.name));
    }
    teller.stranger(call);
}

fn make(teller: &mut Teller<'_>, call: &Call<'_>) {
    let mut state = call.state.clone();
    let mut args = call.args.iter();
    let mut file = None;
    while let Some(arg) = args.next() {
        let text = arg.text.as_str();
        match text {
            "-C" | "--directory" | "-f" | "--file" | "--makefile" | "--justfile" | "-d" => {
                let Some(value) = args.next() else { break };
                if matches!(text, "-f" | "--file" | "--makefile" | "--justfile") {
                    file = Some(value.clone());
                } else if let Some(path) = value.literal().filter(|_| text != "-d") {
                    teller.reads(value, &state);
                    state = state.goes_to(path);
                } else {
                    teller.unclear(format!(
                        "the folder that `{}` works in is not known",
                        call.name
                    ));
                }
            }
            "-j" | "-k" | "-s" | "-B" | "-n" | "-i" | "-w" | "-q" | "--silent"
            | "--always-make" | "--keep-going" | "--dry-run" => {}
            _ if text.starts_with("-j") => {}
            _ if text.starts_with('-') => teller.unclear(format!(
                "`{}` has the option `{text}`, which is not told here",
                call.name
            )),
            _ if text.contains('=') => {
                teller.unclear(format!("`{text}` changes what `{}` runs", call.name))
            }
            _ => {}
        }
    }
    let usual: &[&str] = if call.name == "just" {
        &["justfile"]
    } else {
        &["Makefile"]
    };
    match file {
        Some(file) => teller.runs_file(&file, &state),
        None => {
            for name in usual {
                for folder in state.folders.clone() {
                    teller.meaning.runs.push(folder.join(name));
                }
            }
        }
    }
    teller.stranger(call);
}

/// Keeps in mind that the content of a file is run.
fn pinned(teller: &mut Teller<'_>, call: &Call<'_>, name: &str) {
    for folder in &call.state.folders {
        teller.meaning.runs.push(folder.join(name));
    }
}
