//! What the daemon said, as far as the console keeps it.
//!
//! Owns: sessions, pending approvals and questions, what waits for a person, jobs, terminals, the
//! traces feed, the transcripts that are open. Every change comes from a snapshot, a reply or an event; applying one twice is harmless, and one that is
//! older than what is known is skipped. Knows no terminal.

pub(crate) mod attention;
pub(crate) mod clients;
pub(crate) mod jobs;
pub(crate) mod terminals;
pub(crate) mod terms;
pub(crate) mod traces;
pub(crate) mod transcript;

use std::collections::{HashMap, HashSet};

use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::event::{Snapshot, Subscribed};
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::session::{Partial, Session, Shown};
use smartopol_protocol::trace::{Mark, Trace};
use smartopol_protocol::{
    ApprovalId, AttentionId, Event, News, QuestionId, SessionId, TraceId, UserId,
};

pub(crate) use attention::{Attention, Heard};
pub(crate) use clients::Clients;
pub(crate) use jobs::Jobs;
pub(crate) use terminals::Terminals;
pub(crate) use traces::Traces;
pub(crate) use transcript::Transcript;

/// How many transcripts stay open; the one used longest ago gives way.
const OPEN: usize = 8;

/// What must be asked again, because news was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Nothing.
    Nothing,
    /// Passing news: what it added up to is in the open session.
    Passing,
    /// Facts: a new subscription brings them.
    Facts,
}

/// Where a page of a transcript lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Right before the window.
    Older,
    /// Right after the window.
    Newer,
    /// Around a position, wherever the window is.
    Around,
}

/// What a console was too slow to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missed {
    /// Facts; they were asked again.
    pub(crate) facts: u64,
    /// Pieces of what was said or put out.
    pub(crate) pieces: u64,
}

impl Missed {
    /// Says what was lost; `None` where nothing was.
    pub(crate) fn words(self) -> Option<String> {
        match (self.facts, self.pieces) {
            (0, 0) => None,
            (0, pieces) => Some(format!("lost {pieces} pieces")),
            (facts, 0) => Some(format!("lost {facts} events, asked again")),
            (facts, pieces) => Some(format!("lost {facts} events, {pieces} pieces")),
        }
    }
}

/// What a person answers on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CardId {
    Approval(ApprovalId),
    Question(QuestionId),
    /// What waits to be remembered, as it was told so often: more of it is another card.
    Memories(AttentionId, u32),
}

/// A session, and the number of the event that told it.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    seq: u64,
    session: Session,
}

/// What the daemon said.
#[derive(Debug, Default)]
pub(crate) struct Model {
    seq: Option<u64>,
    rows: Vec<Row>,
    approvals: Vec<Approval>,
    questions: Vec<Question>,
    pub(crate) traces: Traces,
    /// The traces that a person marked.
    marked: HashSet<TraceId>,
    /// What this console did not hear, until somebody takes note of it.
    pub(crate) missed: Missed,
    pub(crate) clients: Clients,
    /// Who we are, and what the others are called.
    user: Option<UserId>,
    names: HashMap<UserId, String>,
    pub(crate) attention: Attention,
    pub(crate) jobs: Jobs,
    pub(crate) terminals: Terminals,
    open: HashMap<SessionId, Transcript>,
    /// Open sessions, the one used last at the end.
    used: Vec<SessionId>,
    stopping: bool,
}

impl Model {
    /// Returns the number of the newest fact seen.
    pub(crate) const fn seq(&self) -> Option<u64> {
        self.seq
    }

    /// Returns true where the daemon said that it shuts down.
    pub(crate) const fn stopping(&self) -> bool {
        self.stopping
    }

    /// Returns all sessions, the most recently used first.
    pub(crate) fn sessions(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.rows.iter().map(|row| &row.session)
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions().find(|session| session.id == id)
    }

    /// Returns what the one is called whose a session is; `None` where it is ours.
    pub(crate) fn owner(&self, session: &Session) -> Option<&str> {
        let own = self.user?;
        let id = session.user_id.filter(|id| *id != own)?;
        self.names.get(&id).map(String::as_str)
    }

    /// Returns the name of a user who is not the one that this console is for.
    pub(crate) fn other(&self, id: Option<UserId>) -> Option<&str> {
        let id = id.filter(|id| self.user.is_some_and(|own| own != *id))?;
        Some(self.names.get(&id).map_or("somebody else", String::as_str))
    }

    /// Returns all pending approvals, oldest first.
    pub(crate) fn pending(&self) -> &[Approval] {
        &self.approvals
    }

    /// Returns a pending question.
    pub(crate) fn question(&self, id: QuestionId) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// Returns all that the person is asked, and in which session, the oldest first. A question in
    /// somebody else's session is theirs, whoever may see it; an approval is for all who answer.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (SessionId, CardId)> {
        self.asked_of_all().filter(|(session, card)| {
            let session = self.session(*session);
            let theirs = session.is_some_and(|own| self.owner(own).is_some());
            !(theirs && matches!(card, CardId::Question(_)))
        })
    }

    /// Returns all that anybody is asked whom the person may see.
    pub(crate) fn asked_of_all(&self) -> impl Iterator<Item = (SessionId, CardId)> {
        let approvals = self
            .approvals
            .iter()
            .map(|own| (own.asked_at, own.session_id, CardId::Approval(own.id)));
        let questions = self
            .questions
            .iter()
            .map(|own| (own.asked_at, own.session_id, CardId::Question(own.id)));
        let mut asked: Vec<_> = approvals.chain(questions).collect();
        asked.sort_by_key(|(at, ..)| *at);
        asked.into_iter().map(|(_, session, card)| (session, card))
    }

    /// Returns all that is asked in a session, the oldest first.
    pub(crate) fn asked_in(&self, id: SessionId) -> impl Iterator<Item = CardId> {
        self.asked_of_all()
            .filter(move |(session, _)| *session == id)
            .map(|(_, card)| card)
    }

    /// Takes note of where a person reads in a session; `None` follows the newest.
    pub(crate) fn read_at(&mut self, id: SessionId, position: Option<u64>) {
        if let Some(transcript) = self.open.get_mut(&id) {
            transcript.read_at(position);
        }
    }

    pub(crate) fn transcript(&self, id: SessionId) -> Option<&Transcript> {
        self.open.get(&id)
    }

    /// Takes the reply to a subscription. Returns true where it was a snapshot.
    pub(crate) fn subscribed(&mut self, reply: Subscribed) -> bool {
        self.stopping = false;
        match reply {
            Subscribed::Replay { .. } => false,
            Subscribed::Snapshot(snapshot) => {
                self.snapshot(*snapshot);
                true
            }
        }
    }

    fn snapshot(&mut self, snapshot: Snapshot) {
        let seq = snapshot.seq;
        self.seq = Some(seq);
        self.rows = snapshot
            .sessions
            .into_iter()
            .map(|session| Row { seq, session })
            .collect();
        self.sort();
        self.approvals = snapshot.approvals;
        self.questions = snapshot.questions;
        self.attention.replace(snapshot.attention);
        self.jobs.forget_all();
        self.terminals.replace(snapshot.terminals);
        self.traces.replace(snapshot.traces);
        self.marked = snapshot.marked.into_iter().collect();
        self.user = snapshot.user_id;
        let names = snapshot.names.into_iter();
        self.names = names.map(|own| (own.id, own.name)).collect();
        self.open.values_mut().for_each(Transcript::missed);
        let rows = &self.rows;
        self.open
            .retain(|id, _| rows.iter().any(|row| row.session.id == *id));
        self.used
            .retain(|id| rows.iter().any(|row| row.session.id == *id));
    }

    /// Takes a page that joins the window of a transcript at a position, or takes its place.
    pub(crate) fn page(&mut self, shown: Shown, page: Page, at: u64) {
        self.put_session(shown.session.clone(), shown.as_of);
        let Some(transcript) = self.open.get_mut(&shown.session.id) else {
            return;
        };
        match page {
            Page::Older => transcript.prepend(shown, at),
            Page::Newer => transcript.append(shown),
            Page::Around => transcript.replace(shown, at),
        }
    }

    /// Takes the newest window of a transcript.
    pub(crate) fn shown(&mut self, shown: Shown) {
        let id = shown.session.id;
        self.put_session(shown.session.clone(), shown.as_of);
        match self.open.get_mut(&id) {
            Some(transcript) => transcript.refresh(shown),
            None => {
                self.open.insert(id, Transcript::new(shown));
            }
        }
        self.used.retain(|used| *used != id);
        self.used.push(id);
        if self.used.len() > OPEN {
            let oldest = self.used.remove(0);
            self.open.remove(&oldest);
        }
    }

    /// Takes the approvals of a session, ended ones included.
    pub(crate) fn approvals(&mut self, id: SessionId, approvals: Vec<Approval>) {
        if let Some(transcript) = self.open.get_mut(&id) {
            for approval in approvals {
                transcript.put_approval(approval);
            }
        }
    }

    /// Takes what is being said right now in a session.
    pub(crate) fn watched(&mut self, id: SessionId, partial: Option<Partial>) {
        if let Some(transcript) = self.open.get_mut(&id) {
            transcript.put_partial(partial);
        }
    }

    /// Takes a session as a reply to a change showed it.
    pub(crate) fn put_reply(&mut self, session: Session) {
        let seq = self
            .rows
            .iter()
            .find(|row| row.session.id == session.id)
            .map_or(0, |row| row.seq);
        self.put_session(session, seq);
    }

    /// Takes one event; returns what must be asked again.
    pub(crate) fn apply(&mut self, event: Event) -> Lost {
        self.heard(event.seq);
        let seq = event.seq.unwrap_or(u64::MAX);
        match event.news {
            News::SessionChanged(session) => self.put_session(*session, seq),
            News::SessionDeleted(id) => self.forget(id),
            News::UserChanged(changed) => {
                let user = changed.user;
                self.names.insert(user.id, user.name);
            }
            // Two peers became one user: perhaps we are somebody else from now on.
            News::UserRemoved(removed) if Some(removed.id) == self.user => {
                self.user = removed.into.or(self.user);
            }
            News::ApprovalChanged(approval) => self.put_approval(*approval),
            News::QuestionChanged(question) => self.put_question(*question),
            News::TraceChanged(trace) => self.put_trace(*trace),
            News::TraceMarked(mark) => self.mark(mark),
            News::JobChanged(job) => self.jobs.put(*job),
            News::JobRemoved(id) => self.jobs.remove(id),
            News::TerminalChanged(terminal) => self.terminals.put(*terminal),
            News::TerminalClosed(id) => self.terminals.remove(id),
            News::AttentionChanged(item) => {
                self.attention.put(*item);
            }
            News::Gap { missed } => {
                self.missed.facts = self.missed.facts.saturating_add(missed);
                return Lost::Facts;
            }
            News::Dropped { deltas } => {
                self.missed.pieces = self.missed.pieces.saturating_add(deltas);
                return Lost::Passing;
            }
            News::ClientChanged(client) => self.clients.put(client),
            News::ClientLeft(id) => self.clients.forget(id),
            News::Stopping => self.stopping = true,
            news => {
                let transcript = event.session_id.and_then(|id| self.open.get_mut(&id));
                if let Some(transcript) = transcript.filter(|own| seq > own.as_of())
                    && !transcript.apply(news, event.at)
                {
                    return Lost::Passing;
                }
            }
        }
        Lost::Nothing
    }

    /// Takes note of the number of a fact.
    pub(crate) fn heard(&mut self, seq: Option<u64>) {
        self.seq = self.seq.max(seq);
    }

    fn put_session(&mut self, session: Session, seq: u64) {
        match self
            .rows
            .iter_mut()
            .find(|row| row.session.id == session.id)
        {
            Some(row) if row.seq > seq => return,
            Some(row) => *row = Row { seq, session },
            None => self.rows.push(Row { seq, session }),
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.rows.sort_by(|a, b| {
            (b.session.updated_at, b.session.id).cmp(&(a.session.updated_at, a.session.id))
        });
    }

    fn forget(&mut self, id: SessionId) {
        self.rows.retain(|row| row.session.id != id);
        self.approvals.retain(|approval| approval.session_id != id);
        self.questions.retain(|question| question.session_id != id);
        self.open.remove(&id);
        self.used.retain(|used| *used != id);
    }

    /// Takes an approval as an event or the reply to a decision tells it.
    pub(crate) fn put_approval(&mut self, approval: Approval) {
        let known = self.approvals.iter().position(|own| own.id == approval.id);
        match (known, approval.state == ApprovalState::Pending) {
            (Some(at), false) => {
                self.approvals.remove(at);
            }
            (None, true) => {
                self.approvals.push(approval.clone());
                self.approvals.sort_by_key(|own| (own.asked_at, own.id));
            }
            _ => {}
        }
        if let Some(transcript) = self.open.get_mut(&approval.session_id) {
            transcript.put_approval(approval);
        }
    }

    /// Takes a question as an event or the reply to an answer tells it.
    pub(crate) fn put_question(&mut self, question: Question) {
        let known = self.questions.iter().position(|own| own.id == question.id);
        match (known, question.state == QuestionState::Pending) {
            (Some(at), false) => {
                self.questions.remove(at);
            }
            (None, true) => self.questions.push(question),
            _ => {}
        }
    }

    /// Returns true where a person marked a trace.
    pub(crate) fn is_marked(&self, id: TraceId) -> bool {
        self.marked.contains(&id)
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        if mark.marked {
            self.marked.insert(mark.id);
        } else {
            self.marked.remove(&mark.id);
        }
    }

    fn put_trace(&mut self, trace: Trace) {
        self.traces.put(trace);
    }
}

#[cfg(test)]
mod tests;
