//! What a played house answers when it is asked: the present, windows of a session, searches, and how
//! the daemon is.

use smartopol_protocol::approval::{Approval, ApprovalState, Mode};
use smartopol_protocol::daemon::{JobsShown, Size, StatusShown, TerminalsShown};
use smartopol_protocol::event::Snapshot;
use smartopol_protocol::message::Message;
use smartopol_protocol::model::ProviderInfo;
use smartopol_protocol::question::QuestionState;
use smartopol_protocol::session::Shown;
use smartopol_protocol::*;

use super::{BEGAN, House};

impl House {
    pub fn snapshot(&self) -> Snapshot {
        let pending = |own: &&Approval| own.state == ApprovalState::Pending;
        Snapshot {
            seq: self.seq,
            sessions: self.sessions.clone(),
            approvals: self.approvals.iter().filter(pending).cloned().collect(),
            questions: self
                .questions
                .iter()
                .filter(|own| own.state == QuestionState::Pending)
                .cloned()
                .collect(),
            traces: self.traces.iter().rev().take(200).rev().cloned().collect(),
            marked: self.marked.clone(),
            attention: self.open(),
            terminals: self
                .terminals
                .iter()
                .map(|own| own.terminal.clone())
                .collect(),
            user_id: None,
            names: Vec::new(),
        }
    }

    pub fn shown(&self, id: SessionId, before: Option<u64>, limit: usize) -> Shown {
        let limit = u32::try_from(limit).unwrap();
        self.window(&session::Show {
            before,
            ..session::Show::newest(id, limit)
        })
    }

    /// Searches as the daemon would.
    pub fn search(&self, search: &message::Search) -> message::Found {
        let needle = message::fold(&search.text);
        let before = search.before.unwrap_or(u64::MAX);
        let placed = self.messages.iter().rev().filter(|own| {
            own.session_id == search.session_id && own.position.is_some_and(|at| at < before)
        });
        let mut hits: Vec<message::Hit> = placed
            .filter(|own| {
                let parts = serde_json::to_string(&own.parts).unwrap();
                message::fold(&parts).contains(&needle)
            })
            .take(11)
            .map(|own| message::Hit {
                position: own.position.unwrap(),
                message_id: own.id,
                role: own.role,
                line: own.text(),
                created_at: own.created_at,
            })
            .collect();
        let next = (hits.len() > 10).then(|| hits[9].position);
        hits.truncate(10);
        message::Found { hits, next }
    }

    /// Returns a window as the daemon would.
    pub fn window(&self, show: &session::Show) -> Shown {
        let id = show.id;
        let own = |message: &&Message| message.session_id == id;
        let (mut placed, queue): (Vec<&Message>, Vec<&Message>) = self
            .messages
            .iter()
            .filter(own)
            .partition(|message| message.position.is_some());
        placed.sort_by_key(|message| message.position);
        let last = placed.last().and_then(|own| own.position).unwrap_or(0);
        let limit = match show.limit {
            0 => 200,
            limit => limit as usize,
        };
        let until = |bound: u64| placed.partition_point(|own| own.position < Some(bound));
        let (from, to) = match (show.before, show.after, show.around) {
            (_, Some(after), _) => {
                let from = until(after + 1);
                (from, from + limit)
            }
            (_, _, Some(around)) => {
                let at = until(around);
                (at.saturating_sub(limit / 2), at + limit / 2)
            }
            (before, ..) => {
                let to = until(before.unwrap_or(u64::MAX));
                (to.saturating_sub(limit), to)
            }
        };
        let mut messages: Vec<Message> = placed[from.min(placed.len())..to.min(placed.len())]
            .iter()
            .map(|own| (*own).clone())
            .collect();
        if show.before.or(show.after).or(show.around).is_none() {
            messages.extend(queue.into_iter().cloned());
        }
        let more = from > 0 && !messages.is_empty();
        let calls: Vec<CallId> = messages.iter().flat_map(Message::calls).collect();
        let turns: Vec<TurnId> = messages.iter().filter_map(|own| own.turn_id).collect();
        Shown {
            as_of: self.seq,
            session: self
                .sessions
                .iter()
                .find(|own| own.id == id)
                .unwrap()
                .clone(),
            messages,
            turns: self
                .turns
                .iter()
                .filter(|own| turns.contains(&own.id))
                .cloned()
                .collect(),
            calls: self
                .calls
                .iter()
                .filter(|own| calls.contains(&own.id))
                .cloned()
                .collect(),
            more,
            last,
            partial: self
                .partial
                .clone()
                .filter(|(own, _)| *own == id)
                .map(|(_, partial)| partial),
        }
    }
}

pub fn status() -> StatusShown {
    StatusShown {
        pid: 4321,
        version: "0.1.0".into(),
        started_at: BEGAN,
        uptime_ms: 1_000,
        socket: "/run/user/1000/smartopol/daemon.sock".into(),
        database: "smartopol.db".into(),
        log: "smartopol.log".into(),
        config: String::new(),
        agent_id: AgentId::from_bytes([7; 16]),
        phases: Vec::new(),
        sessions: 4,
        active_sessions: 1,
        pending_approvals: 0,
        pending_questions: 0,
        jobs: JobsShown::default(),
        terminals: TerminalsShown::default(),
        clients: 1,
        database_bytes: 0,
        size: Size::default(),
        last_backup: None,
        troubles: Vec::new(),
        rss_bytes: 0,
        provider: "anthropic".into(),
        model: "claude-sonnet-5".into(),
        mode: Mode::Ask,
    }
}

pub fn providers(offline: bool) -> Vec<ProviderInfo> {
    let one = |name: &str, by: &str, model: &str, chosen| ProviderInfo {
        name: name.into(),
        found_by: by.into(),
        base_url: String::new(),
        default_model: model.into(),
        models: vec![model.into()],
        chosen,
    };
    let built_in = one("offline", "built in", "offline", offline);
    if offline {
        vec![built_in]
    } else {
        vec![
            one(
                "anthropic",
                "ANTHROPIC_API_KEY is set",
                "claude-sonnet-5",
                true,
            ),
            built_in,
        ]
    }
}
