//! What the daemon says: news of the link, events, answers.

use smartopol_protocol::approval::{Actor, Approval, ApprovalState, Decision, Scope};
use smartopol_protocol::attention::Item;
use smartopol_protocol::memory::Whose;
use smartopol_protocol::message::{Message, Role, Send};
use smartopol_protocol::question::How;
use smartopol_protocol::session::{Create, Session};
use smartopol_protocol::turn::{Outcome, TurnState};
use smartopol_protocol::{Code, News, SessionId};

use super::reading::Jump;
use super::undo::Done;
use super::{App, Call, Cmd, Focus, Link, LinkState, Refusal, Reply};
use crate::model::CardId;
use crate::model::{Heard, Lost, Page};
use crate::notice::Notice;
use crate::sanitize;
use crate::widget::transcript::Scroll;

impl App {
    pub(super) fn on_link(&mut self, link: Link) {
        match link {
            Link::Connected { peer, reply } => {
                self.peer = peer;
                self.link = LinkState::Connected;
                self.answering.clear();
                self.jobs.reconnected();
                self.terms.reconnected();
                self.memory.reconnected();
                self.people.reconnected();
                self.forget_seen(None);
                self.model.subscribed(*reply);
                self.begin();
            }
            Link::Event(event) => self.on_event(*event),
            Link::Bytes(bytes) => self.on_bytes(&bytes),
            Link::Lost {
                reason,
                unusual,
                retry_after_ms,
            } => {
                if unusual {
                    self.complain(reason.clone());
                }
                let stopped = self.model.stopping();
                let retry_at = self.now.ms + retry_after_ms;
                self.link = LinkState::Lost {
                    reason,
                    retry_at,
                    stopped,
                };
            }
        }
    }

    /// Asks for what a new connection needs.
    fn begin(&mut self) {
        self.ask(Call::Status);
        self.ask(Call::Providers);
        self.ask(Call::Clients);
        match self.current {
            Some(id) => self.fetch(id),
            None => self.ask(Call::Find {
                key: self.wanted.session.clone(),
                workspace: self.wanted.workspace.clone(),
            }),
        }
        // What was sent when the link broke may have arrived or not: its id keeps it single.
        let unsent: Vec<Send> = self
            .views
            .values()
            .flat_map(|view| view.outbox.iter().cloned())
            .collect();
        for send in unsent {
            self.ask(Call::Say(send));
        }
    }

    pub(super) fn on_event(&mut self, event: smartopol_protocol::Event) {
        match &event.news {
            News::ApprovalChanged(approval) => self.on_approval(&approval.clone()),
            News::QuestionChanged(question) => self.on_question(&question.clone()),
            News::MessageChanged(message) => {
                if let Some(view) = self.views.get_mut(&message.session_id) {
                    view.outbox.retain(|own| own.id != Some(message.id));
                }
            }
            News::TurnChanged(turn) if self.current == Some(turn.session_id) => {
                self.on_turn(&turn.state);
            }
            News::SessionDeleted(id) => {
                self.views.remove(id);
            }
            _ => {}
        }
        self.heard_of_turn(&event.news);
        self.heard_of_memory(&event.news);
        self.heard_of_people(&event.news);
        match &event.news {
            News::TraceChanged(trace) => self.feed.changed(trace.id),
            News::JobChanged(job) => self.heard_of_job(job.id),
            News::TerminalSized { id, size, client } => self.sized(*id, *size, *client),
            _ => {}
        }
        if let News::AttentionChanged(item) = event.news {
            return self.on_attention(event.seq, *item);
        }
        match self.model.apply(event) {
            Lost::Nothing => {}
            Lost::Passing => {
                if let Some(id) = self.current {
                    self.ask(Call::Watch(id));
                }
            }
            Lost::Facts => self.cmds.push(Cmd::Resubscribe),
        }
    }

    /// Calls a person who waits elsewhere for the end of a turn.
    fn on_turn(&mut self, state: &TurnState) {
        let TurnState::Finished { outcome } = state else {
            return;
        };
        let notice = match outcome {
            Outcome::Done => Notice::Done,
            // What failed waits for the person, and is told as that.
            _ => return,
        };
        if !self.window_focused && self.replay.is_none() {
            self.call_person(notice);
        }
    }

    fn on_attention(&mut self, seq: Option<u64>, item: Item) {
        self.model.heard(seq);
        if self.model.attention.put(item.clone()) == Heard::Calls {
            self.call_for(&item);
        }
    }

    fn on_approval(&mut self, approval: &Approval) {
        if approval.state == ApprovalState::Pending {
            return;
        }
        self.answering.remove(&CardId::Approval(approval.id));
        let mine = self.current == Some(approval.session_id);
        if let Some(words) = ended(&approval.state).filter(|_| mine) {
            self.say(words);
        }
    }

    pub(super) fn on_reply(&mut self, call: Call, reply: Result<Reply, Refusal>) {
        match reply {
            Ok(reply) => self.on_answer(&call, reply),
            Err(refusal) => self.on_refusal(call, refusal),
        }
    }

    fn on_answer(&mut self, call: &Call, reply: Reply) {
        match (call, reply) {
            (_, Reply::Status(status)) => self.status = Some(*status),
            (_, Reply::Providers(providers)) => self.providers = providers,
            (Call::Find { .. } | Call::Create(_), Reply::Session(session)) => self.found(*session),
            (Call::Archive(_), Reply::Session(session)) => self.archived(*session),
            (Call::SearchEverywhere(words), Reply::FoundEverywhere(found)) => {
                self.found_everywhere(words, found);
            }
            (_, Reply::Exported(told)) => self.say_for(8_000, told),
            (_, Reply::Session(session)) => self.model.put_reply(*session),
            (Call::Page { id, page, at }, Reply::Shown(shown)) => {
                self.model.page(*shown, *page, *at);
                match page {
                    Page::Around if self.current == Some(*id) => self.arrived(*at),
                    Page::Around => {}
                    Page::Older | Page::Newer => {
                        if let Some(view) = self.views.get_mut(id) {
                            view.fetching = false;
                        }
                    }
                }
            }
            (_, Reply::Shown(shown)) => {
                let id = shown.session.id;
                self.remember_words(&shown.messages);
                if let Some(view) = self.views.get_mut(&id)
                    && view.jump == Some(Jump::Newest)
                {
                    view.jump = None;
                    view.scroll = Scroll::Follow;
                    self.model.read_at(id, None);
                }
                self.model.shown(*shown);
            }
            (Call::Search { id, text, .. }, Reply::Found(found)) => {
                self.found_text(*id, text, found);
            }
            (Call::Whole { program, .. }, Reply::Text(text)) => {
                self.toast = None;
                self.look_outside(*program, &text, ".md");
            }
            (Call::Approvals(id), Reply::Approvals(list)) => self.model.approvals(*id, list),
            (Call::Watch(id), Reply::Watched(partial)) => self.model.watched(*id, partial),
            (Call::Say(send), _) => self.heard(send),
            (Call::Decide(_), Reply::Approval(approval)) => {
                if let Some(words) = ended(&approval.state) {
                    self.say(words);
                }
                let more = approval.terms.quorum as usize;
                let more = more.saturating_sub(approval.votes.len());
                if approval.state == ApprovalState::Pending && more > 0 {
                    self.say(format!("{more} more must allow it"));
                }
                self.answering.remove(&CardId::Approval(approval.id));
                self.model.put_approval(*approval);
            }
            (Call::Everyone, Reply::Everyone(items)) => self.everyone_listed(items),
            (Call::Answer(_), Reply::Question(question)) => {
                self.on_question(&question);
                self.model.put_question(*question);
            }
            (_, Reply::Clients(listed)) => self.model.clients.replace(listed),
            (Call::Files(id), Reply::Files(listed)) => {
                self.took_files(*id, listed.files, listed.more);
            }
            (_, Reply::Budget(shown)) => self.tell_budget(&shown),
            (_, Reply::Remembered(added)) => {
                let line = sanitize::line(&added.memory.text).into_owned();
                self.say(match added.known {
                    true => format!("remembered already: {line}"),
                    false => format!("remembered, in every session: {line}"),
                });
            }
            (_, Reply::Forked(forked)) => {
                let name = sanitize::line(&forked.session.name).into_owned();
                let note = match forked.note.as_str() {
                    "" => String::new(),
                    note => format!("; {}", sanitize::line(note)),
                };
                let at = forked.at;
                self.found(forked.session);
                self.say_for(8_000, format!("`{name}` goes on from message {at}{note}"));
            }
            (_, Reply::Planned(planned)) => self.planned(planned),
            (_, Reply::Expanded(expanded)) => self.expanded(&expanded),
            (_, Reply::Pinned(pin)) => self.pinned(&pin),
            (Call::StopCommands(_), Reply::Stopped(true)) => self.say("stopped"),
            (Call::Edit(edit), _) => {
                self.say(match edit.steer {
                    Some(true) => "it joins at the next step",
                    _ => "changed",
                });
            }
            (Call::Withdraw { session, text, .. }, _) => {
                self.done(Done::Withdrawn {
                    id: *session,
                    text: text.clone(),
                });
                let view = self.views.entry(*session).or_default();
                if view.composer.is_empty() {
                    view.composer.set(text.clone());
                    self.say("taken back: edit it and send it again");
                } else {
                    self.say("taken back");
                }
            }
            (Call::Lab(lab), Reply::Lab(shown)) => self.lab_shown(lab.id, *shown),
            (Call::TestRule(id, test), Reply::Tested(back_test)) => {
                self.rule_tested(*id, &test.pattern, back_test);
            }
            (Call::Interrupt(_), Reply::Stopped(true)) => self.say("interrupted"),
            (Call::Traces { number, .. }, Reply::Traces(listed)) => {
                self.traces_found(*number, *listed);
            }
            (Call::Piece(after), Reply::Piece(piece)) => self.took_piece(*after, *piece),
            (Call::Turn(id), Reply::Turn(shown)) => self.turn_shown(*id, Some(*shown)),
            (
                call,
                reply @ (Reply::MemoryCounts(_)
                | Reply::Hot(_)
                | Reply::Memories(_)
                | Reply::Topics(_)
                | Reply::MemoryShown(_)
                | Reply::Waiting(_)
                | Reply::Owners(_)
                | Reply::TopicShown(_)
                | Reply::Memory),
            ) => self.on_memory_answer(call, reply),
            (
                call,
                reply @ (Reply::Users(_) | Reply::UserShown(_) | Reply::Code(_) | Reply::User),
            ) => self.on_people_answer(call, reply),
            (call, reply) => self.on_job_answer(call, reply),
        }
    }

    /// Makes what a person said here before the history of a console that has none yet.
    fn remember_words(&mut self, messages: &[Message]) {
        if self.history.is_empty() {
            let said = messages.iter().filter(|message| message.role == Role::User);
            self.history = said.map(Message::text).collect();
            let over = self.history.len().saturating_sub(self.wanted.history);
            self.history.drain(..over);
        }
    }

    fn archived(&mut self, session: Session) {
        let name = sanitize::line(&session.name).into_owned();
        self.say(match session.archived_at {
            Some(_) => format!("`{name}` is put away until somebody speaks in it"),
            None => format!("`{name}` is in the lists again"),
        });
        self.model.put_reply(session);
    }

    fn found(&mut self, session: Session) {
        let id = session.id;
        self.model.put_reply(session);
        // The session a console begins with comes when it comes: keys led elsewhere meanwhile.
        if self.session_at.is_some() {
            self.focus = Focus::Composer;
        }
        self.open(id);
    }

    fn heard(&mut self, send: &Send) {
        if let Some(view) = self.views.get_mut(&send.session_id) {
            view.outbox.retain(|own| own.id != send.id);
        }
    }

    fn on_refusal(&mut self, call: Call, refusal: Refusal) {
        let sentence = refusal.sentence();
        match call {
            Call::Find {
                key: None,
                workspace,
            } if refusal.code == Some(Code::NotFound) => {
                self.no_session_here(workspace);
            }
            Call::Piece(_) => {
                self.lacks_piece();
                self.complain(sentence);
            }
            Call::Find { key: Some(_), .. } => {
                self.complain(sentence);
                if self.current.is_none() {
                    self.open_newest();
                }
            }
            // It may have arrived: it stays in the outbox and goes again with the next connection.
            Call::Say(_) if refusal.code.is_none() => {}
            Call::Say(send) => {
                self.heard(&send);
                let composer = &mut self.views.entry(send.session_id).or_default().composer;
                if composer.is_empty() {
                    composer.set(send.text);
                } else {
                    let both = format!("{}\n{}", send.text, composer.whole());
                    composer.set(both);
                }
                self.complain(sentence);
            }
            Call::Traces { number, .. } => {
                self.traces_refused(number);
                self.complain(sentence);
            }
            Call::Turn(id) => {
                self.turn_shown(id, None);
                self.complain(sentence);
            }
            Call::SearchEverywhere(words) => {
                self.lost_everywhere(&words);
                self.complain(sentence);
            }
            Call::CheckJob(number, _) => self.job_checked(number, Err(refusal)),
            Call::AddJob(_) | Call::EditJob(..) => {
                self.job_not_kept(&refusal);
                self.complain(sentence);
            }
            Call::Resolve(resolve) => {
                self.forget_seen(Some(resolve.id));
                self.complain(sentence);
            }
            Call::Type(write) => self.typed(write.id, Some(sentence)),
            Call::AttachTerminal(attach) if refusal.code == Some(Code::NotFound) => {
                self.not_attached(attach.id);
                self.complain(sentence);
            }
            Call::DetachTerminal(_) | Call::Terminals => {}
            Call::Jobs(_) | Call::Job(_) | Call::Ledger(_) if refusal.code.is_none() => {}
            Call::Lab(lab) => self.lab_refused(lab.id, sentence),
            Call::TestRule(id, _) => self.lab_refused(id, sentence),
            Call::Decide(decide) => {
                self.answering.remove(&CardId::Approval(decide.id));
                self.complain(sentence);
            }
            Call::Answer(answer) => {
                self.answering.remove(&CardId::Question(answer.id));
                // Words are not lost with the question they came too late for.
                if let (How::Write { text }, Some(id)) = (answer.how, self.current) {
                    self.give_back(id, text, sentence);
                } else {
                    self.complain(sentence);
                }
            }
            Call::Page { id, .. } => {
                if let Some(view) = self.views.get_mut(&id) {
                    (view.fetching, view.jump) = (false, None);
                }
            }
            // A command that was refused is not lost.
            Call::Run(run) => {
                let text = format!("!{}", run.command);
                self.give_back(run.session_id, text, sentence);
            }
            Call::Remember(text) => {
                if let Some(id) = self.current {
                    self.give_back(id, format!("#{text}"), sentence);
                }
            }
            Call::Edit(edit) => {
                if let (Some(text), Some(id)) = (edit.text, self.current) {
                    self.give_back(id, text, sentence);
                } else {
                    self.complain(sentence);
                }
            }
            Call::EditMemory(_) if self.memory_not_kept(&refusal) => {}
            Call::Memories { of, .. } | Call::MemoryCounts(of) if of != Whose::Own => {
                self.whose_refused();
                self.complain(sentence);
            }
            Call::Owners
            | Call::Waiting { .. }
            | Call::Status
            | Call::Providers
            | Call::Clients
            | Call::Files(_)
            | Call::Approvals(_)
            | Call::Watch(_) => {}
            _ if refusal.code.is_none() => {}
            _ => self.complain(sentence),
        }
    }

    /// Makes a draft again of what was not taken, and says why.
    fn give_back(&mut self, id: SessionId, text: String, why: String) {
        let composer = &mut self.views.entry(id).or_default().composer;
        if composer.is_empty() {
            composer.set(text);
        }
        self.complain(why);
    }

    fn no_session_here(&mut self, workspace: String) {
        if !self.wanted.observe {
            self.ask(Call::Create(Create {
                workspace,
                name: None,
                mode: None,
                model: None,
            }));
        } else {
            self.open_newest();
        }
    }
}

impl Refusal {
    /// Returns what happened and what to do, as one line.
    pub(crate) fn sentence(&self) -> String {
        let text = if self.hint.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.message, self.hint)
        };
        sanitize::line(&text).into_owned()
    }
}

/// Says how an approval ended; `None` while it waits.
pub(crate) fn ended(state: &ApprovalState) -> Option<String> {
    match state {
        ApprovalState::Pending => None,
        ApprovalState::Allowed { decision } => {
            let scope = match decision.scope {
                Scope::Once => "allowed once",
                Scope::Session => "allowed for this session",
                Scope::Workspace => "allowed in this folder",
                Scope::Always => "allowed always",
            };
            Some(by(scope, decision))
        }
        ApprovalState::Denied { decision } => Some(by("denied", decision)),
        ApprovalState::Expired { .. } => Some("expired: nobody answered in time".to_owned()),
        ApprovalState::Cancelled { reason, .. } => {
            Some(format!("cancelled: {}", sanitize::line(reason)))
        }
    }
}

fn by(what: &str, decision: &Decision) -> String {
    let actor = sanitize::line(&decision.actor.peer);
    let place = place(&decision.actor);
    let note = sanitize::line(&decision.note);
    match (place.is_empty(), note.is_empty()) {
        (true, true) => format!("{what} by {actor}"),
        (true, false) => format!("{what} by {actor}: {note}"),
        (false, true) => format!("{what} by {actor} in {place}"),
        (false, false) => format!("{what} by {actor} in {place}: {note}"),
    }
}

/// Returns where a person did something, in words.
pub(super) fn place(actor: &Actor) -> String {
    let place = match actor.client.as_str() {
        "smartopol-tui" => "the console",
        "smartopol-cli" | "smartopol" => "the command line",
        other => other,
    };
    sanitize::line(place).into_owned()
}
