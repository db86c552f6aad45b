//! Seeds: topics of the house that come from a folder of Markdown, read when the daemon starts.
//!
//! Owns: that a seed is written where there is no topic of its name, or where that still is what
//! an earlier seed said; what a person or an agent wrote stays.

use std::path::{Path, PathBuf};

use smartopol_protocol::knowledge::file::TopicFile;
use smartopol_protocol::memory::By;

use super::{Writing, knowledge, source};
use crate::House;
use crate::users::STRANGER;

/// How many files are read, and how long each may be, in bytes.
const FILES: usize = 1_000;
const BYTES: u64 = 64 * 1024;

/// Reads the seeds; what is wrong with one is logged.
pub(crate) async fn sow(house: House, folder: PathBuf) {
    let shown = folder.display().to_string();
    let read = tokio::task::spawn_blocking(move || read(&folder)).await;
    let files = match read.map_err(std::io::Error::other).and_then(|read| read) {
        Ok(files) => files,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return,
        Err(err) => return tracing::warn!("the seeds in {shown} cannot be read: {err}"),
    };
    let mut links = Vec::new();
    for file in files {
        let name = file.name.clone();
        match write(&house, file.clone()).await {
            Ok(true) => links.push(file),
            Ok(false) => {}
            Err(fault) => tracing::warn!("the seed `{name}` is left out: {}", fault.message),
        }
    }
    for file in links {
        for to in file.links {
            let from = file.name.clone();
            let name = to.clone();
            let linked = house
                .store
                .write(move |w| w.link_topics(STRANGER, &from, &to, true).map(drop))
                .await;
            if let Err(err) = linked {
                tracing::warn!("the seed `{}` does not point to `{name}`: {err}", file.name);
            }
        }
    }
}

/// Writes a seed where it is new; returns whether it was.
async fn write(house: &House, file: TopicFile) -> Result<bool, smartopol_protocol::Fault> {
    let writing = Writing {
        user: STRANGER,
        source: source(By::Seed, ""),
        taint: Vec::new(),
    };
    let write = knowledge::seed(file.name, file.text, file.tags);
    let draft = knowledge::draft(house, writing, write);
    let at = house.clock.now();
    Ok(house
        .store
        .write(move |w| {
            // A stranger reads what is the house's and nothing else.
            let before = match w.show_topic(STRANGER, &draft.name) {
                Ok(before) => Some(before),
                Err(smartopol_store::Error::NotFound { .. }) => None,
                Err(err) => return Err(err),
            };
            let stays = before.is_some_and(|before| {
                before.topic.source.by != By::Seed || before.text == draft.text.trim()
            });
            if !stays {
                w.write_topic(STRANGER, draft, at)?;
            }
            Ok(!stays)
        })
        .await?)
}

fn read(folder: &Path) -> std::io::Result<Vec<TopicFile>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.truncate(FILES);
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        if std::fs::metadata(&path)?.len() > BYTES {
            tracing::warn!(
                "the seed {} is left out: it has more than {BYTES} bytes",
                path.display()
            );
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        files.push(TopicFile::read(&stem, &text));
    }
    Ok(files)
}
