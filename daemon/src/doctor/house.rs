//! The doctor's look at everything but the database: settings, folders, the daemon, providers,
//! the terminal.

use std::env;
use std::io::IsTerminal;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use smartopol_config::{Config, Paths};
use smartopol_protocol::{Code, Fault, daemon};
use smartopol_providers::Providers;

use super::finding::Finding;
use super::or_bad;
use crate::lifecycle::{ask, block_on, holder};

pub(super) fn look(paths: &Paths) -> Vec<Finding> {
    let (settings, config) = settings(paths);
    let mut found = vec![
        settings,
        or_bad("folders", folders(paths)),
        daemon(paths),
        or_bad("providers", providers(&config)),
        terminal(),
    ];
    found.extend(shell(&config));
    found
}

fn settings(paths: &Paths) -> (Finding, Config) {
    match Config::load(paths, env::vars_os()) {
        Ok(loaded) => {
            let said = match &loaded.file {
                Some(file) => format!("{} is good", file.display()),
                None => "none, all defaults".into(),
            };
            (Finding::good("config", said), loaded.config)
        }
        Err(problems) => {
            let bad = Finding::bad("config", problems.to_string());
            let how = format!("mend {}", paths.config_file().display());
            (bad.remedy(how), Config::default())
        }
    }
}

/// The folders belong to this account and nobody else can look into them.
fn folders(paths: &Paths) -> anyhow::Result<Finding> {
    let own = rustix::process::geteuid().as_raw();
    let (mut wrong, mut steps, mut there) = (Vec::new(), Vec::new(), Vec::new());
    for (folder, private) in [(paths.data(), false), (paths.runtime_dir(), true)] {
        let shown = folder.display();
        if !folder.exists() {
            continue; // It is made when it is needed.
        }
        there.push(shown.to_string());
        let about = folder.metadata()?;
        if about.uid() != own {
            wrong.push(format!("{shown} belongs to another account"));
            steps.push(format!("chown -R {own} '{shown}'"));
        } else if private && about.permissions().mode() & 0o077 != 0 {
            wrong.push(format!("others can enter {shown}, where the socket is"));
            steps.push(format!("chmod 700 '{shown}'"));
        } else if !is_writable(folder) {
            wrong.push(format!("nothing can be written in {shown}"));
            steps.push(format!(
                "chmod u+rwx '{shown}', and look whether the disk is mounted read-only"
            ));
        }
    }
    let database = paths.database();
    if let Ok(about) = database.metadata()
        && about.permissions().mode() & 0o077 != 0
    {
        wrong.push(format!("others can read {}", database.display()));
        steps.push("smartopol daemon restart".into());
    }
    if database.exists() && !is_writable(&database) {
        wrong.push(format!("{} cannot be written", database.display()));
        steps.push(format!(
            "chmod u+rw '{}', and look whether the disk is mounted read-only",
            database.display()
        ));
    }
    if wrong.is_empty() {
        let said = match there.is_empty() {
            true => "nothing was stored yet".into(),
            false => there.join(", "),
        };
        return Ok(Finding::good("folders", said));
    }
    let bad = Finding::bad("folders", wrong.join("\n"));
    Ok(steps.into_iter().fold(bad, Finding::remedy))
}

fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

fn daemon(paths: &Paths) -> Finding {
    let Some(pid) = holder(&paths.lock()) else {
        let off = Finding::note("daemon", "it does not run");
        return off.remedy("smartopol daemon start");
    };
    match block_on(ask(paths, daemon::Status {})) {
        Ok(status) if status.version != env!("CARGO_PKG_VERSION") => {
            let said = format!(
                "it runs (pid {pid}) as version {}, and this is {}",
                status.version,
                env!("CARGO_PKG_VERSION")
            );
            Finding::note("daemon", said).remedy("smartopol daemon restart")
        }
        Ok(status) if !status.troubles.is_empty() => Finding::bad(
            "daemon",
            format!("it runs (pid {pid}), and {}", status.troubles.join("; ")),
        ),
        Ok(status) => Finding::good(
            "daemon",
            format!("it runs (pid {pid}) and answers at {}", status.socket),
        ),
        Err(err) => {
            let bad = Finding::bad("daemon", format!("it runs (pid {pid}): {err:#}"));
            match err.downcast_ref::<Fault>().map(|fault| fault.code) {
                // It answers, and what it says is no matter of a new start.
                Some(Code::Internal) => bad,
                _ => bad
                    .remedy("smartopol daemon logs")
                    .remedy("smartopol daemon restart"),
            }
        }
    }
}

fn providers(config: &Config) -> anyhow::Result<Finding> {
    let found = Providers::find(config, &|name| env::var(name).ok());
    let list = block_on(async { Ok(found.await?.list()) })?;
    let named: Vec<String> = list
        .iter()
        .map(|one| format!("{} ({})", one.name, one.found_by))
        .collect();
    let only_offline = list.iter().all(|one| one.name == "offline");
    let said = named.join(", ");
    if only_offline {
        let note = Finding::note("providers", format!("{said}, and no model"));
        return Ok(note.remedy("set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start Ollama, then: smartopol daemon restart"));
    }
    Ok(Finding::good("providers", said))
}

/// Says so where the shell of terminals is no program.
fn shell(config: &Config) -> Option<Finding> {
    let shell = &config.terminals.shell;
    (!shell.is_empty() && !crate::terminals::finds(shell)).then(|| {
        let told = format!("`terminals.shell` is `{shell}`, which is no program that can be run");
        Finding::bad("terminals", told).remedy("smartopol config set terminals.shell /bin/sh")
    })
}

/// What the console can expect of this terminal.
fn terminal() -> Finding {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let term = of("TERM").unwrap_or_default();
    if !std::io::stdout().is_terminal() {
        return Finding::good("terminal", "none: the output goes into a file or a pipe");
    }
    if term.is_empty() || term == "dumb" {
        let note = Finding::note(
            "terminal",
            format!("TERM is `{term}`: it cannot draw a screen"),
        );
        return note.remedy("smartopol tui --linear");
    }
    let depth = match of("COLORTERM").as_deref() {
        _ if of("NO_COLOR").is_some() => "no colours, as NO_COLOR wants",
        Some("truecolor" | "24bit") => "16 million colours",
        _ if term.contains("256color") => "256 colours",
        _ => "16 colours",
    };
    let words = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| of(name));
    let unicode = words.is_some_and(|words| {
        let words = words.to_lowercase();
        words.contains("utf-8") || words.contains("utf8")
    });
    if unicode {
        Finding::good("terminal", format!("{term}, {depth}, Unicode"))
    } else {
        let note = Finding::note(
            "terminal",
            format!("{term}, {depth}; the locale does not say UTF-8, so lines may look broken"),
        );
        note.remedy("export LANG=C.UTF-8")
    }
}
