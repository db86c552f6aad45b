//! Programs that only look, whatever they are given: one line each.

use super::super::Teller;
use super::super::argument::Unknown;
use super::super::options::Given;
use super::Call;

/// A program that only looks.
struct Looker {
    name: &'static str,
    /// Short options that take a value.
    values: &'static str,
    /// Long options that take a value, in the next word too.
    longs: &'static [&'static str],
    /// Options whose value is a file that it reads.
    files: &'static [&'static str],
    /// What its operands are.
    operands: Operands,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operands {
    /// Files and folders.
    Paths,
    /// A pattern or program, then paths; only paths where one of these options is given.
    AfterFirst(&'static [&'static str]),
    /// No paths at all.
    Words,
}

const fn paths(name: &'static str, values: &'static str) -> Looker {
    Looker {
        name,
        values,
        longs: &[],
        files: &[],
        operands: Operands::Paths,
    }
}

const fn words(name: &'static str) -> Looker {
    Looker {
        name,
        values: "",
        longs: &[],
        files: &[],
        operands: Operands::Words,
    }
}

const fn grep(name: &'static str) -> Looker {
    Looker {
        name,
        values: "efmABCdD",
        longs: &[
            "regexp",
            "file",
            "max-count",
            "after-context",
            "before-context",
            "context",
            "include",
            "exclude",
            "exclude-dir",
            "color",
            "label",
        ],
        files: &["-f", "--file", "--exclude-from"],
        operands: Operands::AfterFirst(&["-e", "-f", "--regexp", "--file"]),
    }
}

const LOOKERS: &[Looker] = &[
    paths("b2sum", ""),
    paths("base32", "w"),
    paths("base64", "w"),
    words("basename"),
    words("cal"),
    paths("cat", ""),
    paths("cksum", "a"),
    paths("cmp", "in"),
    paths("column", "cs"),
    paths("comm", ""),
    paths("cut", "bcdf"),
    paths("df", "tx"),
    Looker {
        name: "diff",
        values: "UCxXI",
        longs: &["from-file", "to-file"],
        files: &["--from-file", "--to-file"],
        operands: Operands::Paths,
    },
    words("dirname"),
    paths("du", "dtBX"),
    words("echo"),
    grep("egrep"),
    paths("expand", "t"),
    words("expr"),
    words("false"),
    grep("fgrep"),
    Looker {
        name: "file",
        values: "fmFP",
        longs: &["magic-file"],
        files: &["-f", "-m", "--magic-file"],
        operands: Operands::Paths,
    },
    paths("fold", "w"),
    paths("fmt", "w"),
    words("free"),
    words("getconf"),
    words("getent"),
    grep("grep"),
    words("groups"),
    paths("head", "nc"),
    paths("hexdump", "ens"),
    words("id"),
    paths("join", "aetv12j"),
    Looker {
        name: "jq",
        values: "fL",
        longs: &["from-file", "indent"],
        files: &["-f", "--from-file", "-L"],
        operands: Operands::AfterFirst(&["-f", "--from-file"]),
    },
    words("last"),
    words("locale"),
    paths("ls", ""),
    words("lsb_release"),
    words("lsblk"),
    words("lscpu"),
    paths("lsof", "puci"),
    paths("md5sum", ""),
    paths("nl", "bdfhilnsvw"),
    words("nproc"),
    paths("od", "AjNt"),
    paths("paste", "d"),
    words("pgrep"),
    words("printenv"),
    words("printf"),
    words("ps"),
    words("pstree"),
    words("pwd"),
    paths("readlink", ""),
    paths("realpath", ""),
    paths("rev", ""),
    words("seq"),
    paths("sha1sum", ""),
    paths("sha224sum", ""),
    paths("sha256sum", ""),
    paths("sha384sum", ""),
    paths("sha512sum", ""),
    words("sleep"),
    paths("stat", "c"),
    paths("strings", "nte"),
    paths("tac", "s"),
    paths("tail", "ncs"),
    paths("test", ""),
    words("tr"),
    words("true"),
    words("tty"),
    words("uname"),
    paths("unexpand", "t"),
    words("uptime"),
    words("users"),
    words("vmstat"),
    words("w"),
    Looker {
        name: "wc",
        values: "",
        longs: &[],
        files: &["--files0-from"],
        operands: Operands::Paths,
    },
    words("which"),
    words("who"),
    words("whoami"),
    paths("zcat", ""),
    grep("zgrep"),
];

/// Tells what a program that only looks reads; returns false where it is none.
pub(super) fn tell(teller: &mut Teller<'_>, call: &Call<'_>) -> bool {
    let Some(looker) = LOOKERS.iter().find(|looker| looker.name == call.name) else {
        return false;
    };
    if looker.operands == Operands::Words {
        return true;
    }
    let given = Given::split(call.args, looker.values, looker.longs);
    if given.has(&["--files0-from"]) || call.name == "file" && given.has(&["-f", "--files-from"]) {
        teller.unclear(format!("what `{}` reads stands in a file", call.name));
    }
    if call.name == "file" && given.has(&["-C", "--compile"]) {
        teller.unclear("`file -C` writes what it compiles");
    }
    for (name, value) in &given.options {
        let file = looker.files.contains(&name.as_str());
        match value {
            Some(value) if file => teller.reads(value, call.state),
            Some(value) if value.unknown.is_some() => {
                teller.doubtful(std::slice::from_ref(value));
            }
            Some(value) if value.text.starts_with('/') => {
                teller.mentioned(value, call.state);
            }
            None if call
                .args
                .iter()
                .any(|arg| arg.unknown.is_some() && arg.text.starts_with('-')) =>
            {
                teller.unclear(format!("an option of `{}` is not known", call.name));
            }
            _ => {}
        }
    }
    let skip = match looker.operands {
        Operands::AfterFirst(options) if !given.has(options) => 1,
        _ => 0,
    };
    for operand in given.operands.iter().skip(skip) {
        if call.name == "strings" && operand.text.starts_with('@') {
            teller.unclear("what `strings` does stands in a file");
        }
        teller.reads(operand, call.state);
    }
    if call.name == "jq" && given.operands.iter().any(|arg| imports(&arg.text)) {
        teller.unclear("a script of `jq` that reads more than it is given");
    }
    let hidden = given
        .operands
        .iter()
        .take(skip)
        .find_map(|first| match &first.unknown {
            // A variable may be an option too, and its value the file to read.
            Some(Unknown::Variable(_) | Unknown::Output | Unknown::Input) => first.unknown.clone(),
            _ => None,
        });
    if let Some(unknown) = hidden {
        teller.unclear(format!("`{}` looks for {}", call.name, unknown.tell()));
    }
    true
}

/// Returns true where a script of `jq` may take in other files.
fn imports(script: &str) -> bool {
    let words = ["import", "include"];
    words.iter().any(|word| script.contains(word)) && script.contains('"') && script.contains(';')
}

pub(super) fn is_looker(name: &str) -> bool {
    LOOKERS.iter().any(|looker| looker.name == name)
}
