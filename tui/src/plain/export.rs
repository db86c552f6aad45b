//! `sessions export`: a whole session as a file, to be read or to be replayed.
//!
//! Owns: putting the pieces together, which form is written, and that no file is lost by it.

mod markdown;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use smartopol_ipc::{Client, Error};
use smartopol_protocol::session::{Export, Exported};
use smartopol_protocol::{Code, Fault, SessionId};

use super::link::find;
use super::out::Out;

pub(crate) use markdown::markdown;

/// How many messages are asked for at a time.
const PIECE: u32 = 1_000;

/// Which session, in which form, to where.
#[derive(Debug, Args)]
pub struct Wanted {
    /// A name, an id, a key, or the beginning of an id [default: the latest of this folder]
    #[arg(value_name = "KEY")]
    pub(super) key: Option<String>,
    /// Markdown to read, or one JSON object to keep and replay [default: as FILE ends, else
    /// markdown]
    #[arg(long, value_name = "FORM")]
    pub(super) format: Option<Form>,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// Write it to this file instead of printing it
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite the file where there is one
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

/// A form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Markdown,
    /// For programs: nothing but secrets is left out
    Json,
}

impl Form {
    /// Returns the form that a file's name asks for.
    pub(crate) fn of(path: &Path) -> Self {
        match path.extension().is_some_and(|end| end == "json") {
            true => Self::Json,
            false => Self::Markdown,
        }
    }
}

pub(super) async fn run(client: &Client, wanted: Wanted, out: &mut Out) -> anyhow::Result<()> {
    let session = find(client, wanted.key.as_deref()).await?;
    let form = match (wanted.format, wanted.json, &wanted.output) {
        (Some(form), _, _) => form,
        (None, true, _) => Form::Json,
        (None, false, Some(path)) => Form::of(path),
        (None, false, None) => Form::Markdown,
    };
    let Some(path) = &wanted.output else {
        let exported = whole(client, session.id).await?;
        return Ok(out.raw(&written(&exported, form))?);
    };
    let exported = to_file(client, session.id, path, form, wanted.force).await?;
    out.line(told(&exported, path))?;
    Ok(())
}

/// Returns what is said of an export that stands in a file.
pub(crate) fn told(exported: &Exported, path: &Path) -> String {
    let secrets = match exported.redacted {
        0 => String::new(),
        1 => "; one secret was taken out".to_owned(),
        count => format!("; {count} secrets were taken out"),
    };
    format!(
        "`{}` with {} messages is in {}{secrets}",
        exported.session.name,
        exported.messages.len(),
        path.display()
    )
}

/// Writes a session into a file, which only its owner can read.
///
/// # Errors
/// Where there is such a file already and it is not to be overwritten; nothing is asked of the
/// daemon then.
pub(crate) async fn to_file(
    client: &Client,
    id: SessionId,
    path: &Path,
    form: Form,
    force: bool,
) -> Result<Exported, Error> {
    let taken = || {
        let fault = Fault::new(
            Code::Conflict,
            format!("{} is there already", path.display()),
        );
        Error::Fault(fault.hint("name another file; in a shell, `--force` overwrites it"))
    };
    if !force && path.exists() {
        return Err(taken());
    }
    let exported = whole(client, id).await?;
    let text = written(&exported, form);
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    // Somebody may have made it meanwhile.
    match force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match file {
        Ok(()) => Ok(exported),
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Err(taken()),
        Err(err) => {
            let told = format!("{} cannot be written: {err}", path.display());
            Err(Error::Fault(
                Fault::new(Code::BadRequest, told).hint("name a file in a folder that is yours"),
            ))
        }
    }
}

fn written(exported: &Exported, form: Form) -> String {
    match form {
        Form::Markdown => markdown(exported),
        // What came as JSON can be written as such.
        Form::Json => serde_json::to_string_pretty(exported).unwrap_or_default() + "\n",
    }
}

/// Returns a whole session.
///
/// # Errors
/// Where the daemon cannot be asked.
pub(crate) async fn whole(client: &Client, id: SessionId) -> Result<Exported, Error> {
    let piece = |after| Export {
        id,
        after,
        limit: PIECE,
    };
    let mut whole = client.call(piece(0)).await?;
    while let Some(after) = whole.next {
        whole.join(client.call(piece(after)).await?);
    }
    Ok(whole)
}
