//! Opening a terminal: what is asked for, what the settings add, what is refused.

use std::path::Path;

use smartopol_protocol::terminal::{End, Open, Party, Size, Terminal, TerminalState, WITHIN};
use smartopol_protocol::{Code, Fault, TerminalId};
use smartopol_tools::terminals::{Start, Terminals};

use super::{at_work, looking::NO_RECALL};
use crate::House;

/// The longest title, in characters, and command, in bytes.
const TITLE: usize = 80;
const COMMAND: usize = 128 * 1024;

/// The variable that says where the house is, where that is another place than usual.
const HOME: &str = "SMARTOPOL_HOME";

/// Starts a program in a new terminal and stores it.
pub(crate) async fn open(house: &House, open: Open, owner: Party) -> Result<Terminal, Fault> {
    let words = words(house, &open, owner)?;
    let cwd = cwd(&open)?;
    let size = checked(open.size.unwrap_or_else(|| usual_size(house)))?;
    if let Some((name, _)) = open
        .env
        .iter()
        .find(|(name, value)| name.is_empty() || name.contains(['=', '\0']) || value.contains('\0'))
    {
        return Err(bad(format!(
            "`env` has a name or value that no variable can have: `{name}`"
        ))
        .hint("a name has no `=`, and neither holds a NUL character"));
    }
    let known = house.store.read(|r| r.terminals()).await?;
    let running = known.iter().filter(|terminal| terminal.runs()).count();
    let most = house.config.terminals.most;
    if running >= usize::try_from(most).unwrap_or(usize::MAX) {
        let told = format!("{running} terminals run already, and terminals.most is {most}");
        return Err(Fault::new(Code::Conflict, told).hint("close one first"));
    }
    let at = house.clock.now();
    let id = TerminalId::new();
    let mut given = open.env;
    // What is attached in it knows that it would show itself.
    given.insert(WITHIN.into(), id.to_string());
    // And it finds this house.
    if let Some(home) = std::env::var(HOME).ok().filter(|home| !home.is_empty()) {
        given.entry(HOME.into()).or_insert(home);
    }
    let start = Start {
        id,
        words: words.clone(),
        cwd: cwd.clone().into(),
        env: Terminals::environment(&house.config.tools.env, given),
        size,
    };
    let cannot = |err: std::io::Error| {
        Fault::new(
            Code::Unavailable,
            format!("no terminal can be opened: {err}"),
        )
        .hint("`smartopol doctor` looks what is wrong")
    };
    let started = house.terminals.hands.start(start).await.map_err(cannot)?;
    let state = match started {
        Ok(pid) => TerminalState::Running {
            pid,
            closed: false,
            trouble: None,
        },
        Err(reason) => TerminalState::Ended {
            end: End::NotStarted { reason },
        },
    };
    let title = match open.title.map(|title| one_line(&title)) {
        Some(title) if !title.is_empty() => title,
        _ if open.command.is_empty() => one_line(&shell(house)),
        _ => one_line(&words.join(" ")),
    };
    let terminal = Terminal {
        id,
        session_id: open.session_id,
        owner,
        typist: owner,
        title: house.redactor.known(&title).0.into_owned(),
        command: words
            .iter()
            .map(|word| house.redactor.known(word).0.into_owned())
            .collect(),
        cwd,
        size,
        state,
        opened_at: at,
        since: at,
    };
    let stored = terminal.clone();
    let written = house.store.write(move |w| w.add_terminal(&stored)).await;
    let there = at_work(house, &terminal);
    house.terminals.memory.begin(id);
    if let Err(err) = written {
        // What is not stored does not run.
        there.kill().await;
        house.terminals.live().remove(&id);
        let _ = house.terminals.hands.remove(id);
        return Err(err.into());
    }
    Ok(terminal)
}

/// Returns the size of a terminal that nobody looks at.
pub(crate) fn usual_size(house: &House) -> Size {
    Size {
        columns: house.config.terminals.columns,
        rows: house.config.terminals.rows,
    }
}

/// Returns a size that is one.
///
/// # Errors
/// The field, its value, and what it may be.
pub(crate) fn checked(size: Size) -> Result<Size, Fault> {
    size_of(size.columns.into(), size.rows.into())
}

/// Returns the size of these numbers.
///
/// # Errors
/// The field, its value, and what it may be.
pub(crate) fn size_of(columns: i64, rows: i64) -> Result<Size, Fault> {
    let number = |name: &str, given: i64, least: u16, most: u16, said: &str| {
        let number = u16::try_from(given).ok();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                bad(format!("`{name}` is {given}: {said} are possible"))
                    .hint("80 columns and 24 rows are usual")
            })
    };
    Ok(Size {
        columns: number("columns", columns, 2, 1_000, "2 to 1,000")?,
        rows: number("rows", rows, 1, 500, "1 to 500")?,
    })
}

fn words(house: &House, open: &Open, owner: Party) -> Result<Vec<String>, Fault> {
    if open.command.iter().any(|word| word.contains('\0')) {
        return Err(bad("`command` holds a NUL character".into()).hint("leave it out"));
    }
    if open.command.iter().map(String::len).sum::<usize>() > COMMAND {
        return Err(bad(format!("`command` is longer than {COMMAND} bytes"))
            .hint("write it to a file, and run that"));
    }
    match open.command.first() {
        Some(program) if program.is_empty() => {
            Err(bad("`command` begins with an empty word".into())
                .hint("give the program first, or no words at all for a shell"))
        }
        Some(_) => Ok(open.command.clone()),
        None => Ok(shell_for(there(house)?, owner)),
    }
}

/// Returns the shell of a terminal without a command, where it can be started.
fn there(house: &House) -> Result<String, Fault> {
    let shell = shell(house);
    let set = !house.config.terminals.shell.is_empty();
    if set && !finds(&shell) {
        let told = format!(
            "the setting `terminals.shell` is `{shell}`, which is no program that can be run"
        );
        return Err(Fault::new(Code::BadRequest, told).hint(
            "`smartopol config set terminals.shell /bin/sh`, or another shell that is there",
        ));
    }
    Ok(shell)
}

/// Returns true where a program of this name can be run: a path, or a name that is looked for.
pub(crate) fn finds(program: &str) -> bool {
    let runs = |path: &Path| {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| runs(&folder.join(program)))
}

/// Returns the words that start a shell: that of the agent recalls no commands.
fn shell_for(shell: String, owner: Party) -> Vec<String> {
    let is_bash = Path::new(&shell)
        .file_name()
        .is_some_and(|name| name == "bash");
    match owner {
        Party::Agent if is_bash => vec![shell, NO_RECALL.into()],
        _ => vec![shell],
    }
}

/// Returns the shell of a terminal without a command.
pub(crate) fn shell(house: &House) -> String {
    let set = &house.config.terminals.shell;
    if !set.is_empty() {
        return set.clone();
    }
    std::env::var("SHELL")
        .ok()
        .filter(|shell| shell.starts_with('/'))
        .unwrap_or_else(|| house.config.tools.shell.clone())
}

fn cwd(open: &Open) -> Result<String, Fault> {
    let cwd = match &open.cwd {
        Some(cwd) => cwd.clone(),
        None => std::env::var("HOME").unwrap_or_else(|_| "/".into()),
    };
    let path = Path::new(&cwd);
    if !path.is_absolute() {
        return Err(bad(format!("`cwd` is no absolute path: {cwd}")).hint("begin it with `/`"));
    }
    if !path.is_dir() {
        let told = match path.exists() {
            true => format!("`cwd` is no folder: {cwd}"),
            false => format!("`cwd` is a folder that is not there: {cwd}"),
        };
        return Err(bad(told).hint("make it first, or name another one"));
    }
    Ok(cwd)
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let title: String = plain.take(TITLE).collect();
    title.trim().to_owned()
}

fn bad(told: String) -> Fault {
    Fault::new(Code::BadRequest, told)
}
