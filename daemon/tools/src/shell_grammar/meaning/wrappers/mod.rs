//! Programs that run another program: what stands before it, and where it begins.
//!
//! An option that is not listed makes the whole call unclear: it may take the next word, and then
//! the command begins elsewhere.

mod table;

use table::{WRAPPERS, Wrapper};

use super::argument::{Arg, Unknown};
use super::flow::Flow;
use super::programs::Call;
use super::{Teller, shells};

/// Looks into a command that runs another; returns `None` where it is none.
pub(super) fn unwrap(teller: &mut Teller<'_>, call: &Call<'_>) -> Option<Flow> {
    let stays = Flow::same(call.state.clone());
    if shells::unwrap(teller, call) {
        return Some(stays);
    }
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == call.name)?;
    let own = matches!(call.name, "builtin" | "command" | "exec");
    if own && !teller.shell && call.name != "command" {
        return None;
    }
    if matches!(call.name, "sudo" | "doas" | "pkexec" | "chroot" | "unshare") {
        teller.privilege(call.name);
    }
    if call.name == "command"
        && call
            .args
            .first()
            .is_some_and(|arg| matches!(arg.text.as_str(), "-v" | "-V"))
    {
        teller.run(call.all, call.via);
        return Some(stays);
    }
    let begin = match begin(teller, wrapper, call) {
        Ok(begin) => begin,
        Err(why) => {
            teller.run(call.all, call.via);
            teller.unclear(why);
            return Some(stays);
        }
    };
    let Some(inner) = call.args.get(begin..).filter(|inner| !inner.is_empty()) else {
        teller.run(call.all, call.via);
        match call.name {
            "env" | "time" | "nice" | "command" | "exec" | "busybox" | "toybox" => {}
            "sudo" | "doas" if !call.args.is_empty() => {}
            // Without a command it runs a shell or `echo`, or does nothing.
            "xargs" => {}
            name => teller.unclear(format!("`{name}` names no command")),
        }
        return Some(stays);
    };
    let mut via = call.via.to_vec();
    let own: Vec<String> = call
        .all
        .get(..=begin)
        .unwrap_or_default()
        .iter()
        .map(|arg| arg.text.clone())
        .collect();
    via.push(own);
    let mut inner = inner.to_vec();
    let mut state = call.state.clone();
    match call.name {
        "xargs" => {
            let mark = replaced(call.args.get(..begin).unwrap_or_default());
            for arg in &mut inner {
                if mark
                    .as_ref()
                    .is_some_and(|mark| arg.text.contains(mark.as_str()))
                {
                    arg.unknown = Some(Unknown::Input);
                }
            }
            if mark.is_none() {
                inner.push(Arg::input());
            }
        }
        "chroot" => {
            teller.unclear("`chroot` runs it where paths mean something else");
            state = state.anywhere();
        }
        "flock" => {
            let lock = call.args.get(begin.saturating_sub(1));
            if let Some(lock) =
                lock.filter(|lock| !lock.text.chars().all(|char| char.is_ascii_digit()))
            {
                teller.writes(lock, &state);
            }
            if matches!(
                inner.first().map(|arg| arg.text.as_str()),
                Some("-c" | "--command")
            ) {
                inner.remove(0);
                shells::line(teller, &inner, &via, &state);
                return Some(stays);
            }
        }
        _ => {}
    }
    if call.name == "busybox" || call.name == "toybox" {
        let applet = inner
            .first()
            .map(|arg| arg.text.clone())
            .unwrap_or_default();
        if applet.starts_with('-') || applet.contains('/') {
            teller.run(call.all, call.via);
            teller.unclear(format!("`{} {applet}` is not told here", call.name));
            return Some(stays);
        }
    }
    let shell = teller.shell;
    teller.shell = shell && matches!(call.name, "builtin" | "command" | "time");
    let flow = teller.command(&inner, &via, &state, call.input);
    let own = teller.shell;
    teller.shell = shell;
    Some(if own { flow } else { stays })
}

/// Returns the text that `xargs` replaces by its input, where it is told to.
fn replaced(options: &[Arg]) -> Option<String> {
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let text = option.text.as_str();
        if text == "-I" {
            return options.next().map(|mark| mark.text.clone());
        }
        if let Some(mark) = text.strip_prefix("-I") {
            return Some(mark.into());
        }
        if let Some(rest) = text.strip_prefix("--replace") {
            let mark = rest.trim_start_matches('=');
            return Some(if mark.is_empty() {
                "{}".into()
            } else {
                mark.into()
            });
        }
        // Letters together: what is replaced is not looked for in there.
        if text.starts_with('-') && !text.starts_with("--") && text.contains('I') {
            return Some(String::new());
        }
    }
    None
}

/// Returns where the command begins among the arguments.
fn begin(teller: &mut Teller<'_>, wrapper: &Wrapper, call: &Call<'_>) -> Result<usize, String> {
    let name = wrapper.name;
    let odd = |text: &str| format!("`{name}` has the option `{text}`, which is not told here");
    // A value that is not known may be several words, and the command begins elsewhere.
    let known = |at: usize| {
        let before = call.args.get(..at).unwrap_or(call.args);
        match before.iter().find_map(|arg| arg.unknown.as_ref()) {
            Some(unknown) => Err(format!("an option of `{name}` is {}", unknown.tell())),
            None => Ok(at),
        }
    };
    let mut at = 0;
    let mut operands = wrapper.operands;
    let mut options = true;
    while let Some(arg) = call.args.get(at) {
        let text = arg.text.as_str();
        if let Some(unknown) = &arg.unknown {
            if operands > 0 && !options {
                operands -= 1;
                at += 1;
                continue;
            }
            return Err(format!("what `{name}` runs is {}", unknown.tell()));
        }
        if options && text == "--" {
            options = false;
            at += 1;
        } else if options && let Some(long) = text.strip_prefix("--") {
            let (long, value) = match long.split_once('=') {
                Some((long, _)) => (long, true),
                None => (long, false),
            };
            if wrapper.long_values.contains(&long) {
                at += if value { 1 } else { 2 };
            } else if wrapper.long_flags.contains(&long) && !value {
                at += 1;
            } else {
                return Err(odd(text));
            }
        } else if options && text.len() > 1 && text.starts_with('-') {
            let letters = text.trim_start_matches('-');
            if name == "nice" && letters.chars().all(|char| char.is_ascii_digit()) {
                at += 1;
                continue;
            }
            at += 1;
            let mut letters = letters.chars();
            while let Some(letter) = letters.next() {
                if wrapper.values.contains(letter) {
                    if letters.as_str().is_empty() {
                        at += 1;
                    }
                    break;
                }
                if !wrapper.flags.contains(letter) {
                    return Err(odd(text));
                }
            }
        } else if wrapper.variables
            && let Some((variable, value)) = text.split_once('=')
        {
            teller.environment(variable, &arg.part(value));
            options = false;
            at += 1;
        } else if operands > 0 {
            // Options end where the operands begin.
            options = false;
            operands -= 1;
            at += 1;
        } else {
            return known(at);
        }
    }
    known(at)
}

/// Returns true where a name is a wrapper.
pub(super) fn is_wrapper(name: &str) -> bool {
    shells::is_shell(name) || WRAPPERS.iter().any(|wrapper| wrapper.name == name)
}
