//! What people say to a session.

use std::sync::Arc;

use smartopol_agent::{Event, Stop};
use smartopol_protocol::compaction::{Add, Pin, Remove};
use smartopol_protocol::message::{Edit, Message, Part, Role, Sent};
use smartopol_protocol::session::{Configure, Continued, Interrupted, Session};
use smartopol_protocol::terminal::Party;
use smartopol_protocol::turn::{Turn, TurnState};
use smartopol_protocol::{Code, Fault, MessageId};

use smartopol_store::Writer;

use super::actor::Actor;
use super::{Broken, Reply};
use crate::record;
use crate::scheduler::charge;

impl Actor<'_> {
    pub(super) async fn say(&mut self, said: Message, reply: Reply<Sent>) -> Result<(), Broken> {
        let mut said = said;
        let begins = self.live.is_none() && self.queue.is_empty();
        said.steer &= !begins;
        let (turn, target) = if begins {
            match charge::of(&self.house, said.peer.as_deref(), Some(said.id)).await {
                Ok(charge) => self.new_turn(Some(said.id), charge.as_ref()).await,
                Err(err) => {
                    let _ = reply.send(Err(Fault::from(err)));
                    return Ok(());
                }
            }
        } else {
            (None, None)
        };
        let id = said.id;
        let kept = turn.clone();
        let stored = self
            .house
            .store
            .write(move |w| {
                // One of another session is refused by the store, as nobody's else to use again.
                if let Ok(known) = w.message(id)
                    && known.session_id == said.session_id
                {
                    return Ok((known, None));
                }
                let message = w.queue_message(said)?;
                match kept {
                    None => Ok((message, None)),
                    Some(turn) => {
                        let (turn, begun) = w.begin_turn(turn, Some(message.id))?;
                        Ok((begun.unwrap_or(message), Some(turn)))
                    }
                }
            })
            .await;
        let (message, turn) = match stored {
            Ok(stored) => stored,
            Err(err) => {
                let _ = reply.send(Err(Fault::from(err)));
                return Ok(());
            }
        };
        let known = message.position.is_some() && turn.is_none()
            || self.queue.iter().any(|queued| queued.id == message.id);
        let sent = Sent {
            message_id: message.id,
            turn_id: message.turn_id,
        };
        let _ = reply.send(Ok(sent));
        match turn {
            Some(turn) => self.begin(turn, Some(message), target).await,
            None if known => Ok(()),
            None => {
                self.queue.push_back(message);
                // Whoever speaks after an interrupt lets go on what waited behind it.
                self.held = false;
                self.next_turn().await
            }
        }
    }

    /// Tells the person something. Between calls and their outputs nothing may stand: then it is
    /// refused, and told later.
    pub(super) async fn notice(&mut self, notice: Message, reply: Reply<()>) {
        let added = self
            .house
            .store
            .write(move |w| match w.message(notice.id) {
                Ok(_) => Ok(None),
                Err(_) => w.add_message(notice).map(Some),
            })
            .await;
        let _ = reply.send(match added {
            Ok(added) => {
                self.transcript.extend(added.map(Arc::new));
                Ok(())
            }
            Err(err) => Err(Fault::from(err)),
        });
    }

    pub(super) async fn withdraw(&mut self, id: MessageId, reply: Reply<()>) -> Result<(), Broken> {
        let at = self.house.clock.now();
        let result = self
            .house
            .store
            .write(move |w| w.withdraw_message(id, at))
            .await;
        if result.is_ok() {
            self.queue.retain(|message| message.id != id);
        }
        let _ = reply.send(result.map_err(Fault::from));
        Ok(())
    }

    pub(super) async fn edit(&mut self, edit: Edit, reply: Reply<Message>) -> Result<(), Broken> {
        let at = self.house.clock.now();
        let changed = self
            .house
            .store
            .write(move |w| w.edit_message(edit.id, edit.text, edit.steer, at))
            .await;
        if let Ok(message) = &changed
            && let Some(own) = self.queue.iter_mut().find(|own| own.id == message.id)
        {
            own.clone_from(message);
        }
        let _ = reply.send(changed.map_err(Fault::from));
        Ok(())
    }

    pub(super) async fn interrupt(&mut self, reply: Reply<Interrupted>) -> Result<(), Broken> {
        let turn_id = self.live.as_ref().map(|live| live.turn.id);
        self.held |= turn_id.is_some();
        let result = self.advance(Event::Stopped(Stop::Person)).await;
        let _ = reply.send(Ok(Interrupted { turn_id }));
        result
    }

    pub(super) async fn go_on(&mut self, reply: Reply<Continued>) -> Result<(), Broken> {
        if self.live.is_some() {
            let fault = Fault::new(Code::Conflict, "a turn is running already");
            let _ = reply.send(Err(fault.hint("stop it first: smartopol interrupt")));
            return Ok(());
        }
        if self.held && !self.queue.is_empty() {
            // What waits is what the person wants to go on with.
            self.held = false;
            let began = self.next_turn().await;
            let turn_id = match &self.live {
                Some(live) => Some(live.turn.id),
                None => {
                    let id = self.session.id;
                    let turn = self.house.store.read(move |r| r.last_turn(id)).await?;
                    turn.map(|turn| turn.id)
                }
            };
            let continued = turn_id.map(|turn_id| Continued { turn_id });
            let missing = || Fault::new(Code::Internal, "the turn did not begin");
            let _ = reply.send(continued.ok_or_else(missing));
            return began;
        }
        let Some(last) = self
            .transcript
            .iter()
            .rev()
            .find(|said| said.role != Role::System)
        else {
            let fault = Fault::new(Code::Conflict, "there is nothing to continue");
            let _ = reply.send(Err(fault.hint("say something first: smartopol send TEXT")));
            return Ok(());
        };
        let id = self.session.id;
        let turn = self.house.store.read(move |r| r.last_turn(id)).await?;
        if let Some(Turn {
            state: TurnState::Finished { outcome },
            ..
        }) = &turn
            && !outcome.can_continue()
        {
            let fault = Fault::new(
                Code::Conflict,
                "the last turn is done, so nothing is left of it",
            );
            let _ = reply.send(Err(fault.hint("say what to do next: smartopol send TEXT")));
            return Ok(());
        }
        // Models go on from a question or from tool outputs; their own last word needs a nudge.
        let nudge = (last.role == Role::Agent).then(|| Message {
            id: MessageId::new(),
            session_id: self.session.id,
            turn_id: None,
            position: None,
            steer: false,
            role: Role::User,
            parts: vec![Part::Text {
                text: "Continue.".into(),
            }],
            peer: None,
            by: None,
            interrupted: false,
            created_at: self.house.clock.now(),
        });
        let message_id = nudge.as_ref().map(|nudge| nudge.id);
        let (turn, target) = self.new_turn(message_id, None).await;
        let Some(turn) = turn else { return Ok(()) };
        let stored = self
            .house
            .store
            .write(move |w| {
                let id = nudge
                    .map(|nudge| w.queue_message(nudge))
                    .transpose()?
                    .map(|said| said.id);
                w.begin_turn(turn, id)
            })
            .await;
        match stored {
            Ok((turn, message)) => {
                let _ = reply.send(Ok(Continued { turn_id: turn.id }));
                self.begin(turn, message, target).await
            }
            Err(err) => {
                let _ = reply.send(Err(Fault::from(err)));
                Ok(())
            }
        }
    }

    pub(super) async fn configure(
        &mut self,
        change: Configure,
        reply: Reply<Session>,
    ) -> Result<(), Broken> {
        let at = self.house.clock.now();
        let id = self.session.id;
        let changed = self
            .house
            .store
            .write(move |w| {
                let model = change
                    .model
                    .as_deref()
                    .map(|model| (!model.is_empty()).then_some(model));
                w.configure_session(id, change.name.as_deref(), change.mode, model, at)
            })
            .await;
        if let Ok(session) = &changed {
            self.session = session.clone();
        }
        let _ = reply.send(changed.map_err(Fault::from));
        Ok(())
    }

    pub(super) async fn pin(&mut self, pin: Add, reply: Reply<Pin>) {
        let at = self.house.clock.now();
        let text = record::clean_text(&self.house, pin.text);
        let add = move |w: &mut Writer<'_>| w.add_pin(pin.id, (pin.kind, &text), Party::Person, at);
        let pinned = self.house.store.write(add).await;
        if let Ok(pin) = &pinned {
            self.folds.put(pin.clone());
        }
        let _ = reply.send(pinned.map_err(Fault::from));
    }

    pub(super) async fn unpin(&mut self, pin: Remove, reply: Reply<()>) {
        let at = self.house.clock.now();
        let remove = move |w: &mut Writer<'_>| w.remove_pin(pin.id, pin.pin_id, Party::Person, at);
        let removed = self.house.store.write(remove).await;
        if let Ok(pin) = &removed {
            self.folds.put(pin.clone());
        }
        let _ = reply.send(removed.map(drop).map_err(Fault::from));
    }

    pub(super) async fn delete(&mut self, reply: Reply<()>) -> Result<(), Broken> {
        // Out of reach first, or the end of the turn would begin the next one.
        let queue = std::mem::take(&mut self.queue);
        self.abandon_commands("interrupted: the session was removed")
            .await?;
        self.advance(Event::Stopped(Stop::Person)).await?;
        let (id, at) = (self.session.id, self.house.clock.now());
        let result = self
            .house
            .store
            .write(move |w| w.delete_session(id, at))
            .await;
        self.deleted = result.is_ok();
        if !self.deleted {
            self.queue = queue;
        }
        let _ = reply.send(result.map_err(Fault::from));
        Ok(())
    }
}
