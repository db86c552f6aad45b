//! The files of workspaces, as people name them.
//!
//! Owns: a listing of each workspace asked about lately, so that writing a name letter by letter
//! does not walk the folder each time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use smartopol_protocol::session::FilesListed;
use smartopol_tools::Tools;
use tokio::time::Instant;

/// The most files that are told of a workspace.
const MOST: usize = 20_000;

/// How long a listing is good.
const GOOD_FOR: Duration = Duration::from_secs(3);

/// How many listings are kept; the oldest gives way.
const KEPT: usize = 8;

/// The listings.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    kept: Mutex<HashMap<PathBuf, (Instant, FilesListed)>>,
}

impl Listing {
    /// Returns the files of a workspace, at most a few seconds old.
    pub(crate) async fn of(&self, tools: &Tools, workspace: PathBuf) -> FilesListed {
        let now = Instant::now();
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|_, (at, _)| now.duration_since(*at) < GOOD_FOR);
            if let Some((_, listed)) = kept.get(&workspace) {
                return listed.clone();
            }
        }
        let (tools, folder) = (tools.clone(), workspace.clone());
        let walked = tokio::task::spawn_blocking(move || tools.names(&folder, MOST)).await;
        let (files, more) = walked.unwrap_or_else(|err| {
            tracing::error!("a workspace could not be listed: {err}");
            (Vec::new(), true)
        });
        let listed = FilesListed { files, more };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT
            && let Some(oldest) = kept
                .iter()
                .min_by_key(|(_, (at, _))| *at)
                .map(|(folder, _)| folder.clone())
        {
            kept.remove(&oldest);
        }
        kept.insert(workspace, (Instant::now(), listed.clone()));
        listed
    }
}
