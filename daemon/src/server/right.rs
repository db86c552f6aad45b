//! What one who is let into the process that holds a terminal may do there, for as long as they are.
//!
//! Owns following it: what is typed there asks nobody, so whoever loses a right is told off by
//! themselves, whether their client listens or not.

use std::sync::Arc;

use smartopol_protocol::approval::Actor;
use smartopol_protocol::terminal::{Show, Write};
use smartopol_protocol::{News, Request, TerminalId};
use smartopol_tools::terminals::Viewer;
use tokio::sync::broadcast;

use super::access;
use crate::House;
use crate::bus::Item;

/// Whose right it is, and at which terminal.
pub(super) struct Right {
    pub(super) house: House,
    pub(super) actor: Actor,
    pub(super) observes: bool,
    pub(super) id: TerminalId,
}

impl Right {
    async fn may(&self, request: Request) -> bool {
        let checked = access::check(&self.house, &self.actor, &request);
        checked.await.is_ok()
    }

    /// Returns true where they may look.
    async fn looks(&self) -> bool {
        self.may(Request::TerminalShow(Show { id: self.id })).await
    }

    /// Returns true where they may type.
    pub(super) async fn types(&self) -> bool {
        let write = Write {
            id: self.id,
            text: String::new(),
            bytes: Vec::new(),
        };
        !self.observes && self.may(Request::TerminalWrite(write)).await
    }

    /// Keeps to what they may for as long as they look.
    pub(super) async fn follow(
        self,
        viewer: Arc<Viewer>,
        mut news: broadcast::Receiver<Arc<Item>>,
    ) {
        loop {
            match news.recv().await {
                Ok(item) if !changes(&item.event.news) => {}
                Err(broadcast::error::RecvError::Closed) => return viewer.leave(),
                // What was missed may have been about them.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    if viewer.has_left() {
                        return;
                    }
                    if !self.looks().await {
                        return viewer.leave();
                    }
                    viewer.let_type(self.types().await);
                }
            }
        }
    }
}

/// Returns true for news after which somebody may have other rights than before.
const fn changes(news: &News) -> bool {
    matches!(
        news,
        News::UserChanged(_) | News::UserRemoved(_) | News::SessionChanged(_)
    )
}
