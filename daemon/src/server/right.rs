//! What one who looks at a terminal may do there, for as long as they look.
//!
//! Owns following it: what is shown, and typed into the process that holds it, asks nobody, so
//! whoever loses a right is told off by themselves, whether their client listens or not.

use std::sync::Arc;

use smartopol_protocol::approval::Actor;
use smartopol_protocol::terminal::{Show, Write};
use smartopol_protocol::{Fault, News, Request, TerminalId};
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
    async fn may(&self, request: Request) -> Result<(), Fault> {
        let checked = access::still(&self.house, &self.actor, &request);
        checked.await.map(drop)
    }

    /// Returns true where the terminal is there, whosever it is.
    async fn is_there(&self) -> bool {
        let id = self.id;
        self.house.store.read(move |r| r.terminal(id)).await.is_ok()
    }

    /// Returns true where they may type.
    pub(super) async fn types(&self) -> bool {
        let write = Write {
            id: self.id,
            text: String::new(),
            bytes: Vec::new(),
        };
        !self.observes && self.may(Request::TerminalWrite(write)).await.is_ok()
    }

    /// Keeps to what they may for as long as they look. Returns why they may do so no more; `None`
    /// where there is nothing to be said.
    pub(super) async fn follow(
        self,
        viewer: Arc<Viewer>,
        mut news: broadcast::Receiver<Arc<Item>>,
    ) -> Option<Fault> {
        loop {
            // Also before there is any news: it may have come between the look at what they may and
            // the beginning of this.
            if viewer.has_left() {
                return None;
            }
            if let Err(fault) = self.may(Request::TerminalShow(Show { id: self.id })).await {
                viewer.leave();
                return self.is_there().await.then_some(fault);
            }
            viewer.let_type(self.types().await);
            loop {
                match news.recv().await {
                    Ok(item) if !changes(&item.event.news) => {}
                    Err(broadcast::error::RecvError::Closed) => {
                        viewer.leave();
                        return None;
                    }
                    // What was missed may have been about them.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => break,
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
