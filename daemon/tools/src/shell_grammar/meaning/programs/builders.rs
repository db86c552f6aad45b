//! Programs that build, check and test what lies in the workspace, by the settings that lie there.
//!
//! Like a package's own build they may run what the workspace says; what they are told to run or
//! load besides is unclear.

use super::super::Teller;
use super::super::options::Given;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("black", checker),
    ("c++", compiler),
    ("cc", compiler),
    ("clang", compiler),
    ("clang++", compiler),
    ("clang-format", checker),
    ("cloc", checker),
    ("eslint", checker),
    ("flake8", checker),
    ("g++", compiler),
    ("gcc", compiler),
    ("gofmt", checker),
    ("isort", checker),
    ("javac", compiler),
    ("jest", checker),
    ("mocha", checker),
    ("mypy", checker),
    ("nm", checker),
    ("objdump", checker),
    ("prettier", checker),
    ("pylint", checker),
    ("pyright", checker),
    ("pytest", checker),
    ("readelf", checker),
    ("ruff", checker),
    ("rustc", compiler),
    ("rustfmt", checker),
    ("shellcheck", checker),
    ("shfmt", checker),
    ("size", checker),
    ("tokei", checker),
    ("tsc", compiler),
    ("vitest", checker),
    ("yamllint", checker),
];

/// How options begin that name something to run or to load.
const POWERS: &[&str] = &[
    "-B",
    "-J",
    "-Xclang",
    "-Xlinker",
    "-Z",
    "-fplugin",
    "-fuse-ld",
    "-load",
    "-plugin",
    "-processor",
    "-specs",
    "-wrapper",
    "--codegen",
    "--config",
    "--globalSetup",
    "--init-hook",
    "--install-types",
    "--load-plugins",
    "--loader",
    "--parser",
    "--pastebin",
    "--plugin",
    "--python-executable",
    "--rcfile",
    "--reporter",
    "--require",
    "--resolve-plugins-relative-to",
    "--rulesdir",
    "--runner",
    "--specs",
    "--transform",
    "--use",
    "@",
];

fn checker(teller: &mut Teller<'_>, call: &Call<'_>) {
    powers(teller, call);
    // A formatter of its own is a file; those that come with it have plain names.
    let given = Given::split(call.args, "fc", &["format"]);
    let own = given.values(&["-f", "--format"]);
    if call.name == "eslint" && own.iter().any(|own| own.text.contains(['/', '.'])) {
        teller.unclear("`eslint` loads what shows its findings");
    }
    teller.stranger(call);
}

fn compiler(teller: &mut Teller<'_>, call: &Call<'_>) {
    powers(teller, call);
    let links = |text: &str| {
        text.starts_with("-C") && call.name == "rustc"
            || text == "-l"
            || text.starts_with("-Wl,") && text.contains("plugin")
    };
    if call.args.iter().any(|arg| links(&arg.text)) {
        teller.unclear(format!("an option of `{}` can run a linker", call.name));
    }
    let given = Given::split(
        call.args,
        "oIDLdx",
        &["out-dir", "outDir", "outFile", "output"],
    );
    for file in given.values(&["-o", "-d", "--out-dir", "--outDir", "--outFile", "--output"]) {
        teller.writes(&file, call.state);
    }
    teller.stranger(call);
}

fn powers(teller: &mut Teller<'_>, call: &Call<'_>) {
    let odd = call
        .args
        .iter()
        .find(|arg| POWERS.iter().any(|power| arg.text.starts_with(power)));
    if let Some(odd) = odd {
        let shown = super::super::variables::short(&odd.text);
        teller.unclear(format!("`{shown}` of `{}` can run or load more", call.name));
    }
}
