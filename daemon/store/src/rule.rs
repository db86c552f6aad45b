//! Learned rules in the database; those of the config file are not here.

use rusqlite::{Row, params};
use smartopol_protocol::approval::Rule;
use smartopol_protocol::{News, RuleId, SessionId, Timestamp};

use crate::column::{Json, Key, Millis, Word, id, json, maybe_id, time, word};
use crate::{Error, Reader, Result, Writer};

const COLUMNS: &str = "id, session_id, decision, pattern, actor, created_at, workspace, \
                       expires_at, match, not_match";

fn read(row: &Row<'_>) -> rusqlite::Result<Rule> {
    Ok(Rule {
        id: Some(id(row, 0)?),
        session_id: maybe_id(row, 1)?,
        decision: word(row, 2)?,
        pattern: json(row, 3)?,
        actor: row.get::<_, Option<Json<_>>>(4)?.map(|actor| actor.0),
        created_at: Some(time(row, 5)?),
        workspace: row.get(6)?,
        expires_at: row.get::<_, Option<Millis>>(7)?.map(|at| at.0),
        match_: lines(row, 8)?,
        not_match: lines(row, 9)?,
    })
}

fn lines(row: &Row<'_>, index: usize) -> rusqlite::Result<Vec<String>> {
    let lines: Option<Json<Vec<String>>> = row.get(index)?;
    Ok(lines.map(|lines| lines.0).unwrap_or_default())
}

impl Reader<'_> {
    /// Returns the learned rules in force at a moment, oldest first.
    pub fn rules(&self, at: Timestamp) -> Result<Vec<Rule>> {
        let mut query = self.prepare(&format!(
            "SELECT {COLUMNS} FROM rules
             WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?1)
             ORDER BY number"
        ))?;
        let rules = query.query_map([Millis(at)], read)?;
        Ok(rules.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the names of the rules in force that end with a session.
    pub(crate) fn rules_of(&self, session_id: SessionId) -> Result<Vec<RuleId>> {
        let mut query = self.prepare(
            "SELECT id FROM rules WHERE session_id = ?1 AND revoked_at IS NULL ORDER BY number",
        )?;
        let ids = query.query_map([Key(session_id)], |row| id(row, 0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Stores a learned rule; it must have an id.
    pub fn add_rule(&mut self, rule: &Rule) -> Result<()> {
        let Some(id) = rule.id else {
            return Err(Error::Invalid(
                "a rule without an id belongs in the config".into(),
            ));
        };
        if let Some(session_id) = rule.session_id {
            self.session_exists(session_id)?;
        }
        let at = rule.created_at.unwrap_or(self.now());
        let rule = Rule {
            created_at: Some(at),
            ..rule.clone()
        };
        self.prepare(&format!(
            "INSERT INTO rules ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        ))?
        .execute(params![
            Key(id),
            rule.session_id.map(Key),
            Word(rule.decision),
            Json(&rule.pattern),
            rule.actor.as_ref().map(Json),
            Millis(at),
            rule.workspace,
            rule.expires_at.map(Millis),
            Json(&rule.match_),
            Json(&rule.not_match),
        ])?;
        self.tell_about(at, rule.session_id, News::RuleAdded(Box::new(rule)))
    }

    /// Ends a learned rule.
    pub fn revoke_rule(&mut self, id: RuleId, at: Timestamp) -> Result<()> {
        let mut query = self.prepare(
            "UPDATE rules SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL
             RETURNING session_id",
        )?;
        let mut ended: Vec<Option<SessionId>> = query
            .query_map(params![Key(id), Millis(at)], |row| maybe_id(row, 0))?
            .collect::<rusqlite::Result<_>>()?;
        match ended.pop() {
            Some(session_id) => self.tell_about(at, session_id, News::RuleRevoked(id)),
            None => Err(Error::not_found("rule", id)),
        }
    }
}
