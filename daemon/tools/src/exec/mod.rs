//! `exec`: runs a command.
//!
//! Owns: its arguments, what a person is shown of it, what the model is told of its end.

mod child;
mod output;
pub(crate) mod plain;
mod removal;
pub(crate) mod signal;
mod told;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use smartopol_protocol::tool::{Body, Inspection, OutputStatus, Place, ToolOutput, ToolSpec};

use crate::args::Args;
use crate::registry::{Running, Tool};
use crate::{House, Run, answer, place, shell_grammar};
use child::{End, Finished, Start, Stopped};
use output::Output;

const NAME: &str = "exec";
const FIELDS: &[&str] = &["command", "argv", "cwd", "env", "timeout_seconds"];

/// The longest command, in bytes: more does not fit one argument of a program on Linux.
const COMMAND_BYTES: usize = 128 * 1024 - 1;

/// The longest title, in characters.
const TITLE_CHARS: usize = 120;

/// Runs a command.
pub(crate) struct Exec;

impl Tool for Exec {
    fn name(&self) -> &'static str {
        NAME
    }

    fn spec(&self, house: &House) -> ToolSpec {
        let settings = &house.settings;
        let description = format!(
            "Runs a command and returns its output (stdout and stderr together) and how it ended. \
             Give either `command`, which {} -c runs, or `argv`, a program with its arguments and \
             no shell. There is no terminal and standard input is empty, so nothing can be asked. \
             A long output is cut in the middle and kept whole in a file that is named. \
             Processes still running when the command ends are ended too.",
            settings.shell
        );
        ToolSpec {
            name: NAME.into(),
            description,
            input_schema: json!({
                "type": "object",
                "properties": {
                    "command": {"type": "string", "description": "The command line, for the shell."},
                    "argv": {"type": "array", "items": {"type": "string"}, "minItems": 1,
                        "description": "The program and its arguments, instead of `command`."},
                    "cwd": {"type": "string",
                        "description": "The folder to run in; relative to the workspace, which is the default."},
                    "env": {"type": "object", "additionalProperties": {"type": "string"},
                        "description": "Environment variables to set."},
                    "timeout_seconds": {"type": "integer", "minimum": 1,
                        "maximum": settings.max_timeout_seconds,
                        "description": format!("How long it may run; {} by default.", settings.timeout_seconds)},
                },
                "additionalProperties": false,
            }),
        }
    }

    fn inspect(
        &self,
        house: &House,
        input: &Value,
        workspace: &Path,
    ) -> Result<Inspection, ToolOutput> {
        Plan::of(house, input, workspace).map(|plan| plan.inspection(workspace))
    }

    fn run(&self, house: Arc<House>, input: Value, run: Run) -> Running {
        Box::pin(async move {
            match Plan::of(&house, &input, &run.workspace) {
                Ok(plan) => plan.run(&house, &run).await,
                Err(output) => output,
            }
        })
    }
}

/// What a call asks for.
struct Plan {
    what: What,
    cwd: PathBuf,
    place: Place,
    env: Vec<(String, String)>,
    seconds: u64,
    /// The name of the shell, without its folder.
    shell: String,
}

enum What {
    Command(String),
    Argv(Vec<String>),
}

impl Plan {
    fn of(house: &House, input: &Value, workspace: &Path) -> Result<Self, ToolOutput> {
        let args = Args::of(NAME, input, FIELDS)?;
        let what = match (args.optional_text("command")?, args.texts("argv")?) {
            (Some(command), None) => What::Command(command.into()),
            (None, Some(argv)) => What::Argv(argv),
            (Some(_), Some(_)) => {
                return Err(args.refuse("argv", "there is a `command` too. Send only one of them."));
            }
            (None, None) => {
                return Err(answer::failed(
                    "`exec` needs `command`, a string, or `argv`, a list of strings. Send one of them.",
                ));
            }
        };
        what.check(&args)?;
        let env = args.pairs("env")?;
        let bad = |text: &str| text.contains('\0');
        let wrong = |(name, value): &&(String, String)| {
            name.is_empty() || name.contains('=') || bad(name) || bad(value)
        };
        if let Some((name, _)) = env.iter().find(wrong) {
            return Err(args.refuse(
                "env",
                &format!(
                    "`{name}` or its value holds what no variable can: send a name without `=`."
                ),
            ));
        }
        let (cwd, place) = place::place(args.optional_text("cwd")?.unwrap_or("."), workspace);
        if !cwd.is_dir() {
            let why = format!("{} is not a folder. Make it first.", cwd.display());
            return Err(args.refuse("cwd", &why));
        }
        let most = u64::from(house.settings.max_timeout_seconds.max(1));
        let seconds = args.number("timeout_seconds", 1..=most)?;
        let shell = Path::new(&house.settings.shell).file_name();
        Ok(Self {
            what,
            cwd,
            place,
            env,
            seconds: seconds.unwrap_or(u64::from(house.settings.timeout_seconds)),
            shell: shell.unwrap_or_default().to_string_lossy().into_owned(),
        })
    }

    fn inspection(&self, workspace: &Path) -> Inspection {
        let text = self.text();
        let told = told::told(self, workspace);
        Inspection {
            title: title(&text),
            cwd: self.cwd.to_string_lossy().into_owned(),
            effects: told.effects,
            pins: told.pins,
            removal: told.removal,
            body: Body::Command {
                text,
                timeout_seconds: self.seconds,
            },
        }
    }

    /// Returns the command as a person reads it, with the variables it is given before it.
    fn text(&self) -> String {
        let mut text: String = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={} ", shell_grammar::quote(&[value])))
            .collect();
        match &self.what {
            What::Command(command) => text.push_str(command),
            What::Argv(words) => text.push_str(&shell_grammar::quote(words)),
        }
        text
    }

    async fn run(self, house: &House, run: &Run) -> ToolOutput {
        let settings = &house.settings;
        let spill = spill_folder(house, &run.workspace).join(format!("{}.txt", run.call_id));
        let limit = usize::try_from(settings.output_bytes).unwrap_or(usize::MAX);
        let output = Output::new(limit, spill, settings.spill_bytes);
        let words = match &self.what {
            What::Command(command) => vec![settings.shell.clone(), "-c".into(), command.clone()],
            What::Argv(words) => words.clone(),
        };
        let start = Start {
            words: words.iter().map(OsString::from).collect(),
            cwd: self.cwd.clone(),
            env: self.environment(settings),
            limit: Duration::from_secs(self.seconds),
        };
        let program = words.first().cloned().unwrap_or_default();
        let progress = run.progress.as_ref();
        match child::run(&house.guard, start, output, &run.cancel, progress).await {
            Ok(finished) => self.told(finished, &program),
            Err(err) => answer::failed(format!(
                "The command was not started, because its guard {} could not be: {err}.",
                house.guard.program.display()
            )),
        }
    }

    /// Returns what the command sees: the allowed part of the daemon's environment, and its own.
    fn environment(
        &self,
        settings: &smartopol_config::section::tools::Tools,
    ) -> Vec<(OsString, OsString)> {
        let given = self
            .env
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        environment(&settings.env).chain(given).collect()
    }

    fn told(&self, finished: Finished, program: &str) -> ToolOutput {
        let (status, end) = self.end(&finished, program);
        let details = details(&finished);
        let mut text = finished.kept.text;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let no_output = if text.is_empty() { "no output; " } else { "" };
        text.push_str(&format!("[{no_output}{end}]"));
        if finished.left_behind {
            text.push_str("\n[processes it left running were ended]");
        }
        if finished.still_running {
            text.push_str("\n[some of its processes could not be ended and may still run]");
        }
        ToolOutput {
            status,
            text,
            details: Value::Object(details),
        }
    }

    /// Returns how it ended, as a status and a sentence.
    fn end(&self, finished: &Finished, program: &str) -> (OutputStatus, String) {
        match (finished.stopped, finished.end) {
            (Some(Stopped::Cancelled), _) => (
                OutputStatus::Interrupted,
                "it was stopped, because the turn was interrupted".into(),
            ),
            (Some(Stopped::TimeLimit), _) => (
                OutputStatus::Error,
                format!(
                    "it was stopped after its time limit of {} s; give a longer `timeout_seconds` if it needs one",
                    self.seconds
                ),
            ),
            (None, End::Exited(0)) => (OutputStatus::Ok, "exit code 0".into()),
            (None, End::Exited(code)) => (OutputStatus::Error, format!("exit code {code}")),
            (None, End::Signaled(number)) => (
                OutputStatus::Error,
                format!("ended by signal {}", signal::name(number)),
            ),
            (None, End::Failed(errno)) => {
                let err = std::io::Error::from_raw_os_error(errno);
                (
                    OutputStatus::Error,
                    format!("`{program}` could not be started: {err}"),
                )
            }
            (None, End::Unknown) => (
                OutputStatus::Error,
                "nobody knows how it ended: the process that guards it was killed".into(),
            ),
        }
    }
}

/// Returns what a line would do that is typed into a shell.
pub(crate) fn inspect_line(
    shell: &str,
    line: &str,
    cwd: &Path,
    workspace: &Path,
) -> Result<Inspection, ToolOutput> {
    let what = What::Command(line.into());
    let fields = Value::Object(Map::new());
    what.check(&Args::of("terminal_write", &fields, &[])?)?;
    let (cwd, place) = place::place(&cwd.to_string_lossy(), workspace);
    let plan = Plan {
        what,
        cwd,
        place,
        env: Vec::new(),
        seconds: 0,
        shell: shell.into(),
    };
    Ok(plan.inspection(workspace))
}

/// Returns the part of the daemon's environment that may be seen.
pub(crate) fn environment(allowed: &[String]) -> impl Iterator<Item = (OsString, OsString)> {
    let is_allowed = |name: &str| {
        allowed.iter().any(|own| match own.strip_suffix('*') {
            Some(begin) => name.starts_with(begin),
            None => name == own,
        })
    };
    std::env::vars_os().filter(move |(name, _)| name.to_str().is_some_and(is_allowed))
}

/// Returns the facts for people and traces.
fn details(finished: &Finished) -> Map<String, Value> {
    let (code, signal) = match finished.end {
        End::Exited(code) => (Some(json!(code)), None),
        End::Signaled(number) => (None, Some(json!(signal::name(number)))),
        End::Failed(_) | End::Unknown => (None, None),
    };
    let yes = |is: bool| is.then_some(Value::Bool(true));
    let spill = finished.kept.spill.as_ref();
    let facts = [
        ("bytes", Some(json!(finished.kept.bytes))),
        ("exit_code", code),
        ("signal", signal),
        (
            "timed_out",
            yes(finished.stopped == Some(Stopped::TimeLimit)),
        ),
        ("left_behind", yes(finished.left_behind)),
        ("still_running", yes(finished.still_running)),
        (
            "spill_path",
            spill.map(|path| json!(path.to_string_lossy())),
        ),
    ];
    let known = |(name, fact): (&str, Option<Value>)| Some((name.to_string(), fact?));
    facts.into_iter().filter_map(known).collect()
}

impl What {
    fn check(&self, args: &Args<'_>) -> Result<(), ToolOutput> {
        let (name, empty, words) = match self {
            Self::Command(text) => (
                "command",
                text.trim().is_empty(),
                std::slice::from_ref(text),
            ),
            Self::Argv(words) => {
                let empty = words.first().is_none_or(String::is_empty);
                ("argv", empty, words.as_slice())
            }
        };
        if empty {
            return Err(args.refuse(name, "it is empty. Send a command."));
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err(args.refuse(name, "it holds a NUL character. Leave it out."));
        }
        if words.iter().any(|word| word.len() > COMMAND_BYTES) {
            let why = format!(
                "it is longer than {COMMAND_BYTES} bytes. Write it to a file with write_file and run that."
            );
            return Err(args.refuse(name, &why));
        }
        Ok(())
    }
}

/// Returns the folder that keeps the outputs of commands of this workspace.
///
/// Reading in it counts as reading in the workspace: it holds nothing but what commands said that
/// were allowed there.
pub(crate) fn spill_folder(house: &House, workspace: &Path) -> PathBuf {
    let workspace = place::resolve(workspace);
    let name = workspace.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '-'
            }
        })
        .take(40)
        .collect();
    let number = fnv(workspace.as_os_str().as_encoded_bytes());
    place::resolve(&house.spill).join(format!("{name}-{number:016x}"))
}

/// Returns a number for a path that stays the same through every restart.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Returns the command in one line.
fn title(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let mut title: String = first.chars().take(TITLE_CHARS).collect();
    if title.len() < first.len() || lines.next().is_some() {
        title.push_str(" …");
    }
    title
}
