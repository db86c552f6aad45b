//! Opens files with care: only regular ones, never waiting for a pipe or a device.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use smartopol_protocol::tool::ToolOutput;

use super::io_failed;
use crate::answer;

/// Opens a regular file for reading; all else is told to the model.
pub(super) fn regular(path: &Path, shown: &str) -> Result<(File, Metadata), ToolOutput> {
    let (file, metadata) = open(path).map_err(|err| io_failed("opened", shown, &err))?;
    if metadata.is_dir() {
        return Err(answer::failed(format!(
            "`{shown}` is a folder. Use list_files to see what is in it."
        )));
    }
    if !metadata.is_file() {
        return Err(answer::failed(format!(
            "`{shown}` is no regular file but a pipe, socket or device. Use exec if you need it."
        )));
    }
    Ok((file, metadata))
}

fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // Without these, opening a pipe would wait for its writer.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Returns true where bytes at the beginning of a file show that it is no text.
pub(super) fn is_binary(beginning: &[u8]) -> bool {
    beginning.contains(&0)
}
