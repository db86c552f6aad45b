//! `find` and `fd`: look for files, and run or delete what they find.

use super::super::Teller;
use super::super::argument::{Arg, Unknown};
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("fd", fd),
    ("fdfind", fd),
    ("find", find),
    ("rg", rg),
    ("locate", calm),
];

/// Tests and actions that only look, without a value.
const PLAIN: &[&str] = &[
    "!",
    "(",
    ")",
    ",",
    "-a",
    "-and",
    "-o",
    "-or",
    "-not",
    "-print",
    "-print0",
    "-prune",
    "-quit",
    "-ls",
    "-empty",
    "-readable",
    "-writable",
    "-executable",
    "-true",
    "-false",
    "-depth",
    "-d",
    "-xdev",
    "-mount",
    "-follow",
    "-daystart",
    "-nouser",
    "-nogroup",
    "-noleaf",
    "-nowarn",
    "-warn",
    "-ignore_readdir_race",
];

/// Tests that only look, with a value.
const VALUED: &[&str] = &[
    "-amin",
    "-atime",
    "-cmin",
    "-ctime",
    "-mmin",
    "-mtime",
    "-name",
    "-iname",
    "-path",
    "-ipath",
    "-wholename",
    "-iwholename",
    "-regex",
    "-iregex",
    "-regextype",
    "-type",
    "-xtype",
    "-size",
    "-perm",
    "-user",
    "-group",
    "-uid",
    "-gid",
    "-links",
    "-inum",
    "-maxdepth",
    "-mindepth",
    "-printf",
    "-lname",
    "-ilname",
    "-fstype",
    "-used",
    "-context",
];

/// Tests whose value is a file that is looked at.
const FILES: &[&str] = &["-newer", "-anewer", "-cnewer", "-samefile"];

fn find(teller: &mut Teller<'_>, call: &Call<'_>) {
    let mut args = call.args.iter().peekable();
    let mut starts: Vec<Arg> = Vec::new();
    while let Some(arg) = args.peek() {
        let text = arg.text.as_str();
        match text {
            "-H" | "-L" | "-P" => {}
            _ if text.starts_with("-O") => {}
            _ if text.starts_with(['-', '!', '(', ')']) && arg.unknown.is_none() => break,
            _ => starts.push((*arg).clone()),
        }
        args.next();
    }
    if starts.is_empty() {
        starts.push(Arg::known("."));
    }
    for start in &starts {
        teller.reads(start, call.state);
    }
    while let Some(arg) = args.next() {
        let text = arg.text.as_str();
        if let Some(unknown) = &arg.unknown {
            teller.unclear(format!("an argument of `find` is {}", unknown.tell()));
        } else if PLAIN.contains(&text) {
        } else if VALUED.contains(&text) || text.starts_with("-newer") && !FILES.contains(&text) {
            let value = args.next();
            if let Some(Unknown::Variable(_) | Unknown::Output | Unknown::Input) =
                value.and_then(|value| value.unknown.as_ref())
            {
                // The value of a test stays one word only in quotes; it is not told which.
                teller.unclear(format!("the value of `{text}` is not known"));
            }
        } else if FILES.contains(&text) {
            if let Some(file) = args.next() {
                teller.reads(file, call.state);
            }
        } else if text == "-delete" {
            let all = call.args.iter().all(|arg| {
                !VALUED.contains(&arg.text.as_str()) && !FILES.contains(&arg.text.as_str())
            });
            if !all {
                teller.unclear("`find` deletes whatever its tests match");
            }
            for start in &starts {
                teller.deletes(start, call.state, all);
            }
        } else if matches!(text, "-fprint" | "-fprint0" | "-fls" | "-fprintf") {
            if let Some(file) = args.next() {
                teller.writes(file, call.state);
            }
            if text == "-fprintf" {
                args.next();
            }
        } else if matches!(text, "-exec" | "-execdir" | "-ok" | "-okdir") {
            let mut inner: Vec<Arg> = Vec::new();
            for arg in args.by_ref() {
                if matches!(arg.text.as_str(), ";" | "+") {
                    break;
                }
                inner.push(arg.clone());
            }
            exec(teller, call, text, inner, &starts);
        } else {
            teller.unclear(format!(
                "`find` has the option `{text}`, which is not told here"
            ));
        }
    }
}

/// Tells of a command that is run for what was found: it works on the folders that are searched.
fn exec(teller: &mut Teller<'_>, call: &Call<'_>, option: &str, inner: Vec<Arg>, starts: &[Arg]) {
    let mut via = call.via.to_vec();
    let mut own: Vec<String> = vec![call.name.to_owned()];
    own.extend(starts.iter().map(|start| start.text.clone()));
    own.push(option.to_owned());
    via.push(own);
    let here = option.ends_with("dir");
    let placed: Vec<Arg> = inner
        .into_iter()
        .map(|arg| match (arg.text.as_str(), starts) {
            ("{}", [start]) if start.unknown.is_none() && !here => Arg {
                text: arg.text.clone(),
                unknown: Some(Unknown::Pattern {
                    text: format!("{}/…", start.text.trim_end_matches('/')),
                    folder: start.text.clone(),
                    all: true,
                }),
            },
            (text, _) if text.contains("{}") => Arg {
                text: arg.text.clone(),
                unknown: Some(Unknown::Variable("{}".into())),
            },
            _ => arg,
        })
        .collect();
    let state = if here {
        call.state.clone().anywhere()
    } else {
        call.state.clone()
    };
    let shell = std::mem::replace(&mut teller.shell, false);
    teller.command(&placed, &via, &state, &[]);
    teller.shell = shell;
}

fn fd(teller: &mut Teller<'_>, call: &Call<'_>) {
    let runs = |arg: &Arg| match arg.text.strip_prefix('-') {
        Some(long) if long.starts_with('-') => long.starts_with("-exec"),
        Some(letters) => letters.contains(['x', 'X']),
        None => false,
    };
    if call.args.iter().any(runs) {
        teller.unclear(format!("`{}` runs a command for what it finds", call.name));
    }
    teller.stranger(call);
}

fn rg(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "efgtTmABCjdMrE",
        &[
            "regexp",
            "file",
            "glob",
            "type",
            "type-not",
            "max-count",
            "after-context",
            "before-context",
            "context",
            "max-depth",
            "sort",
            "replace",
            "color",
            "colors",
            "context-separator",
            "dfa-size-limit",
            "encoding",
            "engine",
            "field-context-separator",
            "field-match-separator",
            "hostname-bin",
            "hyperlink-format",
            "iglob",
            "ignore-file",
            "max-columns",
            "max-depth",
            "max-filesize",
            "path-separator",
            "pre",
            "pre-glob",
            "regex-size-limit",
            "sortr",
            "threads",
            "type-add",
            "type-clear",
        ],
    );
    let odd = [
        "--pre",
        "--pre-glob",
        "--hostname-bin",
        "-z",
        "--search-zip",
    ];
    if given.has(&odd) {
        teller.unclear("an option of `rg` runs a program for each file");
    }
    for file in given.values(&["-f", "--file", "--ignore-file"]) {
        teller.reads(&file, call.state);
    }
    let skip = usize::from(!given.has(&["-e", "-f", "--regexp", "--file", "--files"]));
    teller.doubtful(given.operands.get(..skip).unwrap_or_default());
    for operand in given.operands.iter().skip(skip) {
        // A pattern of the shell may match a name that is an option.
        teller.doubtful(std::slice::from_ref(operand));
        teller.reads(operand, call.state);
    }
}

fn calm(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.doubtful(call.args);
}
