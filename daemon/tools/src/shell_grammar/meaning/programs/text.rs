//! Programs that work on text and can write or run more than they seem to.

use super::super::Teller;
use super::super::argument::Arg;
use super::super::builtins::is_name;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("awk", awk),
    ("date", date),
    ("gawk", awk),
    ("hostname", hostname),
    ("mawk", awk),
    ("nawk", awk),
    ("sed", sed),
    ("gsed", sed),
    ("sort", sort),
    ("shuf", sort),
    ("uniq", second),
    ("xxd", second),
    ("yq", yq),
    ("less", pager),
    ("more", pager),
    ("most", pager),
    ("man", man),
    ("info", man),
    ("history", calm),
    ("bat", pager),
];

fn sort(teller: &mut Teller<'_>, call: &Call<'_>) {
    // `-n` and `-i` have values only for `shuf`.
    let shorts = if call.name == "sort" { "kotST" } else { "oni" };
    let longs = [
        "key",
        "output",
        "field-separator",
        "buffer-size",
        "temporary-directory",
        "parallel",
        "random-source",
        "files0-from",
        "batch-size",
        "compress-program",
        "head-count",
        "input-range",
    ];
    let given = Given::split(call.args, shorts, &longs);
    if given.has(&["--compress-program"]) {
        teller.unclear("`--compress-program` of `sort` runs a program");
    }
    for file in given.values(&["-o", "--output", "-T", "--temporary-directory"]) {
        teller.writes(&file, call.state);
    }
    for file in given.values(&["--files0-from", "--random-source"]) {
        teller.reads(&file, call.state);
    }
    if given.has(&["--files0-from"]) {
        teller.unclear("what `sort` reads stands in a file");
    }
    teller.doubtful(&given.operands);
    for operand in &given.operands {
        teller.reads(operand, call.state);
    }
}

/// Programs that read their first operand and write their second.
fn second(teller: &mut Teller<'_>, call: &Call<'_>) {
    // `-c` has a value only for `xxd`.
    let shorts = if call.name == "uniq" { "fsw" } else { "clgosR" };
    let longs = ["skip-fields", "skip-chars", "check-chars"];
    let given = Given::split(call.args, shorts, &longs);
    teller.doubtful(&given.operands);
    if let Some(file) = given.operands.first() {
        teller.reads(file, call.state);
    }
    if let Some(file) = given.operands.get(1) {
        teller.writes(file, call.state);
    }
}

fn date(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "dfrs", &["date", "file", "reference", "set"]);
    if given.has(&["-s", "--set"]) {
        teller.privilege("date --set");
    }
    if given
        .operands
        .iter()
        .any(|operand| !operand.text.starts_with('+'))
    {
        teller.privilege("date, which sets the clock");
    }
    for file in given.values(&["-f", "--file", "-r", "--reference"]) {
        teller.reads(&file, call.state);
    }
    teller.doubtful(&given.operands);
}

fn hostname(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "F", &["file"]);
    if !given.operands.is_empty() || given.has(&["-F", "--file", "-b"]) {
        teller.privilege("hostname, which names the machine");
    }
    teller.doubtful(&given.operands);
}

fn sed(teller: &mut Teller<'_>, call: &Call<'_>) {
    // `-i` has its value in the same word only.
    let given = Given::split(call.args, "efl", &["expression", "file", "line-length"]);
    let in_place = given.has(&["-i", "-I", "--in-place"]);
    if in_place && call.args.iter().any(|arg| keeps_elsewhere(&arg.text)) {
        teller.unclear("`sed` keeps what was there before in another folder");
    }
    let mut scripts = given.values(&["-e", "--expression"]);
    let files = given.values(&["-f", "--file"]);
    let mut operands = given.operands.as_slice();
    if scripts.is_empty()
        && files.is_empty()
        && let Some((script, rest)) = operands.split_first()
    {
        scripts.push(script.clone());
        operands = rest;
        // Some read `-i ''` as one option, and the script comes after it.
        if script.text.is_empty() {
            scripts.extend(operands.first().cloned());
        }
    }
    for file in &files {
        teller.runs_file(file, call.state);
        teller.unclear("what `sed` does stands in a file");
    }
    let sandbox = given.has(&["--sandbox"]);
    for script in &scripts {
        match script.literal() {
            None => teller.unclear("what `sed` does is not known"),
            Some(text) if !sandbox && !calm_sed(text) => {
                teller.unclear("a script of `sed` that may run commands or write files");
            }
            Some(_) => {}
        }
    }
    teller.doubtful(operands);
    for operand in operands {
        teller.reads(operand, call.state);
        if in_place {
            teller.writes(operand, call.state);
        }
    }
}

/// Returns true for an option that gives copies of what is changed a name in another folder.
fn keeps_elsewhere(option: &str) -> bool {
    let ending = match option.strip_prefix("--") {
        Some(long) => long
            .starts_with("in")
            .then(|| long.split_once('=').map(|(_, ending)| ending))
            .flatten(),
        None => option.strip_prefix('-').and_then(|letters| {
            let (before, ending) = letters.split_once(['i', 'I'])?;
            (!before.contains(['e', 'f', 'l'])).then_some(ending)
        }),
    };
    ending.is_some_and(|ending| ending.contains('/'))
}

/// Returns true where a script of sed surely neither runs nor writes anything: addresses,
/// substitutions with calm flags, printing, deleting.
fn calm_sed(script: &str) -> bool {
    script.split(['\n']).all(|line| {
        let mut rest = line.trim();
        loop {
            rest = rest.trim_start_matches([' ', ';', '{', '}', '\t']);
            if rest.is_empty() {
                return true;
            }
            match calm_sed_command(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
    })
}

fn calm_sed_command(text: &str) -> Option<&str> {
    let mut rest = text;
    // Addresses.
    loop {
        rest =
            rest.trim_start_matches(|char: char| char.is_ascii_digit() || "$,~+! ".contains(char));
        let Some(after) = rest.strip_prefix('/') else {
            break;
        };
        rest = delimited(after, '/')?;
        rest = rest.trim_start_matches(['I', 'M']);
    }
    let mut chars = rest.chars();
    match chars.next()? {
        'p' | 'd' | 'D' | 'P' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | '=' | 'z' => {
            Some(chars.as_str())
        }
        'q' | 'Q' => Some(
            chars
                .as_str()
                .trim_start_matches(|char: char| char.is_ascii_digit() || char == ' '),
        ),
        sign @ ('s' | 'y') => {
            let delimiter = chars.next()?;
            if delimiter.is_alphanumeric() || matches!(delimiter, '\\' | '\n' | ' ') {
                return None;
            }
            let rest = delimited(chars.as_str(), delimiter)?;
            let rest = delimited(rest, delimiter)?;
            if sign == 'y' {
                return Some(rest);
            }
            let rest = rest
                .trim_start_matches(|char: char| char.is_ascii_digit() || "gpiIM".contains(char));
            rest.is_empty()
                .then_some(rest)
                .or_else(|| rest.starts_with([';', '}', ' ']).then_some(rest))
        }
        // The rest of the line is text.
        'a' | 'i' | 'c' => Some(""),
        _ => None,
    }
}

/// Returns what follows a text that ends with `delimiter`.
fn delimited(text: &str, delimiter: char) -> Option<&str> {
    let mut chars = text.chars();
    let mut class = false;
    loop {
        match chars.next()? {
            '\\' => {
                chars.next()?;
            }
            '[' => class = true,
            ']' => class = false,
            // In brackets some read it as the end and some as a letter.
            char if char == delimiter && class => return None,
            char if char == delimiter => return Some(chars.as_str()),
            _ => {}
        }
    }
}

fn awk(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "Fvf", &["field-separator", "assign", "file"]);
    let odd = given.options.iter().find(|(name, _)| {
        !matches!(
            name.as_str(),
            "-F" | "-v" | "-f" | "--field-separator" | "--assign" | "--file"
        )
    });
    if let Some((name, _)) = odd {
        teller.unclear(format!(
            "`{}` has the option `{name}`, which is not told here",
            call.name
        ));
    }
    let files = given.values(&["-f", "--file"]);
    for file in &files {
        teller.runs_file(file, call.state);
        teller.unclear(format!("what `{}` does stands in a file", call.name));
    }
    let mut operands = given.operands.as_slice();
    if files.is_empty()
        && let Some((program, rest)) = operands.split_first()
    {
        operands = rest;
        match program.literal() {
            None => teller.unclear(format!("what `{}` does is not known", call.name)),
            Some(text) if !calm_awk(text) => {
                teller.unclear(format!(
                    "a script of `{}` that may run commands or write files",
                    call.name
                ));
            }
            Some(_) => {}
        }
    }
    teller.doubtful(operands);
    for operand in operands {
        let variable = operand.text.split_once('=').map(|(name, _)| name);
        if !variable.is_some_and(is_name) {
            teller.reads(operand, call.state);
        }
    }
}

/// Returns true where a program of awk surely neither runs nor writes anything.
fn calm_awk(program: &str) -> bool {
    const POWERS: &[&str] = &[
        "system", "getline", "close", "fflush", "@", "ENVIRON", "ARGV", "ARGC",
    ];
    // What begins with a `/` begins with a pattern, in which `|` and `>` are letters.
    let program = program.trim_start();
    let program = program
        .strip_prefix('/')
        .map_or(Some(program), |rest| delimited(rest, '/'));
    let Some(program) = program else {
        return false;
    };
    let runs = POWERS.iter().any(|word| program.contains(word));
    let pipes = program.replace("||", "").contains('|');
    // After `print` a `>` may lead to a file.
    let writes = program
        .find("print")
        .and_then(|at| program.get(at..))
        .is_some_and(|rest| rest.contains('>'));
    !runs && !pipes && !writes
}

fn yq(teller: &mut Teller<'_>, call: &Call<'_>) {
    let inline = |arg: &Arg| {
        arg.text == "--inplace"
            || (arg.text.starts_with('-') && !arg.text.starts_with("--") && arg.text.contains('i'))
    };
    let writes = call.args.iter().any(inline);
    let given = Given::split(
        call.args,
        "opIs",
        &["from-file", "split-exp", "split-exp-file"],
    );
    let told = ["-s", "--split-exp", "--split-exp-file", "--from-file"];
    if given.has(&told) {
        teller.unclear("what `yq` writes is put together when it runs");
    }
    let operands = given.operands;
    for operand in operands.iter().skip(1) {
        teller.reads(operand, call.state);
        if writes {
            teller.writes(operand, call.state);
        }
    }
    let powers = ["load", "env", "system"];
    // A word such as `eval` may stand before the script.
    let more = |arg: &Arg| powers.iter().any(|power| arg.text.contains(power));
    if operands.iter().any(more) {
        teller.unclear("a script of `yq` that may read more than it is given");
    }
    teller.doubtful(call.args);
}

fn pager(teller: &mut Teller<'_>, call: &Call<'_>) {
    const LONG: &[&str] = &[
        "--color",
        "--decorations",
        "--language",
        "--no-",
        "--number",
        "--plain",
        "--quit",
        "--raw",
        "--RAW",
        "--style",
        "--wrap",
    ];
    for arg in call.args {
        let text = arg.text.as_str();
        let odd = match text.strip_prefix('-') {
            _ if text.starts_with('+') => true,
            Some("" | "-") | None => false,
            Some(long) if long.starts_with('-') => !LONG.iter().any(|calm| text.starts_with(calm)),
            // Keys, tags and logs are files that it reads or writes.
            Some(letters) => letters.contains(['o', 'O', 'k', 't', 'T', 'P', 'p', '+']),
        };
        if odd {
            teller.unclear(format!("`{}` is given a command, `{text}`", call.name));
        } else if !text.starts_with('-') {
            teller.doubtful(std::slice::from_ref(arg));
            teller.reads(arg, call.state);
        }
    }
}

fn man(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "PHpCMrTLmRES",
        &["pager", "html", "preprocessor", "config-file", "manpath"],
    );
    let runs = [
        "-P",
        "--pager",
        "-H",
        "--html",
        "-p",
        "-C",
        "--config-file",
        "-M",
        "--manpath",
        "-l",
        "--local-file",
    ];
    if given.has(&runs) || call.name == "info" && !given.options.is_empty() {
        teller.unclear(format!("an option of `{}` runs a program", call.name));
    }
    teller.doubtful(call.args);
    for operand in &given.operands {
        teller.mentioned(operand, call.state);
    }
}

fn calm(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.doubtful(call.args);
}
