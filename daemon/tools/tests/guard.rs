//! The guard as a program of its own, as the tests start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    smartopol_tools::guard::run(std::env::args_os().skip(1))
}
