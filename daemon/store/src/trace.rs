//! Traces in the database: one per tool call, begun before it runs, completed once.

use std::collections::BTreeMap;

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use smartopol_protocol::trace::{Filter, List, Listed, StatsShown, ToolStats, Trace};
use smartopol_protocol::{CallId, News, Timestamp, TraceId};

use crate::column::{Json, Key, Millis, Word, id, json, range, time, word};
use crate::reader::bounded;
use crate::{Error, Reader, Result, Writer};

const COLUMNS: &str = "id, agent_id, timestamp, tool_name, action_type, params, result, \
                       duration_ms, metadata";

/// How many traces a list has where nothing is said, and at most.
const LIST: (u32, u32) = (100, 1_000);

/// The longest text that is looked for, in bytes.
const TEXT: usize = 200;

/// How many traces one search for a text looks at.
const LOOKED_AT: usize = 5_000;

/// The shortest beginning of an id that is looked for, and how many candidates are named.
const KEY_MIN: usize = 4;
const CANDIDATES: u32 = 5;

fn read(row: &Row<'_>) -> rusqlite::Result<Trace> {
    Ok(Trace {
        id: id(row, 0)?,
        agent_id: id(row, 1)?,
        timestamp: time(row, 2)?,
        tool_name: row.get(3)?,
        action_type: word(row, 4)?,
        params: json(row, 5)?,
        result: json(row, 6)?,
        duration_ms: row.get(7)?,
        metadata: json(row, 8)?,
    })
}

/// The condition that a filter stands for, with its values.
struct Where {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Where {
    fn of(filter: &Filter) -> Self {
        let mut this = Self {
            sql: "1".into(),
            values: Vec::new(),
        };
        if let Some(tool) = &filter.tool {
            this.and("tool_name = ?", tool.clone());
        }
        if let Some(outcome) = filter.outcome {
            this.and("action_type = ?", outcome.name());
        }
        if let Some(user_id) = filter.user_id {
            this.and("user_id = ?", Key(user_id));
        }
        if let Some(session_id) = filter.session_id {
            this.and("session_id = ?", Key(session_id));
        }
        if let Some(since) = filter.since {
            this.and("timestamp >= ?", Millis(since));
        }
        if filter.marked {
            this.sql.push_str(" AND id IN (SELECT trace_id FROM marks)");
        }
        this
    }

    fn and(&mut self, sql: &str, value: impl ToSql + 'static) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.push(Box::new(value));
    }
}

impl Reader<'_> {
    /// Returns the newest of the traces that `list` means, oldest first. A search for a text looks
    /// at a bounded number of traces and says where to go on.
    pub fn traces(&self, list: &List) -> Result<Listed> {
        if list.filter.text.len() > TEXT {
            return Err(Error::Invalid(format!(
                "`filter.text` has {} bytes: {TEXT} are the most",
                list.filter.text.len()
            )));
        }
        let mut which = Where::of(&list.filter);
        if let Some(before) = list.before {
            let at: Timestamp = self
                .prepare("SELECT timestamp FROM traces WHERE id = ?1")?
                .query_row([Key(before)], |row| time(row, 0))
                .optional()?
                .ok_or_else(|| Error::not_found("trace", before))?;
            which.sql.push_str(" AND (timestamp, id) < (?, ?)");
            which.values.push(Box::new(Millis(at)));
            which.values.push(Box::new(Key(before)));
        }
        let limit = usize::try_from(bounded(list.limit, LIST)).unwrap_or(usize::MAX);
        let searched = !list.filter.text.trim().is_empty();
        let looked_at = if searched { LOOKED_AT } else { limit };
        which.values.push(Box::new(looked_at as u64 + 1));
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM traces WHERE {} ORDER BY timestamp DESC, id DESC LIMIT ?",
            which.sql
        ))?;
        let mut traces: Vec<Trace> = Vec::new();
        let (mut last, mut more) = (None, false);
        for (number, trace) in query
            .query_map(params_from_iter(which.values), read)?
            .enumerate()
        {
            if number >= looked_at || traces.len() >= limit {
                more = true;
                break;
            }
            let trace = trace?;
            last = Some(trace.id);
            if !searched || list.filter.matches_text(&trace) {
                traces.push(trace);
            }
        }
        traces.reverse();
        let marked = self.marks_among(&traces)?;
        Ok(Listed {
            traces,
            more,
            next: last.filter(|_| more),
            marked,
        })
    }

    /// Returns the trace with this id, or with the unique beginning of one of at least four
    /// characters.
    pub fn trace(&self, key: &str) -> Result<Trace> {
        let digits: String = key.trim().chars().filter(|c| *c != '-').collect();
        if digits.len() < KEY_MIN {
            return Err(Error::Invalid(format!(
                "`{key}` is too short: give at least four characters of the trace's id"
            )));
        }
        let Some((low, high)) = range(&digits) else {
            return Err(Error::not_found("trace", key));
        };
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM traces WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3"
        ))?;
        let mut found: Vec<Trace> = query
            .query_map(params![low, high, CANDIDATES], read)?
            .collect::<rusqlite::Result<_>>()?;
        match (found.len(), found.pop()) {
            (1, Some(trace)) => Ok(trace),
            (_, None) => Err(Error::not_found("trace", key)),
            (_, Some(last)) => Err(Error::Ambiguous {
                what: "trace",
                key: key.into(),
                candidates: found
                    .iter()
                    .chain([&last])
                    .map(|trace| trace.id.to_string())
                    .collect(),
            }),
        }
    }

    fn trace_by_id(&self, id: TraceId) -> Result<Trace> {
        self.prepare(&format!("SELECT {COLUMNS} FROM traces WHERE id = ?1"))?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("trace", id))
    }

    /// Returns the trace of a tool call, where it has one.
    pub fn trace_of_call(&self, call_id: CallId) -> Result<Option<Trace>> {
        Ok(self
            .prepare(&format!("SELECT {COLUMNS} FROM traces WHERE call_id = ?1"))?
            .query_row([Key(call_id)], read)
            .optional()?)
    }

    /// Returns the traces that were begun and not completed, oldest first.
    pub fn open_traces(&self) -> Result<Vec<Trace>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM traces WHERE complete = 0 ORDER BY timestamp, id"
        ))?;
        let traces = query.query_map((), read)?;
        Ok(traces.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns counts and durations of the traces that `filter` means.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a text is looked for: all traces would have to be read.
    pub fn stats(&self, filter: &Filter) -> Result<StatsShown> {
        if !filter.text.is_empty() {
            return Err(Error::Invalid(
                "`filter.text` cannot be counted: list the traces with it instead".into(),
            ));
        }
        let which = Where::of(filter);
        // Nearest rank: the value at place ceil(p * n) of those that ran, counted from 1.
        let mut query = self.prepare(&format!(
            "WITH chosen AS (
                 SELECT tool_name, action_type, duration_ms FROM traces WHERE {}
             ), ranked AS (
                 SELECT tool_name, duration_ms,
                     row_number() OVER (PARTITION BY tool_name ORDER BY duration_ms) AS place,
                     count(*) OVER (PARTITION BY tool_name) AS ran
                 FROM chosen WHERE duration_ms IS NOT NULL
             ), durations AS (
                 SELECT tool_name,
                     min(duration_ms) FILTER (WHERE place * 100 >= ran * 50) AS p50,
                     min(duration_ms) FILTER (WHERE place * 100 >= ran * 95) AS p95
                 FROM ranked GROUP BY tool_name
             )
             SELECT tool_name, count(*),
                 count(*) FILTER (WHERE action_type = 'deny'),
                 count(*) FILTER (WHERE action_type = 'error'),
                 p50, p95
             FROM chosen LEFT JOIN durations USING (tool_name)
             GROUP BY tool_name ORDER BY count(*) DESC, tool_name",
            which.sql
        ))?;
        let tools: Vec<ToolStats> = query
            .query_map(params_from_iter(which.values), |row| {
                Ok(ToolStats {
                    tool: row.get(0)?,
                    calls: row.get(1)?,
                    denied: row.get(2)?,
                    errors: row.get(3)?,
                    p50_ms: row.get(4)?,
                    p95_ms: row.get(5)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut outcomes = BTreeMap::new();
        for tool in &tools {
            let allowed = tool.calls - tool.denied - tool.errors;
            for (name, count) in [
                ("allow", allowed),
                ("deny", tool.denied),
                ("error", tool.errors),
            ] {
                if count > 0 {
                    *outcomes.entry(name.to_owned()).or_insert(0) += count;
                }
            }
        }
        Ok(StatsShown { outcomes, tools })
    }
}

impl Writer<'_> {
    /// Stores the trace of a call, before it runs; a call that never will may come complete.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the call has a trace.
    pub fn begin_trace(&mut self, trace: &Trace) -> Result<()> {
        let call_id = trace.metadata.call_id;
        if let Some(other) = self.trace_of_call(call_id)? {
            return Err(Error::Conflict(format!(
                "tool call {call_id} has trace {} already",
                other.id
            )));
        }
        self.prepare(&format!(
            "INSERT INTO traces ({COLUMNS}, call_id, session_id, complete, user_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
                 (SELECT user_id FROM sessions WHERE id = ?11))"
        ))?
        .execute(params![
            Key(trace.id),
            Key(trace.agent_id),
            Millis(trace.timestamp),
            trace.tool_name,
            Word(trace.action_type),
            Json(&trace.params),
            Json(&trace.result),
            trace.duration_ms,
            Json(&trace.metadata),
            Key(call_id),
            Key(trace.metadata.session_id),
            trace.metadata.complete,
        ])?;
        self.trace_changed(trace)
    }

    /// Stores the rest of a trace; its id, agent, time, tool and call stay as they were begun.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it was completed before.
    pub fn complete_trace(&mut self, trace: &Trace) -> Result<()> {
        let old = self.trace_by_id(trace.id)?;
        if old.metadata.complete {
            return Err(Error::Conflict(format!(
                "trace {} is complete already",
                trace.id
            )));
        }
        let same = |trace: &Trace| {
            let meta = &trace.metadata;
            (
                trace.agent_id,
                trace.timestamp,
                meta.session_id,
                meta.turn_id,
                meta.call_id,
            )
        };
        if !trace.metadata.complete || same(&old) != same(trace) || old.tool_name != trace.tool_name
        {
            return Err(Error::Invalid(format!(
                "trace {}: what completes it must say so, and be about the same call",
                trace.id
            )));
        }
        self.prepare(
            "UPDATE traces SET action_type = ?2, params = ?3, result = ?4, duration_ms = ?5,
                 metadata = ?6, complete = 1
             WHERE id = ?1",
        )?
        .execute(params![
            Key(trace.id),
            Word(trace.action_type),
            Json(&trace.params),
            Json(&trace.result),
            trace.duration_ms,
            Json(&trace.metadata),
        ])?;
        self.trace_changed(trace)
    }

    fn trace_changed(&mut self, trace: &Trace) -> Result<()> {
        let ran = trace
            .duration_ms
            .and_then(|ms| i64::try_from(ms).ok())
            .unwrap_or(0);
        self.tell(
            trace.timestamp.plus_millis(ran),
            trace.metadata.session_id,
            News::TraceChanged(Box::new(trace.clone())),
        )
    }
}
