//! Questions of the agent in the database.
//!
//! Owns: that each ends once, and that the first answer wins.

use rusqlite::{OptionalExtension, Row, params};
use smartopol_protocol::question::{List, Question, QuestionState};
use smartopol_protocol::{News, QuestionId, Timestamp, TurnId};

use crate::approval::Ended;
use crate::column::{Json, Key, json};
use crate::reader::{bounded, pending_or_all};
use crate::{Error, Reader, Result, Whose, Writer};

/// How many questions a list has where nothing is said, and at most.
const LIST: (u32, u32) = (100, 1_000);

fn read(row: &Row<'_>) -> rusqlite::Result<Question> {
    json(row, 0)
}

impl Reader<'_> {
    /// Returns the question with this id.
    pub fn question(&self, id: QuestionId) -> Result<Question> {
        self.prepare("SELECT question FROM questions WHERE id = ?1")?
            .query_row([Key(id)], read)
            .optional()?
            .ok_or_else(|| Error::not_found("question", id))
    }

    /// Returns the newest of the questions that `list` means, oldest first.
    pub fn questions(&self, list: &List) -> Result<Vec<Question>> {
        self.questions_of(list, Whose::ALL)
    }

    /// Returns the same of what is somebody's to see.
    pub fn questions_of(&self, list: &List, whose: Whose) -> Result<Vec<Question>> {
        let which = pending_or_all(list.all, list.session_id);
        let own = Whose::of_session("?3");
        let mut query = self.prepare(&format!(
            "SELECT question FROM questions WHERE {which} AND {own}
             ORDER BY number DESC LIMIT ?2"
        ))?;
        let user = whose.user.map(Key);
        let limit = bounded(list.limit, LIST);
        let mut questions: Vec<Question> = query
            .query_map(params![list.session_id.map(Key), limit, user], read)?
            .collect::<rusqlite::Result<_>>()?;
        questions.reverse();
        Ok(questions)
    }

    /// Returns the questions of a turn, oldest first.
    pub fn questions_of_turn(&self, turn_id: TurnId) -> Result<Vec<Question>> {
        let mut query =
            self.prepare("SELECT question FROM questions WHERE turn_id = ?1 ORDER BY number")?;
        let questions = query.query_map([Key(turn_id)], read)?;
        Ok(questions.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns all questions that wait for a person, oldest first.
    pub fn pending_questions(&self) -> Result<Vec<Question>> {
        let mut query =
            self.prepare("SELECT question FROM questions WHERE pending = 1 ORDER BY number")?;
        let questions = query.query_map((), read)?;
        Ok(questions.collect::<rusqlite::Result<_>>()?)
    }
}

impl Writer<'_> {
    /// Stores a question of the agent.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the call asks already.
    pub fn ask_question(&mut self, question: &Question) -> Result<()> {
        let id = question.id;
        if question.state != QuestionState::Pending {
            return Err(Error::Invalid(format!("question {id} has its end already")));
        }
        self.turn_in(question.turn_id, question.session_id)?;
        let asked: bool = self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM questions WHERE id = ?1)
                     OR EXISTS (SELECT 1 FROM questions WHERE call_id = ?2 AND pending = 1)",
            )?
            .query_row(params![Key(id), Key(question.call_id)], |row| row.get(0))?;
        if asked {
            return Err(Error::Conflict(format!(
                "tool call {} asks a person already",
                question.call_id
            )));
        }
        self.prepare(
            "INSERT INTO questions (id, session_id, turn_id, call_id, pending, question)
             VALUES (?1, ?2, ?3, ?4, 1, ?5)",
        )?
        .execute(params![
            Key(id),
            Key(question.session_id),
            Key(question.turn_id),
            Key(question.call_id),
            Json(question),
        ])?;
        self.count_waiting(question.session_id, 1, question.asked_at)?;
        self.question_changed(question.clone(), question.asked_at)
    }

    /// Ends a question, where nobody ended it before.
    pub fn end_question(
        &mut self,
        id: QuestionId,
        state: QuestionState,
    ) -> Result<Ended<Question>> {
        let mut question = self.question(id)?;
        let at = match &state {
            QuestionState::Pending => {
                return Err(Error::Invalid(format!(
                    "question {id} cannot end as pending"
                )));
            }
            QuestionState::Answered { given } => given.at,
            QuestionState::Dismissed { at, .. }
            | QuestionState::Expired { at }
            | QuestionState::Cancelled { at, .. } => *at,
        };
        if question.state != QuestionState::Pending {
            return Ok(Ended::Already(question));
        }
        question.state = state;
        self.prepare("UPDATE questions SET question = ?2, pending = 0 WHERE id = ?1")?
            .execute(params![Key(id), Json(&question)])?;
        self.count_waiting(question.session_id, -1, at)?;
        self.question_changed(question.clone(), at)?;
        Ok(Ended::Now(question))
    }

    fn question_changed(&mut self, question: Question, at: Timestamp) -> Result<()> {
        self.attend_question(&question, at)?;
        let session_id = question.session_id;
        self.tell(at, session_id, News::QuestionChanged(Box::new(question)))
    }
}
