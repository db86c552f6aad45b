//! Programs that are given a command line or a script: shells, and what hands lines to a shell.

use super::Teller;
use super::argument::Arg;
use super::flow::State;
use super::options::Given;
use super::programs::Call;

const SHELLS: &[&str] = &["ash", "bash", "dash", "sh"];

/// Shells whose language is not read here.
const OTHER_SHELLS: &[&str] = &[
    "csh", "elvish", "fish", "ksh", "mksh", "nu", "pwsh", "rbash", "tcsh", "xonsh", "zsh",
];

pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
        || OTHER_SHELLS.contains(&name)
        || matches!(
            name,
            "su" | "runuser" | "ssh" | "watch" | "script" | "parallel" | "eval"
        )
}

/// Looks into a program that is given a command line; returns false where it is none.
pub(super) fn unwrap(teller: &mut Teller<'_>, call: &Call<'_>) -> bool {
    match call.name {
        name if SHELLS.contains(&name) => shell(teller, call),
        name if OTHER_SHELLS.contains(&name) => {
            teller.run(call.all, call.via);
            let script = call.args.first().filter(|arg| !arg.text.starts_with('-'));
            if let Some(script) = script {
                teller.runs_file(script, call.state);
            } else {
                teller.unclear(format!("the language of `{name}` is not read here"));
            }
            teller.doubtful(call.args);
        }
        "su" | "runuser" => su(teller, call),
        "ssh" => ssh(teller, call),
        "watch" => watch(teller, call),
        "script" => script(teller, call),
        "parallel" => {
            teller.run(call.all, call.via);
            teller.unclear("`parallel` puts together what it runs only when it runs");
        }
        _ => return false,
    }
    true
}

fn shell(teller: &mut Teller<'_>, call: &Call<'_>) {
    let name = call.name;
    let mut at = 0;
    let mut given = false;
    while let Some(arg) = call.args.get(at) {
        let text = arg.text.as_str();
        if arg.unknown.is_none() && text.len() > 1 && text.starts_with(['-', '+']) {
            at += 1;
            if text == "--" {
                break;
            }
            if matches!(text, "--norc" | "--noprofile" | "--posix" | "--login") {
                continue;
            }
            let letters = text.get(1..).unwrap_or_default();
            if letters.is_empty() || !letters.chars().all(|letter| "ceuxlfo".contains(letter)) {
                teller.run(call.all, call.via);
                let why = format!("`{name}` has the option `{text}`, which is not told here");
                return teller.unclear(why);
            }
            given |= letters.contains('c');
            if letters.contains('o') {
                let known = ["pipefail", "errexit", "nounset", "xtrace", "noglob"];
                let named = call.args.get(at).and_then(Arg::literal);
                if !named.is_some_and(|named| known.contains(&named)) {
                    teller.run(call.all, call.via);
                    return teller.unclear(format!("`{name}` reads commands in another way"));
                }
                at += 1;
            }
        } else {
            break;
        }
    }
    let first = call.args.get(at);
    if given {
        let Some(line) = first else {
            teller.run(call.all, call.via);
            return teller.unclear(format!("`{name} -c` is given no command"));
        };
        let via = with(call, at);
        let dialect = Teller::dialect_of(name);
        return match line.literal() {
            Some(text) => {
                let text = text.to_owned();
                teller.line(&text, dialect, &via, call.state.clone());
            }
            None => {
                teller.run(call.all, call.via);
                let what = line.unknown.as_ref().map(super::argument::Unknown::tell);
                teller.unclear(format!(
                    "what `{name}` runs is {}",
                    what.unwrap_or_default()
                ));
            }
        };
    }
    if let Some(script) = first {
        teller.run(call.all, call.via);
        teller.runs_file(script, call.state);
        teller.doubtful(call.args.get(at..).unwrap_or_default());
        return;
    }
    match call.input.first().map(|text| (text.literal(), text)) {
        Some((Some(text), _)) => {
            let via = with(call, call.args.len());
            let text = text.to_owned();
            teller.line(&text, Teller::dialect_of(name), &via, call.state.clone());
        }
        _ => {
            teller.run(call.all, call.via);
            if !call
                .args
                .iter()
                .any(|arg| arg.text == "--version" || arg.text == "--help")
            {
                teller.unclear(format!("`{name}` runs whatever its input says"));
            }
        }
    }
}

fn su(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.privilege(call.name);
    let given = Given::split(
        call.args,
        "cgGsw",
        &["command", "group", "shell", "session-command"],
    );
    let lines = given.values(&["-c", "--command", "--session-command"]);
    let odd = given.has(&["-s", "--shell"]);
    match lines.as_slice() {
        [one] if !odd && one.unknown.is_none() => {
            let via = with(call, 1);
            teller.line(
                &one.text,
                super::Dialect::Posix,
                &via,
                call.state.clone().anywhere(),
            );
        }
        _ => {
            teller.run(call.all, call.via);
            teller.unclear(format!("what `{}` runs cannot be told", call.name));
        }
    }
}

fn ssh(teller: &mut Teller<'_>, call: &Call<'_>) {
    const CALM: &[&str] = &[
        "stricthostkeychecking",
        "batchmode",
        "connecttimeout",
        "serveraliveinterval",
        "serveralivecountmax",
        "loglevel",
        "port",
        "user",
        "identitiesonly",
        "connectionattempts",
        "passwordauthentication",
        "forwardagent",
        "requesttty",
        "compression",
    ];
    let mut at = 0;
    let mut clear = true;
    while let Some(arg) = call
        .args
        .get(at)
        .filter(|arg| arg.text.starts_with('-') && arg.text.len() > 1)
    {
        at += 1;
        clear &= arg.unknown.is_none();
        if arg.text == "--" {
            break;
        }
        let mut letters = arg.text.get(1..).unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            if "46AaCfGgkNnqsTtvXxYy".contains(letter) {
                continue;
            }
            let rest = letters.as_str();
            let value = if rest.is_empty() {
                at += 1;
                call.args.get(at - 1).cloned()
            } else {
                Some(arg.part(rest))
            };
            let value = value.unwrap_or_else(|| Arg::known(""));
            clear &= value.unknown.is_none();
            match letter {
                'o' => {
                    let key = value
                        .text
                        .split(['=', ' '])
                        .next()
                        .unwrap_or_default()
                        .to_lowercase();
                    clear &= value.unknown.is_none() && CALM.contains(&key.as_str());
                }
                'i' => teller.reads(&value, call.state),
                'p' | 'l' | 'c' | 'm' | 'b' | 'e' | 'L' | 'R' | 'D' | 'W' => {}
                'J' => teller.network_to(&value),
                _ => clear = false,
            }
            break;
        }
    }
    let Some(host) = call.args.get(at) else {
        teller.run(call.all, call.via);
        return teller.network(None);
    };
    teller.network_to(host);
    if host.unknown.is_some() || !clear {
        let why = if clear {
            "the machine that `ssh` goes to is not known"
        } else {
            "an option of `ssh` can run a command here"
        };
        teller.unclear(why);
    }
    let inner = call.args.get(at + 1..).unwrap_or_default();
    if inner.is_empty() {
        teller.run(call.all, call.via);
        if !call
            .args
            .iter()
            .any(|arg| arg.text == "-N" || arg.text == "-G")
        {
            teller.unclear("what is done on the other machine is not told");
        }
        return;
    }
    let via = with(call, at + 1);
    teller.away += 1;
    line(teller, inner, &via, call.state);
    teller.away -= 1;
}

/// Tells what a shell does with words that are joined to a line.
pub(super) fn line(teller: &mut Teller<'_>, words: &[Arg], via: &[Vec<String>], state: &State) {
    if let Some(unknown) = words.iter().find_map(|word| word.unknown.as_ref()) {
        let why = format!("a command line is put together with {}", unknown.tell());
        return teller.unclear(why);
    }
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    teller.line(&texts.join(" "), super::Dialect::Posix, via, state.clone());
}

fn watch(teller: &mut Teller<'_>, call: &Call<'_>) {
    let mut at = 0;
    while let Some(arg) = call.args.get(at).filter(|arg| arg.text.starts_with('-')) {
        at += 1;
        match arg.text.as_str() {
            "-n" | "--interval" => at += 1,
            "-d" | "-t" | "-b" | "-e" | "-g" | "-c" | "--color" | "--no-title" => {}
            text if text.starts_with("-n") => {}
            text => {
                teller.run(call.all, call.via);
                return teller.unclear(format!(
                    "`watch` has the option `{text}`, which is not told here"
                ));
            }
        }
    }
    let via = with(call, at);
    line(
        teller,
        call.args.get(at..).unwrap_or_default(),
        &via,
        call.state,
    );
}

fn script(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "cEoOIBTm", &["command"]);
    let file = given.operands.first().cloned();
    teller.writes(
        &file.unwrap_or_else(|| Arg::known("typescript")),
        call.state,
    );
    match given.values(&["-c", "--command"]).as_slice() {
        [one] if given.operands.len() < 2 => {
            let via = with(call, 1);
            line(teller, std::slice::from_ref(one), &via, call.state);
        }
        _ => {
            teller.run(call.all, call.via);
            teller.unclear("`script` runs a shell, and what that runs is not told");
        }
    }
}

/// Returns the wrappers around what this call runs; its own are the first `count` arguments.
pub(super) fn with(call: &Call<'_>, count: usize) -> Vec<Vec<String>> {
    let mut via = call.via.to_vec();
    let own = call
        .all
        .iter()
        .take(count + 1)
        .filter(|arg| arg.unknown.is_none());
    via.push(own.map(|arg| arg.text.clone()).collect());
    via
}
