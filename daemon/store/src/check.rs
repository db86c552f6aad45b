//! Looking whether the database is sound: the file, the references, and our own promises.

use std::error::Error as _;

use smartopol_protocol::message::Message;
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::turn::TurnState;
use smartopol_protocol::{SessionId, TurnId};

use crate::column::{Key, json};
use crate::order::Tail;
use crate::{Error, Reader, Result, turn};

/// How many messages are in memory at a time.
const PAGE: u32 = 500;

/// Promises that SQL can look after: each query returns one line for each breach. Calls from before
/// `kept_since` may have lost their trace to the settings.
const PROMISES: &[&str] = &[
    "SELECT 'session ' || name || ' says ' || messages || ' messages and has ' || n
     FROM (SELECT s.name, s.messages,
               (SELECT count(*) FROM messages m WHERE m.session_id = s.id) AS n FROM sessions s)
     WHERE messages <> n",
    "SELECT 'session ' || name || ' says ' || waiting || ' approvals and questions wait and has ' || n
     FROM (SELECT s.name, s.waiting, (SELECT count(*) FROM approvals a
               WHERE a.session_id = s.id AND a.pending = 1)
           + (SELECT count(*) FROM questions q
               WHERE q.session_id = s.id AND q.pending = 1) AS n FROM sessions s)
     WHERE waiting <> n",
    "SELECT 'session ' || s.name || ' has holes in its transcript'
     FROM sessions s JOIN messages m ON m.session_id = s.id
     GROUP BY s.id HAVING coalesce(max(m.position), 0) <> count(m.position)",
    "SELECT 'message ' || hex(m.id) || ' belongs to a turn of no such session'
     FROM messages m LEFT JOIN turns t ON t.id = m.turn_id AND t.session_id = m.session_id
     WHERE m.turn_id IS NOT NULL AND t.id IS NULL",
    "SELECT 'message ' || hex(id) || ' has a turn but no position, or a position but no turn'
     FROM messages WHERE role <> 'system' AND (turn_id IS NULL) <> (position IS NULL)
         AND NOT (turn_id IS NULL AND parts ->> '$[0].type' = 'tool_call')",
    "SELECT 'message ' || hex(id) || ' has its place and still steers'
     FROM messages WHERE position IS NOT NULL AND steer = 1",
    "SELECT 'tool call ' || hex(c.id) || ' of a finished turn is not answered'
     FROM calls c JOIN turns t ON t.id = c.turn_id
     WHERE t.finished = 1 AND c.state ->> 'state' <> 'finished'",
    "SELECT 'tool call ' || hex(c.id) || ' was decided and has no trace'
     FROM calls c LEFT JOIN traces r ON r.call_id = c.id
     WHERE c.state ->> 'state' IN ('running', 'unanswered', 'finished') AND r.id IS NULL AND NOT c.copied
         AND c.asked_at >= coalesce((SELECT at FROM kept_since WHERE what = 'traces'), c.asked_at)",
    "SELECT 'tool call ' || hex(c.id) || ' names a trace that is not its own'
     FROM calls c LEFT JOIN traces r ON r.call_id = c.id
     WHERE c.trace_id IS NOT NULL AND r.id IS NOT c.trace_id AND NOT c.copied
         AND c.asked_at >= coalesce((SELECT at FROM kept_since WHERE what = 'traces'), c.asked_at)",
    "SELECT 'trace ' || hex(r.id) || ' of a finished turn is not complete'
     FROM traces r JOIN calls c ON c.id = r.call_id JOIN turns t ON t.id = c.turn_id
     WHERE t.finished = 1 AND r.complete = 0",
    "SELECT 'approval ' || hex(a.id) || ' of a finished turn still waits'
     FROM approvals a JOIN turns t ON t.id = a.turn_id WHERE t.finished = 1 AND a.pending = 1",
    "SELECT 'approval ' || hex(a.id) || ' waits and is not in the attention list'
     FROM approvals a LEFT JOIN attention i ON i.subject = 'apr_' || lower(hex(a.id))
         AND i.resolved = 0
     WHERE a.pending = 1 AND i.id IS NULL",
    "SELECT 'question ' || hex(q.id) || ' of a finished turn still waits'
     FROM questions q JOIN turns t ON t.id = q.turn_id WHERE t.finished = 1 AND q.pending = 1",
    "SELECT 'question ' || hex(q.id) || ' waits and is not in the attention list'
     FROM questions q LEFT JOIN attention i ON i.subject = 'qst_' || lower(hex(q.id))
         AND i.resolved = 0
     WHERE q.pending = 1 AND i.id IS NULL",
    "SELECT 'the attention list says that memories wait of ' || (item ->> 'user_id') || ' and none does'
     FROM attention WHERE resolved = 0 AND item ->> 'kind' = 'memory'
         AND NOT EXISTS (SELECT 1 FROM memories m JOIN owners o ON o.number = m.owner
             WHERE m.state = 'pending' AND 'usr_' || lower(hex(o.user_id)) = item ->> 'user_id')",
    "SELECT 'question ' || hex(id) || ' is marked wrongly as waiting or ended'
     FROM questions WHERE (question ->> '$.state.state' = 'pending') <> pending",
    "SELECT 'job ' || name || ' is due and is ' || (state ->> 'state')
     FROM jobs WHERE next_at IS NOT NULL
         AND (removed_at IS NOT NULL OR state ->> 'state' = 'done')",
    "SELECT 'a run of job ' || hex(job_id) || ' waits without a time, or has one and does not wait'
     FROM ledger WHERE (state = 'waiting') <> (claim_at IS NOT NULL)",
    "SELECT 'a run of job ' || hex(l.job_id) || ' goes on and its turn is over'
     FROM ledger l JOIN turns t ON t.id = l.turn_id WHERE l.state = 'running' AND t.finished = 1",
    "SELECT 'job ' || hex(l.job_id) || ' was removed and a run of it waits'
     FROM ledger l JOIN jobs j ON j.id = l.job_id
     WHERE l.state = 'waiting' AND j.removed_at IS NOT NULL",
    "SELECT 'compaction ' || hex(c.id) || ' ends at no message, or parts calls from their outputs'
     FROM compactions c
     LEFT JOIN messages m ON m.session_id = c.session_id AND m.position = c.until
     WHERE m.id IS NULL OR (m.role = 'agent' AND EXISTS (
         SELECT 1 FROM json_each(m.parts) WHERE value ->> 'type' = 'tool_call'))",
    "SELECT 'compaction ' || hex(id) || ' is marked wrongly as taken back'
     FROM compactions WHERE (expanded_at IS NULL) <> (body ->> 'expanded_at' IS NULL)",
    "SELECT 'the index of messages holds number ' || d.id || ', which has no place in a session'
     FROM message_terms_docsize d LEFT JOIN messages m ON m.number = d.id
     WHERE m.position IS NULL",
    "SELECT 'message ' || hex(m.id) || ' is not in the index of messages'
     FROM sessions s JOIN messages m ON m.session_id = s.id
         LEFT JOIN unindexed u ON u.session_id = s.id
         LEFT JOIN message_terms_docsize d ON d.id = m.number
     WHERE s.user_id IS NOT NULL AND m.position >= coalesce(u.before, 1) AND d.id IS NULL",
    "SELECT 'approval ' || hex(id) || ' is marked wrongly as waiting or ended'
     FROM approvals WHERE (state ->> 'state' = 'pending') <> pending",
];

impl Reader<'_> {
    /// Returns what is wrong, one sentence each.
    pub(crate) fn check(&self) -> Result<Vec<String>> {
        let mut problems = self.lines("SELECT * FROM pragma_integrity_check")?;
        problems.retain(|line| line != "ok");
        problems.extend(self.lines(
            "SELECT 'row ' || coalesce(rowid, '?') || ' of ' || \"table\" || ' refers to a row of '
                 || parent || ' that is gone'
             FROM pragma_foreign_key_check",
        )?);
        for promise in PROMISES {
            problems.extend(self.lines(promise)?);
        }
        match self.row_problems() {
            Ok(more) => problems.extend(more),
            Err(err @ Error::Unreadable(_)) => problems.push(match err.source() {
                Some(cause) => format!("{err}: {cause}"),
                None => err.to_string(),
            }),
            Err(err) => return Err(err),
        }
        Ok(problems)
    }

    /// Returns what is wrong with the rows of sessions, their transcripts and turns.
    fn row_problems(&self) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        for session in self.sessions()? {
            let mut own = self.transcript_problems(session.id)?;
            own.extend(self.turn_problems(&session)?);
            let about = |problem: String| format!("session {}: {problem}", session.name);
            problems.extend(own.into_iter().map(about));
        }
        Ok(problems)
    }

    fn lines(&self, sql: &str) -> Result<Vec<String>> {
        let mut query = self.conn.prepare(sql)?;
        let lines = query.query_map((), |row| row.get(0))?;
        Ok(lines.collect::<rusqlite::Result<_>>()?)
    }

    /// Walks a transcript as strictly as a provider would.
    fn transcript_problems(&self, session_id: SessionId) -> Result<Vec<String>> {
        let (mut tail, mut next, mut last) = (Tail::Empty, 1, None::<Message>);
        loop {
            let page = self.transcript_from(session_id, next, PAGE)?;
            for message in &page {
                if message.position != Some(next) {
                    return Ok(vec![format!("position {next} of its transcript is empty")]);
                }
                tail = match tail.then(message) {
                    Ok(tail) => tail,
                    Err(err) => return Ok(vec![format!("position {next}: {err}")]),
                };
                next += 1;
            }
            let made = page.iter().flat_map(Message::calls).count();
            if self.calls_of(&page)?.len() != made {
                return Ok(vec![format!(
                    "a tool call in its transcript, before position {next}, has no row"
                )]);
            }
            match page.into_iter().next_back() {
                Some(message) => last = Some(message),
                None => break,
            }
        }
        let ended = last.and_then(|message| message.turn_id);
        Ok(match (tail, ended) {
            (Tail::Asked(calls), Some(turn)) if self.is_finished(turn)? => {
                vec![format!(
                    "turn {turn} ended with {} tool calls open",
                    calls.len()
                )]
            }
            _ => Vec::new(),
        })
    }

    /// Compares what a session's row says with its turns.
    fn turn_problems(&self, session: &Session) -> Result<Vec<String>> {
        let mut query =
            self.prepare("SELECT usage, state FROM turns WHERE session_id = ?1 ORDER BY number")?;
        let turns = query
            .query_map([Key(session.id)], |row| Ok((json(row, 0)?, json(row, 1)?)))?
            .collect::<rusqlite::Result<Vec<(Usage, TurnState)>>>()?;
        let mut sum = Usage::default();
        for (usage, _) in &turns {
            sum += *usage;
        }
        let state = match turns.into_iter().next_back().map(|(_, state)| state) {
            None => SessionState::Idle { last: None },
            Some(state) => turn::standing(&state),
        };
        let mut problems = Vec::new();
        if state != session.state {
            problems.push("its state is not that of its newest turn".to_owned());
        }
        let money = |usage: Usage| usage.cost_micros.unwrap_or(0);
        let tokens = |usage: Usage| Usage {
            cost_micros: None,
            ..usage
        };
        if (tokens(sum), money(sum)) != (tokens(session.usage), money(session.usage)) {
            problems.push("its usage is not the sum of its turns".to_owned());
        }
        Ok(problems)
    }

    fn transcript_from(&self, id: SessionId, from: u64, limit: u32) -> Result<Vec<Message>> {
        let upto = from.saturating_add(u64::from(limit));
        let (mut page, _) = self.transcript(id, Some(upto), limit)?;
        page.retain(|message| message.position >= Some(from));
        Ok(page)
    }

    fn is_finished(&self, turn: TurnId) -> Result<bool> {
        Ok(matches!(self.turn(turn)?.state, TurnState::Finished { .. }))
    }
}
