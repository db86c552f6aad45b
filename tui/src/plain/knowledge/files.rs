//! Topics as files: a folder of Markdown read in, and written out.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use smartopol_ipc::Client;
use smartopol_protocol::knowledge::file::TopicFile;
use smartopol_protocol::knowledge::{Link, List, Owner, Show, Topic, Write};
use smartopol_protocol::{Code, Fault};

use super::super::out::Out;

/// How deep folders are looked into.
const DEEP: usize = 8;

/// How many topics are asked for at a time.
const PAGE: u32 = 1_000;

/// Reads a file or a folder in. Links are made once all topics are there, so their order does not
/// matter; one to a topic that is nowhere is told and left out.
pub(super) async fn import(
    client: &Client,
    path: &Path,
    owner: Owner,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    find(path, DEEP, &mut files)?;
    files.sort();
    if files.is_empty() {
        let told = format!("there is no Markdown in {}", path.display());
        let hint = "name a folder with files that end in `.md`, or one such file";
        return Err(Fault::new(Code::NotFound, told).hint(hint).into());
    }
    let mut written = Vec::with_capacity(files.len());
    let mut left_out = 0;
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| told(&file, "read"))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let topic = TopicFile::read(&stem, &text);
        let write = Write {
            name: topic.name.clone(),
            text: topic.text.clone(),
            tags: Some(topic.tags.clone()),
            owner,
            ..Write::default()
        };
        match client.call(write).await {
            Ok(own) => {
                match json {
                    true => out.json(&own)?,
                    false => out.line(format!("{} → {}", file.display(), own.name))?,
                }
                written.push((own, topic.links));
            }
            Err(err) => {
                left_out += 1;
                out.line(format!("{} is left out: {err}", file.display()))?;
            }
        }
    }
    for (own, links) in &written {
        for to in links {
            let link = Link {
                from: own.id.to_string(),
                to: to.clone(),
                linked: true,
            };
            if let Err(err) = client.call(link).await {
                out.line(format!("{} does not point to {to}: {err}", own.name))?;
            }
        }
    }
    if !json {
        out.line(format!(
            "{} topics, {left_out} files left out",
            written.len()
        ))?;
    }
    Ok(match left_out {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Writes topics into a folder.
pub(super) async fn export(
    client: &Client,
    folder: &Path,
    tag: Option<String>,
    force: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    fs::create_dir_all(folder).with_context(|| told(folder, "make"))?;
    let mut taken = HashSet::new();
    for topic in all(client, tag).await? {
        let key = topic.id.to_string();
        let shown = client.call(Show { key }).await?;
        let file = TopicFile {
            name: shown.topic.name,
            tags: shown.topic.tags,
            links: shown.topic.links,
            text: shown.text,
        };
        let stem = file.stem();
        let path = (1..)
            .map(|number| match number {
                1 => format!("{stem}.md"),
                number => format!("{stem}-{number}.md"),
            })
            .find(|name| taken.insert(name.clone()))
            .map(|name| folder.join(name))
            .unwrap_or_default();
        if !force && path.exists() {
            let told = format!("{} is there already", path.display());
            let hint = "name another folder, or say `--force` where it is to be overwritten";
            return Err(Fault::new(Code::Conflict, told).hint(hint).into());
        }
        fs::write(&path, file.write()).with_context(|| told(&path, "write"))?;
        out.line(format!("{} → {}", file.name, path.display()))?;
    }
    out.line(format!("{} topics", taken.len()))?;
    Ok(ExitCode::SUCCESS)
}

async fn all(client: &Client, tag: Option<String>) -> anyhow::Result<Vec<Topic>> {
    let mut topics = Vec::new();
    loop {
        let list = List {
            tag: tag.clone(),
            limit: PAGE,
            skip: u32::try_from(topics.len()).unwrap_or(u32::MAX),
        };
        let listed = client.call(list).await?;
        topics.extend(listed.topics);
        if !listed.more {
            return Ok(topics);
        }
    }
}

fn find(path: &Path, deep: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let about = fs::metadata(path).with_context(|| told(path, "look at"))?;
    if about.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    if deep == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| told(path, "read"))? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let markdown = path.extension().is_some_and(|ending| ending == "md");
        if !hidden && (path.is_dir() || markdown) {
            find(&path, deep - 1, files)?;
        }
    }
    Ok(())
}

fn told(path: &Path, what: &str) -> String {
    format!("cannot {what} {}", path.display())
}
