//! Archives: what is packed, unpacked, and where to.

use super::super::Teller;
use super::super::argument::Arg;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("7z", seven),
    ("7za", seven),
    ("bsdtar", tar),
    ("bunzip2", squeeze),
    ("bzip2", squeeze),
    ("cpio", cpio),
    ("gtar", tar),
    ("gunzip", squeeze),
    ("gzip", squeeze),
    ("tar", tar),
    ("unxz", squeeze),
    ("unzip", unzip),
    ("unzstd", squeeze),
    ("xz", squeeze),
    ("zip", zip),
    ("zstd", squeeze),
];

fn tar(teller: &mut Teller<'_>, call: &Call<'_>) {
    // The first word may be options without their dash: `tar xzf file`.
    let mut args = call.args.to_vec();
    let mut modes = String::new();
    if let Some(first) = args.first_mut()
        && !first.text.starts_with('-')
        && first.unknown.is_none()
    {
        let letters = first.text.clone();
        modes.clone_from(&letters);
        args.remove(0);
        let mut values = Vec::new();
        for letter in letters.chars() {
            if "fCbTXgKNIF".contains(letter) && !args.is_empty() {
                let value = args.remove(0);
                values.push(Arg::known(&format!("-{letter}")));
                values.push(value);
            } else {
                values.push(Arg::known(&format!("-{letter}")));
            }
        }
        values.extend(args);
        args = values;
    }
    let given = Given::split(
        &args,
        "fCbTXgKNIFLV",
        &[
            "file",
            "directory",
            "files-from",
            "exclude-from",
            "exclude",
            "use-compress-program",
            "checkpoint-action",
            "to-command",
            "info-script",
            "new-volume-script",
            "rsh-command",
            "rmt-command",
            "strip-components",
            "transform",
            "listed-incremental",
            "owner",
            "group",
            "mode",
            "mtime",
            "format",
            "warning",
            "index-file",
            "starting-file",
            "newer",
        ],
    );
    let runs = [
        "-I",
        "-F",
        "--use-compress-program",
        "--checkpoint-action",
        "--to-command",
        "--info-script",
        "--new-volume-script",
        "--rsh-command",
        "--rmt-command",
    ];
    if given.has(&runs) {
        teller.unclear("an option of `tar` runs a program");
    }
    if given.has(&["--remove-files"]) {
        teller.unclear("`tar` deletes what it packed");
    }
    let renames = ["-P", "--absolute-names", "--transform", "--xform"];
    if given.has(&renames) || call.name == "bsdtar" && given.has(&["-s"]) {
        teller.unclear("`tar` unpacks to wherever the archive says");
    }
    let extracts = given.has(&["-x", "--extract", "--get"]) || modes.contains('x');
    let creates = given.has(&[
        "-c", "--create", "-r", "--append", "-u", "--update", "-A", "--delete",
    ]);
    let archives = given.values(&["-f", "--file"]);
    for archive in &archives {
        if archive.text.contains(':') && !given.has(&["--force-local"]) {
            teller.network_to(archive);
        } else if creates {
            teller.writes(archive, call.state);
        } else {
            teller.reads(archive, call.state);
        }
    }
    for list in given.values(&["-T", "--files-from", "-X", "--exclude-from"]) {
        teller.reads(&list, call.state);
        if creates && given.has(&["-T", "--files-from"]) {
            teller.unclear("what `tar` packs stands in a file");
        }
    }
    let folders = given.values(&["-C", "--directory"]);
    if extracts && !given.has(&["-O", "--to-stdout"]) {
        let here = vec![Arg::known(".")];
        for folder in if folders.is_empty() {
            here
        } else {
            folders.clone()
        } {
            teller.writes(&folder, call.state);
        }
    }
    if creates {
        let mut state = call.state.clone();
        for folder in &folders {
            match folder.literal() {
                Some(path) => state = state.goes_to(path),
                None => state = state.anywhere(),
            }
        }
        teller.doubtful(&given.operands);
        for operand in &given.operands {
            teller.reads(operand, &state);
        }
    } else {
        teller.doubtful(&given.operands);
    }
}

fn unzip(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(call.args, "dPx", &[]);
    if let Some(archive) = given.operands.first() {
        teller.reads(archive, call.state);
    }
    teller.doubtful(&given.operands);
    if given.has(&["-:"]) {
        teller.unclear("`unzip` unpacks to wherever the archive says");
    }
    if given.has(&["-l", "-v", "-t", "-p", "-Z", "-z"]) {
        return;
    }
    let folders = given.values(&["-d"]);
    let here = vec![Arg::known(".")];
    for folder in if folders.is_empty() { here } else { folders } {
        teller.writes(&folder, call.state);
    }
}

fn zip(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "bntxiPO",
        &[
            "temp-path",
            "out",
            "unzip-command",
            "password",
            "exclude",
            "include",
        ],
    );
    if given.has(&["-T", "--test", "--unzip-command"])
        || call.args.iter().any(|arg| arg.text.starts_with("-TT"))
    {
        teller.unclear("`zip` can run a program to test what it packed");
    }
    if given.has(&["-m", "--move"]) {
        teller.unclear("`zip` deletes what it packed");
    }
    if given.has(&["-@", "--names-stdin"]) {
        teller.unclear("what `zip` packs stands in what it is given");
    }
    for file in given.values(&["-O", "--out"]) {
        teller.writes(&file, call.state);
    }
    teller.doubtful(&given.operands);
    if let Some((archive, rest)) = given.operands.split_first() {
        teller.writes(archive, call.state);
        for file in rest {
            teller.reads(file, call.state);
        }
    }
}

/// Programs that put a file in the place of another.
fn squeeze(teller: &mut Teller<'_>, call: &Call<'_>) {
    let shorts = if call.name.contains("zst") {
        "oD"
    } else {
        "ST"
    };
    let given = Given::split(call.args, shorts, &["suffix", "threads"]);
    if given.has(&["--files", "--files0", "--filelist"]) {
        teller.unclear(format!("what `{}` changes stands in a file", call.name));
    }
    let keeps = given.has(&[
        "-c",
        "--stdout",
        "--to-stdout",
        "-l",
        "--list",
        "-t",
        "--test",
    ]);
    let opens = call.name.starts_with(['u'])
        || call.name.contains("unz")
        || given.has(&["-d", "--decompress", "--uncompress"]);
    let ending = match call.name.trim_start_matches("un") {
        "gzip" | "zip" | "gunzip" => ".gz",
        "bzip2" | "bunzip2" => ".bz2",
        "xz" => ".xz",
        _ => ".zst",
    };
    for file in &given.operands {
        teller.reads(file, call.state);
        if !keeps {
            let name = if opens {
                file.text
                    .rsplit_once('.')
                    .map_or(file.text.as_str(), |(name, _)| name)
                    .to_owned()
            } else {
                format!("{}{ending}", file.text)
            };
            teller.writes(&file.part(&name), call.state);
            if !given.has(&["-k", "--keep"]) && !call.name.contains("zst") {
                teller.deletes(file, call.state, false);
            }
        }
    }
    for file in given.values(&["-o"]) {
        teller.writes(&file, call.state);
    }
}

fn cpio(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.unclear("what `cpio` reads or writes stands in what it is given");
    teller.stranger(call);
}

fn seven(teller: &mut Teller<'_>, call: &Call<'_>) {
    let mode = call
        .args
        .first()
        .map(|arg| arg.text.as_str())
        .unwrap_or_default();
    if call.args.iter().any(|arg| arg.text.contains('@')) {
        teller.unclear(format!("what `{}` packs stands in a file", call.name));
    }
    teller.stranger(call);
    if !matches!(mode, "l" | "t" | "h" | "i") {
        teller.writes(&Arg::known("."), call.state);
    }
}
