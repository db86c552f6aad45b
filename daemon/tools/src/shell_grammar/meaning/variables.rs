//! Variables that change what commands do.

use super::Teller;
use super::argument::Arg;

/// Variables of the environment that only change how a program speaks.
const HARMLESS: &[&str] = &[
    "CARGO_BUILD_JOBS",
    "CARGO_INCREMENTAL",
    "CARGO_NET_OFFLINE",
    "CARGO_TERM_COLOR",
    "CGO_ENABLED",
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "DEBIAN_FRONTEND",
    "FORCE_COLOR",
    "GIT_TERMINAL_PROMPT",
    "GOARCH",
    "GOOS",
    "INSTA_UPDATE",
    "LANG",
    "LANGUAGE",
    "LINES",
    "NODE_ENV",
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "RUST_TEST_THREADS",
    "TERM",
    "TZ",
];

/// Variables of a shell that change what the commands after it do.
const POWERFUL: &[&str] = &[
    "AR",
    "BROWSER",
    "CC",
    "CDPATH",
    "CXX",
    "EDITOR",
    "ENV",
    "GREP_OPTIONS",
    "HOME",
    "IFS",
    "LD",
    "LESSCLOSE",
    "LESSOPEN",
    "MAKEFLAGS",
    "MANPAGER",
    "OPTIND",
    "PAGER",
    "PATH",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "SHELL",
    "SHELLOPTS",
    "TMPDIR",
    "VISUAL",
    "WGETRC",
    "CURL_HOME",
    "TAR_OPTIONS",
    "RSYNC_RSH",
    "CVS_RSH",
    "GIT",
    "EXECIGNORE",
    "FPATH",
    "GLOBIGNORE",
    "HISTFILE",
    "INPUTRC",
    "LOGNAME",
    "MAIL",
    "MAILPATH",
    "POSIXLY_CORRECT",
    "PS3",
    "TERMCAP",
    "TERMINFO",
    "TERMINFO_DIRS",
    "auto_resume",
    "histchars",
    // What they are given is computed, and that runs commands.
    "HISTCMD",
    "RANDOM",
    "SRANDOM",
    "MAKE",
    "NODE_OPTIONS",
    "PWD",
    "OLDPWD",
    "RUSTC",
    "RUSTFLAGS",
    "USER",
    "ZDOTDIR",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "GNUPGHOME",
    "VIRTUAL_ENV",
];

/// How the names of such variables begin.
const POWERFUL_BEGINNINGS: &[&str] = &[
    "AWS_",
    "BASH",
    "BAT_",
    "BUN_",
    "CARGO",
    "CMAKE_",
    "CONDA_",
    "DENO_",
    "DOCKER_",
    "DOTNET_",
    "DYLD_",
    "FZF_",
    "GCC_",
    "GIT_",
    "GO",
    "GRADLE_",
    "HOMEBREW_",
    "JAVA_",
    "JDK_",
    "KUBE",
    "LD_",
    "LESS",
    "LUA_",
    "MAN",
    "MAVEN_",
    "NIX_",
    "NODE_",
    "NPM_",
    "NVM_",
    "PERL",
    "PHP",
    "PIP_",
    "PNPM_",
    "PYTEST_",
    "PYTHON",
    "RIPGREP_",
    "RUBY",
    "RUST",
    "SSH_",
    "SUDO_",
    "UV_",
    "XDG_",
    "YARN_",
    "ZSH",
    "npm_",
];

impl Teller<'_> {
    /// Tells of a variable that a program is started with.
    pub(super) fn environment(&mut self, name: &str, value: &Arg) {
        if HARMLESS.contains(&name) || name.starts_with("LC_") || is_calm(name, value) {
            return;
        }
        if value.text.strip_prefix('$') == Some(name) {
            return self.unclear(format!(
                "it gives the variable `{name}` to later commands, which can change what they do"
            ));
        }
        let value = match &value.unknown {
            None => format!("`{}`", short(&value.text)),
            Some(unknown) => unknown.tell(),
        };
        self.unclear(format!(
            "it sets the variable `{name}` to {value}, which can change what the command does"
        ));
    }

    /// Tells of a variable that the shell itself sets.
    pub(super) fn assigned(&mut self, name: &str) {
        let powerful = POWERFUL.contains(&name)
            || POWERFUL_BEGINNINGS
                .iter()
                .any(|begin| name.starts_with(begin));
        if powerful && !HARMLESS.contains(&name) {
            self.unclear(format!(
                "it sets the variable `{name}`, which changes what later commands do"
            ));
        }
    }
}

/// Returns true where a program is named that does nothing, in the place of a pager or an editor.
fn is_calm(name: &str, value: &Arg) -> bool {
    let value = value.literal();
    match name {
        "GIT_PAGER" | "MANPAGER" | "PAGER" => matches!(value, Some("" | "cat")),
        "EDITOR" | "GIT_EDITOR" | "GIT_SEQUENCE_EDITOR" | "VISUAL" => {
            matches!(value, Some(":" | "true"))
        }
        _ => false,
    }
}

/// Returns the beginning of a text.
pub(super) fn short(text: &str) -> String {
    let mut all: String = text.chars().take(60).collect();
    if all.len() < text.len() {
        all.push('…');
    }
    all
}
