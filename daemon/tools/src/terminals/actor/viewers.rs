//! Those who look at a terminal at work: let in, given what they missed, drawn for, let go.
//!
//! Owns whose window counts, and whom the holder draws for. What one of them is sent is `viewer`'s.

use std::sync::Arc;

use bytes::Bytes;
use smartopol_protocol::terminal::{Door, Size};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::link;
use super::super::terminal::{Note, Seen};
use super::super::viewer::{Need, Viewer};
use super::super::wire::Say;
use super::{Actor, CATCH_UP, PACE};

impl Actor {
    /// Lets somebody look.
    pub(super) async fn attach(&mut self, viewer: Viewer, reply: oneshot::Sender<Seen>) {
        let viewer = Arc::new(viewer);
        let client = viewer.told().client;
        let end = self.screen.offset();
        if let Some(since) = viewer.since().filter(|since| *since > end)
            && since > link::written(&self.folder)
        {
            viewer.begin_now();
        }
        if let Some(old) = self.viewers.insert(client, Arc::clone(&viewer)) {
            old.leave();
        }
        self.dismiss().await;
        self.fit().await;
        let door = match viewer.is_direct() {
            true => self.admit(client, &viewer).await,
            false => None,
        };
        // Where it is gone already, it leaves by itself.
        let _ = reply.send(Seen {
            viewer,
            offset: self.screen.offset(),
            size: self.screen.size(),
            door,
        });
        self.drawn_at = Instant::now().checked_sub(PACE).unwrap_or(self.drawn_at);
    }

    /// Lets all know that the screen changed without a byte.
    pub(super) fn stale(&self) {
        for viewer in self.viewers.values() {
            viewer.output(self.screen.offset(), &Bytes::new());
        }
    }

    /// Gives those who came back what they missed, and draws the present for those who wait.
    pub(super) fn refresh(&mut self) {
        let end = self.screen.offset();
        for viewer in self.viewers.values().filter(|viewer| viewer.catches_up()) {
            viewer.catch_up(end, |from| {
                let most = usize::try_from(end.checked_sub(from)?).ok()?.min(CATCH_UP);
                let (begin, bytes) = link::piece(&self.folder, from, most).ok()?;
                (begin == from && !bytes.is_empty()).then(|| bytes.into())
            });
        }
        if !self.viewers.values().any(|viewer| viewer.waits()) || self.drawn_at.elapsed() < PACE {
            return;
        }
        self.drawn_at = Instant::now();
        let screen = &mut self.screen;
        for viewer in self.viewers.values() {
            viewer.refresh(|need| match need {
                Need::Keyframe => screen.keyframe(),
                Need::Picture(before) => (screen.offset(), screen.picture(before)),
            });
        }
    }

    /// Looks after those who left, and those who may type or may not any more.
    pub(super) async fn attend(&mut self) {
        let before = self.viewers.len();
        self.viewers.retain(|_, viewer| !viewer.has_left());
        self.dismiss().await;
        for (client, types) in self.changed_rights() {
            self.admitted.insert(client, types);
            self.say(Say::Admit {
                client,
                types,
                ticket: String::new(),
            })
            .await;
        }
        if self.viewers.len() < before {
            self.fit().await;
        }
    }

    fn changed_rights(&self) -> Vec<(u64, bool)> {
        let admitted = self.admitted.iter();
        let now = admitted.filter_map(|(client, types)| {
            let now = self.viewers.get(client)?.may_type();
            (now != *types).then_some((*client, now))
        });
        now.collect()
    }

    /// Asks the holder to let a client in; where it does not, pictures are drawn here.
    async fn admit(&mut self, client: u64, viewer: &Viewer) -> Option<Door> {
        let door = self.link.as_ref().and_then(|link| link.door.clone());
        let (Some(door), Ok(ticket), true) = (door, link::secret(), self.leave_the_present().await)
        else {
            viewer.draw_here();
            return None;
        };
        let Some(socket) = door.to_str().map(str::to_owned) else {
            viewer.draw_here();
            return None;
        };
        let types = viewer.may_type();
        self.admitted.insert(client, types);
        self.was_direct = true;
        self.say_who_types().await;
        self.say(Say::Admit {
            client,
            types,
            ticket: ticket.clone(),
        })
        .await;
        self.say(Say::Begin).await;
        Some(Door { socket, ticket })
    }

    /// Lets the holder send out who is to be drawn directly no more.
    async fn dismiss(&mut self) {
        let viewers = &self.viewers;
        let direct = |client: &u64| viewers.get(client).is_some_and(|own| own.is_direct());
        let gone = self.admitted.extract_if(|client, _| !direct(client));
        let gone: Vec<u64> = gone.map(|(client, _)| client).collect();
        for client in gone {
            self.say(Say::Dismiss(client)).await;
        }
    }

    /// Leaves the present where the holder finds it.
    async fn leave_the_present(&mut self) -> bool {
        let (offset, present) = self.screen.present();
        self.store(link::PRESENT, offset, present).await
    }

    /// Makes the terminal as large as the smallest window.
    pub(super) async fn fit(&mut self) {
        let windows: Vec<(Size, u64)> = self
            .viewers
            .values()
            .filter_map(|viewer| {
                let told = viewer.told();
                Some((told.size?, told.client))
            })
            .collect();
        let Some(smallest) = windows
            .iter()
            .min_by_key(|(size, client)| (size.columns, size.rows, *client))
        else {
            return; // Nobody minds: it stays as it is.
        };
        let rows = windows.iter().map(|(size, _)| size.rows).min();
        let size = Size {
            columns: smallest.0.columns,
            rows: rows.unwrap_or(smallest.0.rows),
        };
        if size == self.screen.size() || self.ended {
            return;
        }
        self.screen.resize(size);
        self.say(Say::Resize(size)).await;
        for viewer in self.viewers.values() {
            viewer.spoil();
        }
        if !self.admitted.is_empty() {
            if self.leave_the_present().await {
                self.say(Say::Begin).await;
            } else {
                // They come back, and are drawn here.
                for (client, _) in std::mem::take(&mut self.admitted) {
                    self.say(Say::Dismiss(client)).await;
                }
            }
        }
        self.note(Note::Sized(size, Some(smallest.1))).await;
    }
}
