//! Pins: the content that a call depends on, from its inspection to its run.
//!
//! Owns: how content is told by a hash, and whether it is still the same.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};
use smartopol_protocol::tool::{Inspection, Pin};

use crate::place;

/// The largest file whose content is pinned, in bytes.
pub(crate) const PIN_BYTES: u64 = 16 * 1024 * 1024;

/// Returns the pin of a file as it is now; `None` where its content cannot be told: it is too
/// large, no regular file, or not readable.
pub(crate) fn pin(path: &Path) -> Option<Pin> {
    let path = place::resolve(path);
    let sha256 = match hash(&path) {
        Ok(hash) => Some(hash?),
        Err(err) if err.kind() == io::ErrorKind::NotFound => None,
        Err(_) => return None,
    };
    Some(Pin {
        path: path.to_string_lossy().into_owned(),
        sha256,
    })
}

/// Returns the first file whose content is no longer what it was when the call was inspected.
pub(crate) fn changed(inspection: &Inspection) -> Option<String> {
    inspection
        .pins
        .iter()
        .find(|old| pin(Path::new(&old.path)).as_ref() != Some(old))
        .map(|old| old.path.clone())
}

fn hash(path: &Path) -> io::Result<Option<String>> {
    // Without these, opening a pipe would wait for its writer.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > PIN_BYTES {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    let mut file = file.take(PIN_BYTES + 1);
    let mut buffer = vec![0; 64 * 1024];
    let mut all = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                all += count as u64;
                hasher.update(buffer.get(..count).unwrap_or_default());
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    if all > PIN_BYTES {
        return Ok(None);
    }
    let digest = hasher.finalize();
    Ok(Some(
        digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    ))
}
