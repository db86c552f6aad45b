//! Programs that make, move, change and delete files.

use super::super::Teller;
use super::super::argument::Arg;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("chattr", modes),
    ("chgrp", owners),
    ("chmod", modes),
    ("chown", owners),
    ("cp", copy),
    ("dd", dd),
    ("install", install),
    ("link", link),
    ("ln", link),
    ("mkdir", make),
    ("mkfifo", make),
    ("mknod", make),
    ("mktemp", temporary),
    ("mv", moves),
    ("patch", patch),
    ("rename", rename),
    ("rm", remove),
    ("rmdir", remove_empty),
    ("shred", shred),
    ("split", split),
    ("csplit", csplit),
    ("srm", remove),
    ("tee", tee),
    ("touch", touch),
    ("trash", remove),
    ("tree", tree),
    ("truncate", truncate),
    ("unlink", remove_empty),
    ("wipefs", shred),
    ("blkdiscard", shred),
    ("fdisk", shred),
    ("sfdisk", shred),
    ("sgdisk", shred),
    ("parted", shred),
    ("mkswap", shred),
    ("mkfs", shred),
];

fn remove(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "", &[]);
    let deep = given.has(&["-r", "-R", "--recursive"]);
    for operand in &given.operands {
        teller.deletes(operand, call.state, deep);
    }
}

fn remove_empty(teller: &mut Teller<'_>, call: &Call<'_>) {
    for operand in &Given::split(call.args, "", &[]).operands {
        teller.deletes(operand, call.state, false);
    }
}

fn shred(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "nst", &["iterations", "size"]);
    for operand in &given.operands {
        teller.writes(operand, call.state);
        if call.name == "shred" && given.has(&["-u", "--remove"]) {
            teller.deletes(operand, call.state, false);
        }
    }
}

fn make(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "m", &["mode"]);
    for operand in &given.operands {
        teller.writes(operand, call.state);
    }
}

fn touch(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "drt", &["date", "reference", "time"]);
    for file in given.values(&["-r", "--reference"]) {
        teller.reads(&file, call.state);
    }
    for operand in &given.operands {
        teller.writes(operand, call.state);
    }
}

fn truncate(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "sr", &["size", "reference"]);
    for operand in &given.operands {
        teller.writes(operand, call.state);
    }
}

fn tee(teller: &mut Teller<'_>, call: &Call<'_>) {
    for operand in &Given::split(call.args, "", &[]).operands {
        teller.writes(operand, call.state);
    }
}

fn temporary(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "p", &["suffix", "tmpdir"]);
    if call.args.is_empty() || given.operands.is_empty() || given.has(&["-t"]) {
        teller.writes(&Arg::known("/tmp"), call.state);
    }
    for value in given
        .values(&["-p", "--tmpdir"])
        .iter()
        .chain(&given.operands)
    {
        teller.writes(value, call.state);
    }
}

fn split(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "abClnt",
        &["filter", "lines", "bytes", "suffix-length", "number"],
    );
    if given.has(&["--filter"]) {
        teller.unclear(format!("`--filter` of `{}` runs a command", call.name));
    }
    if let Some(file) = given.operands.first() {
        teller.reads(file, call.state);
    }
    let here = Arg::known(".");
    teller.writes(given.operands.get(1).unwrap_or(&here), call.state);
}

fn csplit(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "fbn", &["prefix", "suffix-format", "digits"]);
    if let Some(file) = given.operands.first() {
        teller.reads(file, call.state);
    }
    let prefixes = given.values(&["-f", "--prefix"]);
    let here = Arg::known(".");
    teller.writes(prefixes.last().unwrap_or(&here), call.state);
    let formats = given.values(&["-b", "--suffix-format"]);
    if formats.iter().any(|format| format.text.contains('/')) {
        teller.unclear("`csplit` writes into another folder");
    }
}

fn tree(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "LPIoH", &["filelimit", "charset", "gitfile"]);
    for file in given.values(&["-o"]) {
        teller.writes(&file, call.state);
    }
    teller.doubtful(&given.operands);
    for operand in &given.operands {
        teller.reads(operand, call.state);
    }
}

/// Tells of a second name for a file: what writes to it writes to the file.
fn hard(teller: &mut Teller<'_>, call: &Call<'_>, sources: &[Arg]) {
    for source in sources {
        teller.writes(source, call.state);
    }
}

fn copy(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "tS",
        &["target-directory", "suffix", "sparse", "reflink"],
    );
    let (sources, target) = sources(&given);
    for source in sources {
        teller.reads(source, call.state);
    }
    if given.has(&["-l", "--link"]) {
        hard(teller, call, sources);
    }
    for target in target {
        teller.writes(&target, call.state);
    }
}

fn moves(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "tS", &["target-directory", "suffix"]);
    let (sources, target) = sources(&given);
    for source in sources {
        teller.deletes(source, call.state, false);
    }
    for target in target {
        teller.writes(&target, call.state);
    }
}

fn link(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "tS", &["target-directory", "suffix"]);
    let (sources, target) = sources(&given);
    if !given.has(&["-s", "--symbolic"]) {
        hard(teller, call, sources);
    }
    for source in sources {
        // A link to a place outside opens it to whoever writes in the workspace later.
        let beside = target
            .first()
            .and_then(|target| target.text.rsplit_once('/'))
            .map(|(folder, _)| source.part(&format!("{folder}/{}", source.text)))
            .filter(|_| !source.text.starts_with('/'));
        for source in std::iter::once(source.clone()).chain(beside) {
            if source.unknown.is_some() || teller.is_outside(&source.text, call.state) {
                teller.reads(&source, call.state);
            }
        }
    }
    let here = vec![Arg::known(".")];
    let named = given.has(&["-t", "--target-directory"]) || given.operands.len() > 1;
    for target in if target.is_empty() || !named {
        here
    } else {
        target
    } {
        teller.writes(&target, call.state);
    }
}

fn install(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "gmotS",
        &[
            "mode",
            "owner",
            "group",
            "target-directory",
            "suffix",
            "strip-program",
        ],
    );
    if given.has(&["--strip-program"]) {
        teller.unclear("`--strip-program` of `install` runs a program");
    }
    if given.has(&["-o", "--owner", "-g", "--group"]) {
        teller.privilege("install with another owner");
    }
    for mode in given.values(&["-m", "--mode"]) {
        special_mode(teller, call.name, &mode);
    }
    if given.has(&["-d", "--directory"]) {
        for operand in &given.operands {
            teller.writes(operand, call.state);
        }
        return;
    }
    let (sources, target) = sources(&given);
    for source in sources {
        teller.reads(source, call.state);
    }
    for target in target {
        teller.writes(&target, call.state);
    }
}

/// Returns what is copied, and where to.
fn sources(given: &Given) -> (&[Arg], Vec<Arg>) {
    let targets = given.values(&["-t", "--target-directory"]);
    if !targets.is_empty() {
        return (&given.operands, targets);
    }
    match given.operands.split_last() {
        Some((target, sources)) => (sources, vec![target.clone()]),
        None => (&[], Vec::new()),
    }
}

fn dd(teller: &mut Teller<'_>, call: &Call<'_>) {
    for arg in call.args {
        if let Some(file) = arg.text.strip_prefix("of=") {
            teller.writes(&arg.part(file), call.state);
        } else if let Some(file) = arg.text.strip_prefix("if=") {
            teller.reads(&arg.part(file), call.state);
        } else if arg.unknown.is_some() {
            teller.doubtful(std::slice::from_ref(arg));
        }
    }
}

fn modes(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "", &[]);
    let mut operands = given.operands.as_slice();
    // `chmod -x file`: what looks like an option is the mode.
    let mode_option = given
        .options
        .iter()
        .any(|(name, _)| name.len() == 2 && name.contains(['r', 'w', 'x', 's', 't', 'X']));
    if !mode_option
        && !given.has(&["--reference"])
        && let Some((mode, rest)) = operands.split_first()
    {
        special_mode(teller, call.name, mode);
        operands = rest;
    }
    for operand in operands {
        teller.writes(operand, call.state);
    }
}

fn special_mode(teller: &mut Teller<'_>, name: &str, mode: &Arg) {
    if let Some(unknown) = &mode.unknown {
        return teller.unclear(format!("the mode that `{name}` sets is {}", unknown.tell()));
    }
    let text = &mode.text;
    let number = text.chars().all(|char| char.is_ascii_digit());
    let special = number && text.trim_start_matches('0').len() == 4
        || !number
            && text
                .split(',')
                .any(|part| part.contains(['+', '=']) && part.contains('s'));
    if special {
        teller.privilege(format!("{name} {text}"));
    }
}

fn owners(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "", &["from"]);
    let owner = given
        .operands
        .first()
        .map_or("", |owner| owner.text.as_str());
    teller.privilege(format!("{} {owner}", call.name).trim_end().to_owned());
    let skip = usize::from(!given.has(&["--reference"]));
    for operand in given.operands.iter().skip(skip) {
        teller.writes(operand, call.state);
    }
}

fn rename(teller: &mut Teller<'_>, call: &Call<'_>) {
    // One `rename` is a program of Perl that runs its first argument, another takes two texts.
    teller.unclear("`rename` differs from system to system, and may run its first argument");
    teller.stranger(call);
}

fn patch(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "pidoBFYgrVDz",
        &["directory", "input", "output", "strip", "reject-file"],
    );
    for file in given.values(&["-i", "--input"]) {
        teller.reads(&file, call.state);
    }
    for file in given.values(&["-o", "--output", "-d", "--directory", "-r", "--reject-file"]) {
        teller.writes(&file, call.state);
    }
    match given.operands.split_first() {
        Some((file, rest)) => {
            teller.writes(file, call.state);
            for file in rest {
                teller.reads(file, call.state);
            }
        }
        None => {
            teller.writes(&Arg::known("."), call.state);
            teller.unclear("which files `patch` changes stands in what it is given");
        }
    }
}
