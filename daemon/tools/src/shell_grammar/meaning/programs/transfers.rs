//! Programs that copy files from machine to machine.

use super::super::Teller;
use super::super::argument::Arg;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[("rsync", rsync), ("scp", scp), ("sftp", scp)];

/// Returns the machine of `host:path`; `None` for a path.
fn remote(text: &str) -> Option<&str> {
    if text.contains("://") {
        return Some(text);
    }
    let (host, _) = text.split_once(':')?;
    (!host.contains('/') && !host.is_empty()).then_some(host)
}

fn transfer(teller: &mut Teller<'_>, call: &Call<'_>, given: &Given) {
    let Some((target, sources)) = given.operands.split_last() else {
        return teller.network(None);
    };
    for arg in &given.operands {
        if let Some(host) = remote(&arg.text) {
            teller.network_to(&arg.part(host));
        }
    }
    for source in sources
        .iter()
        .filter(|source| remote(&source.text).is_none())
    {
        teller.reads(source, call.state);
    }
    if remote(&target.text).is_none() {
        teller.writes(target, call.state);
    }
}

fn scp(teller: &mut Teller<'_>, call: &Call<'_>) {
    // `-B` and `-R` have values only for `sftp`.
    let shorts = if call.name == "scp" {
        "cDFiJloPSX"
    } else {
        "cDFiJloPSXbBR"
    };
    let given = Given::split(call.args, shorts, &[]);
    if given.has(&["-S", "-o", "-F", "-D", "-b"]) {
        teller.unclear(format!("an option of `{}` can run a program", call.name));
    }
    for key in given.values(&["-i"]) {
        teller.reads(&key, call.state);
    }
    if call.name == "sftp" {
        teller.unclear("what `sftp` does stands in what it is given");
        let host = given
            .operands
            .first()
            .cloned()
            .unwrap_or_else(|| Arg::known(""));
        return teller.network_to(&host);
    }
    transfer(teller, call, &given);
}

fn rsync(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "efBTM",
        &[
            "rsh",
            "rsync-path",
            "exclude",
            "include",
            "exclude-from",
            "include-from",
            "files-from",
            "backup-dir",
            "temp-dir",
            "compare-dest",
            "copy-dest",
            "link-dest",
            "log-file",
            "partial-dir",
            "max-size",
            "min-size",
            "bwlimit",
            "timeout",
            "port",
            "password-file",
            "write-batch",
            "read-batch",
            "filter",
            "chmod",
            "chown",
            "out-format",
            "early-input",
            "remote-option",
            "info",
            "debug",
        ],
    );
    let shells = given.values(&["-e", "--rsh"]);
    let powers = [
        "--rsync-path",
        "--daemon",
        "--config",
        "-M",
        "--remote-option",
    ];
    if given.has(&powers) || shells.iter().any(|shell| shell.literal() != Some("ssh")) {
        teller.unclear("an option of `rsync` runs a program");
    }
    for file in given.values(&[
        "--log-file",
        "--backup-dir",
        "--temp-dir",
        "-T",
        "--write-batch",
        "--partial-dir",
    ]) {
        teller.writes(&file, call.state);
    }
    for file in given.values(&[
        "--files-from",
        "--exclude-from",
        "--include-from",
        "--password-file",
    ]) {
        teller.reads(&file, call.state);
    }
    let deletes = given
        .options
        .iter()
        .any(|(name, _)| name.starts_with("--del"));
    if deletes
        && let Some(target) = given.operands.last()
        && remote(&target.text).is_none()
    {
        teller.deletes(target, call.state, true);
    }
    if given.has(&["--remove-source-files"]) {
        for source in given.operands.iter().rev().skip(1) {
            teller.deletes(source, call.state, true);
        }
    }
    if given.operands.iter().any(|arg| remote(&arg.text).is_some()) || given.operands.len() > 1 {
        transfer(teller, call, &given);
    }
}
