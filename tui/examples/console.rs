//! The console alone, against a daemon that runs already.
//!
//! `cargo run -p smartopol-tui --example console -- [--linear] [--observe]`

#![allow(missing_docs)]

use smartopol_config::{Config, Paths};

fn main() -> anyhow::Result<std::process::ExitCode> {
    let given = |name: &str| std::env::args().any(|arg| arg == name);
    let args = smartopol_tui::Args {
        session: None,
        linear: given("--linear"),
        observe: given("--observe"),
    };
    let paths = Paths::from_env()?;
    let loaded = Config::load(&paths, std::env::vars_os())?;
    smartopol_tui::run(args, &paths, &loaded)
}
