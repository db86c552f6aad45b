//! The daemon's way to a holder: starting one, finding it again, talking to it.
//!
//! Owns the connection and the files of a terminal's folder that both sides know.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bytes::BytesMut;
use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{End, Size};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::Command;

use super::holder::{Ended, Order, Stands, end_file, order_file};
use super::spool;
use super::wire::{Hear, Say, Word, next};
use crate::Guard;

/// How long a holder may take to stand.
const STANDS: Duration = Duration::from_secs(10);

/// How much is read at once.
const READ: usize = 64 * 1024;

/// What to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// The terminal's name.
    pub id: TerminalId,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// The folder to start in.
    pub cwd: PathBuf,
    /// All that the program sees of an environment.
    pub env: Vec<(OsString, OsString)>,
    /// How large.
    pub size: Size,
}

/// Where the files of a terminal lie, and the limits of its holder.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) folder: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) spool_bytes: u64,
    pub(crate) orphan_seconds: u64,
}

/// Starts a holder; returns the process of the program, or a sentence that says why there is none.
pub(crate) async fn start(
    holder: &Guard,
    room: &Room,
    start: Start,
) -> io::Result<Result<u32, String>> {
    for folder in [Some(room.folder.as_path()), room.socket.parent()]
        .into_iter()
        .flatten()
    {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let order = Order {
        socket: room.socket.clone(),
        secret: secret()?,
        words: start.words,
        cwd: start.cwd,
        size: start.size,
        spool_bytes: room.spool_bytes,
        orphan_seconds: room.orphan_seconds,
        direct: true,
    };
    private(&order_file(&room.folder), &serde_json::to_vec(&order)?)?;
    let mut child = Command::new(&holder.program)
        .args(&holder.args)
        .arg(&room.folder)
        .current_dir("/")
        .env_clear()
        .envs(start.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?; // Reaped by the runtime.
    let Some(out) = child.stdout.take() else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let mut line = String::new();
    let mut out = BufReader::new(out);
    tokio::time::timeout(STANDS, out.read_line(&mut line)).await??;
    Ok(match serde_json::from_str(&line) {
        Ok(Stands::Running(pid)) => Ok(pid),
        Ok(Stands::NotStarted(why)) => Err(why),
        Err(_) => Err("the process that holds the terminal ended at once".into()),
    })
}

/// Writes a file that only this account can read.
fn private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

/// Returns 32 random bytes as text.
pub(crate) fn secret() -> io::Result<String> {
    let mut bytes = [0_u8; 32];
    io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns how the program ended, as its holder wrote it down.
pub(crate) fn ended(folder: &Path) -> Option<End> {
    let text = fs::read(end_file(folder)).ok()?;
    let ended: Ended = serde_json::from_slice(&text).ok()?;
    Some(ended.end)
}

/// The file of the newest keyframe, for the next daemon: what comes before it is not needed then.
pub(crate) const KEYFRAME: &str = "keyframe";

/// The file of the present without what scrolled away, for the holder.
pub(crate) const PRESENT: &str = "present";

/// Keeps a keyframe in the file of this name.
pub(crate) fn keep(
    folder: &Path,
    name: &str,
    offset: u64,
    size: Size,
    keyframe: &[u8],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(keyframe.len() + 12);
    bytes.extend_from_slice(&offset.to_be_bytes());
    bytes.extend_from_slice(&size.columns.to_be_bytes());
    bytes.extend_from_slice(&size.rows.to_be_bytes());
    bytes.extend_from_slice(keyframe);
    let part = folder.join(format!("{name}.part"));
    private(&part, &bytes)?;
    fs::rename(part, folder.join(name))
}

/// Returns the keyframe in the file of this name: its offset, its size, its bytes.
pub(crate) fn kept(folder: &Path, name: &str) -> Option<(u64, Size, Vec<u8>)> {
    let bytes = fs::read(folder.join(name)).ok()?;
    let (offset, rest) = bytes.split_first_chunk::<8>()?;
    let (columns, rest) = rest.split_first_chunk::<2>()?;
    let (rows, rest) = rest.split_first_chunk::<2>()?;
    let size = Size {
        columns: u16::from_be_bytes(*columns),
        rows: u16::from_be_bytes(*rows),
    };
    Some((u64::from_be_bytes(*offset), size, rest.to_vec()))
}

/// Returns how many bytes a terminal wrote, as far as the disk knows.
pub(crate) fn written(folder: &Path) -> u64 {
    spool::written(folder).unwrap_or(0)
}

/// Returns a piece of what a terminal wrote, and the number of its first byte.
pub(crate) fn piece(folder: &Path, from: u64, most: usize) -> io::Result<(u64, Vec<u8>)> {
    let mut reading = spool::Reading::from(folder, from)?;
    let begin = reading.at();
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match reading.read(room)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok((begin, bytes))
}

/// The connection to a holder.
#[derive(Debug)]
pub(crate) struct Link {
    /// The holder's socket, where it lets people's own terminals in.
    pub(crate) door: Option<PathBuf>,
    /// About how much it keeps.
    pub(crate) spool_bytes: u64,
    stream: UnixStream,
    bytes: BytesMut,
}

impl Link {
    /// Connects to the holder of a terminal, which tells what was written from the byte `from` on.
    pub(crate) async fn connect(folder: &Path, from: u64) -> io::Result<Self> {
        let order: Order = serde_json::from_slice(&fs::read(order_file(folder))?)?;
        let mut stream = UnixStream::connect(&order.socket).await?;
        let own = rustix::process::geteuid().as_raw();
        if stream.peer_cred()?.uid() != own {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut hello = Vec::new();
        let secret = order.secret;
        Say::Hello { secret, from }.write(&mut hello);
        stream.write_all(&hello).await?;
        Ok(Self {
            door: order.direct.then_some(order.socket),
            spool_bytes: order.spool_bytes,
            stream,
            bytes: BytesMut::new(),
        })
    }

    /// Says something.
    pub(crate) async fn say(&mut self, word: Say) -> io::Result<()> {
        let mut out = Vec::new();
        word.write(&mut out);
        self.stream.write_all(&out).await
    }

    /// Returns what the holder says next; `None` where it is gone. May be cancelled.
    pub(crate) async fn hear(&mut self) -> Option<Hear> {
        loop {
            match next(&mut self.bytes) {
                Ok(Some(word)) => return Some(word),
                Ok(None) => {}
                Err(_) => return None,
            }
            if self.bytes.is_empty() {
                // Who waits long keeps no buffer.
                self.bytes = BytesMut::new();
            }
            self.stream.readable().await.ok()?;
            self.bytes.reserve(READ);
            match self.stream.try_read_buf(&mut self.bytes) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
        }
    }
}
