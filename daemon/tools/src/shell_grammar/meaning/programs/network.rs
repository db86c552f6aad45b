//! Programs that talk to other machines.

use super::super::Teller;
use super::super::argument::Arg;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("aria2c", any),
    ("curl", curl),
    ("dig", lookup),
    ("ftp", any),
    ("gh", any),
    ("glab", any),
    ("host", lookup),
    ("http", any),
    ("https", any),
    ("lynx", any),
    ("mosh", any),
    ("nc", netcat),
    ("ncat", netcat),
    ("netcat", netcat),
    ("nmap", lookup),
    ("nslookup", lookup),
    ("ping", lookup),
    ("ping6", lookup),
    ("socat", socat),
    ("telnet", netcat),
    ("traceroute", lookup),
    ("wget", wget),
    ("whois", lookup),
];

fn curl(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "AbcCdDeEFhHKmoPQrTtuUwxXyYz",
        &[
            "output",
            "output-dir",
            "data",
            "data-binary",
            "data-raw",
            "data-urlencode",
            "header",
            "request",
            "user",
            "user-agent",
            "url",
            "config",
            "form",
            "upload-file",
            "cookie",
            "cookie-jar",
            "dump-header",
            "trace",
            "trace-ascii",
            "stderr",
            "max-time",
            "connect-timeout",
            "retry",
            "cacert",
            "cert",
            "key",
            "proxy",
            "referer",
            "resolve",
            "interface",
            "range",
            "write-out",
            "json",
            "netrc-file",
            "unix-socket",
            "retry-delay",
            "retry-max-time",
            "limit-rate",
            "proto",
            "tlsv1",
            "connect-to",
            "libcurl",
            "etag-save",
            "etag-compare",
            "hsts",
            "alt-svc",
            "variable",
            "form-string",
            "max-redirs",
            "ciphers",
        ],
    );
    let mut hosts = given.operands.clone();
    hosts.extend(given.values(&["--url"]));
    for host in &hosts {
        if let Some(path) = host.text.strip_prefix("file://") {
            teller.reads(&host.part(path), call.state);
        } else {
            teller.network_to(host);
        }
    }
    if given.has(&["--engine", "--variable", "--url-query"]) {
        teller.unclear("an option of `curl` can make it do more than it seems to");
    }
    for cookie in given.values(&["-b", "--cookie"]) {
        if !cookie.text.contains('=') {
            teller.reads(&cookie, call.state);
        }
    }
    for value in given.values(&["--data-urlencode"]) {
        if let Some((_, file)) = value.text.split_once('@') {
            teller.reads(&value.part(file), call.state);
        }
    }
    if given.has(&["-K", "--config"]) {
        teller.unclear("what `curl` does stands in a file");
    }
    if hosts.is_empty() {
        teller.network(None);
    }
    let written = [
        "-o",
        "--output",
        "--output-dir",
        "-c",
        "--cookie-jar",
        "-D",
        "--dump-header",
        "--trace",
        "--trace-ascii",
        "--stderr",
        "--libcurl",
        "--etag-save",
        "--hsts",
        "--alt-svc",
    ];
    for file in given.values(&written) {
        teller.writes(&file, call.state);
    }
    if given.has(&["-O", "--remote-name", "--remote-name-all", "-J"])
        && !given.has(&["--output-dir"])
    {
        teller.writes(&Arg::known("."), call.state);
    }
    for file in given.values(&[
        "-T",
        "--upload-file",
        "-E",
        "--cert",
        "--key",
        "--cacert",
        "--netrc-file",
    ]) {
        teller.reads(&file, call.state);
    }
    let sent = [
        "-d",
        "--data",
        "--data-binary",
        "--data-urlencode",
        "-F",
        "--form",
        "--json",
        "-H",
        "--header",
        "-b",
        "--cookie",
        "-w",
        "--write-out",
    ];
    for value in given.values(&sent) {
        let from_file = value.text.find(['@', '<']).filter(|at| {
            *at == 0
                || value
                    .text
                    .get(..*at)
                    .is_some_and(|name| name.ends_with('='))
        });
        if let Some(at) = from_file {
            let file = value.text.get(at + 1..).unwrap_or_default();
            let file = file.split(';').next().unwrap_or_default().to_owned();
            teller.reads(&value.part(&file), call.state);
        }
    }
    teller.doubtful(call.args);
}

fn wget(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "oaOPeiBtTwQUADlRIX",
        &[
            "output-document",
            "output-file",
            "append-output",
            "directory-prefix",
            "execute",
            "input-file",
            "tries",
            "timeout",
            "user-agent",
            "header",
            "post-data",
            "post-file",
            "body-file",
            "config",
            "use-askpass",
            "load-cookies",
            "save-cookies",
            "level",
            "warc-file",
            "ca-certificate",
            "method",
            "body-data",
            "user",
            "password",
        ],
    );
    for host in &given.operands {
        teller.network_to(host);
    }
    if given.operands.is_empty() {
        teller.network(None);
    }
    if given.has(&[
        "-e",
        "--execute",
        "--config",
        "--use-askpass",
        "-i",
        "--input-file",
    ]) {
        teller.unclear("an option of `wget` can make it do anything");
    }
    let written = given.values(&[
        "-O",
        "--output-document",
        "-o",
        "--output-file",
        "-a",
        "--append-output",
        "-P",
        "--directory-prefix",
        "--save-cookies",
        "--warc-file",
    ]);
    let named = given.has(&[
        "-O",
        "--output-document",
        "-P",
        "--directory-prefix",
        "--spider",
    ]);
    for file in &written {
        teller.writes(file, call.state);
    }
    if !named {
        teller.writes(&Arg::known("."), call.state);
    }
    for file in given.values(&["--post-file", "--body-file", "--load-cookies"]) {
        teller.reads(&file, call.state);
    }
    teller.doubtful(call.args);
}

fn netcat(teller: &mut Teller<'_>, call: &Call<'_>) {
    let given = Given::split(
        call.args,
        "pswxXiIOqTVmgGe",
        &["exec", "sh-exec", "source-port"],
    );
    let runs = |(name, _): &(String, Option<Arg>)| {
        matches!(
            name.as_str(),
            "-e" | "-c" | "--exec" | "--sh-exec" | "--lua-exec"
        )
    };
    if call.name != "telnet" && given.options.iter().any(runs) {
        teller.unclear(format!(
            "an option of `{}` gives a program to another machine",
            call.name
        ));
    }
    let none = Arg::known("");
    let host = given
        .operands
        .first()
        .filter(|_| !given.has(&["-l", "--listen"]));
    teller.network_to(host.unwrap_or(&none));
    teller.doubtful(call.args);
}

fn socat(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.network(None);
    teller.unclear("`socat` joins whatever its addresses name");
    teller.stranger(call);
}

fn lookup(teller: &mut Teller<'_>, call: &Call<'_>) {
    let host = call
        .args
        .iter()
        .rev()
        .find(|arg| !arg.text.starts_with(['-', '+', '@']));
    match host {
        Some(host) => teller.network_to(host),
        None => teller.network(None),
    }
    teller.stranger(call);
}

fn any(teller: &mut Teller<'_>, call: &Call<'_>) {
    let address = call.args.iter().find(|arg| arg.text.contains("://"));
    match address {
        Some(address) => teller.network_to(address),
        None => teller.network(None),
    }
    teller.stranger(call);
}
