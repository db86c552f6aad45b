//! Programs that end processes, stop the machine, or give rights away.

use super::super::Teller;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("at", later),
    ("batch", later),
    ("capsh", rights),
    ("chpasswd", rights),
    ("chsh", rights),
    ("crontab", crontab),
    ("fuser", fuser),
    ("groupadd", rights),
    ("groupdel", rights),
    ("halt", ends),
    ("init", ends),
    ("insmod", rights),
    ("iptables", rights),
    ("kill", kill),
    ("killall", ends),
    ("launchctl", service),
    ("loginctl", service),
    ("modprobe", rights),
    ("mount", rights),
    ("nft", rights),
    ("nsenter", rights),
    ("passwd", rights),
    ("pkill", ends),
    ("poweroff", ends),
    ("reboot", ends),
    ("renice", ends),
    ("rmmod", rights),
    ("runas", rights),
    ("service", service),
    ("setcap", rights),
    ("setfacl", rights),
    ("shutdown", ends),
    ("skill", ends),
    ("sudoedit", rights),
    ("swapoff", rights),
    ("swapon", rights),
    ("sysctl", rights),
    ("systemctl", service),
    ("systemd-run", service),
    ("telinit", ends),
    ("ufw", rights),
    ("umount", rights),
    ("useradd", rights),
    ("userdel", rights),
    ("usermod", rights),
    ("visudo", rights),
];

fn written(call: &Call<'_>) -> String {
    let words: Vec<&str> = std::iter::once(call.name)
        .chain(call.args.iter().map(|arg| arg.text.as_str()))
        .collect();
    super::super::variables::short(&words.join(" "))
}

fn ends(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.process(written(call));
    teller.doubtful(call.args);
}

fn kill(teller: &mut Teller<'_>, call: &Call<'_>) {
    if call
        .args
        .iter()
        .any(|arg| matches!(arg.text.as_str(), "-l" | "-L"))
    {
        return;
    }
    teller.process(written(call));
    teller.doubtful(call.args);
}

fn fuser(teller: &mut Teller<'_>, call: &Call<'_>) {
    if call
        .args
        .iter()
        .any(|arg| arg.text.starts_with('-') && arg.text.contains('k'))
    {
        teller.process(written(call));
    }
    teller.stranger(call);
}

fn service(teller: &mut Teller<'_>, call: &Call<'_>) {
    const LOOKS: &[&str] = &[
        "status",
        "is-active",
        "is-enabled",
        "is-failed",
        "list-units",
        "list-unit-files",
        "show",
        "cat",
        "list-timers",
        "list-sessions",
        "list",
        "print",
    ];
    let verb = call.args.iter().find(|arg| !arg.text.starts_with('-'));
    let looks = call.name != "systemd-run"
        && (verb.is_some_and(|verb| LOOKS.contains(&verb.text.as_str()))
            || call.name == "service" && call.args.iter().any(|arg| arg.text == "status"));
    if !looks {
        teller.process(written(call));
    }
    if call.name == "systemd-run" {
        teller.unclear("`systemd-run` runs a command elsewhere");
    }
    teller.stranger(call);
}

fn rights(teller: &mut Teller<'_>, call: &Call<'_>) {
    if call.name == "mount" && call.args.is_empty() {
        return;
    }
    teller.privilege(written(call));
    if matches!(call.name, "nsenter" | "capsh" | "runas") {
        teller.unclear(format!("what `{}` runs is not told", call.name));
    }
    teller.stranger(call);
}

fn later(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.unclear(format!("`{}` runs later what it is given", call.name));
}

fn crontab(teller: &mut Teller<'_>, call: &Call<'_>) {
    if !call.args.iter().any(|arg| arg.text == "-l") {
        teller.unclear("`crontab` changes what is run later");
    }
}
