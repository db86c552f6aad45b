//! Topics that say certain words: the best first, one user's own and the house's.

use rusqlite::params;
use smartopol_protocol::UserId;
use smartopol_protocol::knowledge::{Found, Hit, Search};

use super::{INDEX, cut, first_line, folded_name};
use crate::memory::asked;
use crate::owner::HOUSE;
use crate::rank::{Among, scores};
use crate::reader::bounded;
use crate::terms::{Query, Shelf, terms};
use crate::{Reader, Result};

/// How many hits a search has where nothing is said, and at most.
const HITS: (u32, u32) = (20, 200);

/// Among how many topics the best are chosen where no more are wanted; where more hold a word and
/// have the tag, FTS5 chooses these.
const CANDIDATES: u32 = 60;

/// How much more a word in the name counts, and one among the tags.
const WEIGHTS: (f64, f64) = (4.0, 2.0);

impl Reader<'_> {
    /// Returns the topics that say these words, the best first.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for a text that is too long.
    pub fn search_topics(&self, user: UserId, search: &Search) -> Result<Found> {
        let Some(query) = asked(&search.text, search.typing)? else {
            return Ok(Found::default());
        };
        let limit = bounded(search.limit, HITS);
        let own = self.owner(user)?;
        let owners: Vec<i64> = own.into_iter().chain([HOUSE]).collect();
        let shelves = &[Shelf::Current];
        let viewer = own.unwrap_or(HOUSE);
        let found = self.topics_where(
            "WHERE t.number IN (
                 SELECT own.number FROM topic_terms CROSS JOIN topics own
                     ON own.number = topic_terms.rowid
                 WHERE topic_terms MATCH ?2 AND own.owner IN (?1, 0) AND (?3 IS NULL OR EXISTS (
                     SELECT 1 FROM json_each(own.body, '$.tags') WHERE value = ?3))
                 ORDER BY topic_terms.rank LIMIT ?4)",
            params![
                viewer,
                query.fts(&owners, shelves),
                search.tag.as_deref().map(folded_name),
                limit.max(CANDIDATES)
            ],
        )?;
        let texts = found
            .iter()
            .map(|own| self.topic_text(own.number))
            .collect::<Result<Vec<_>>>()?;
        let rows: Vec<Vec<(f64, &str)>> = found
            .iter()
            .zip(&texts)
            .map(|(own, text)| {
                let tags = own.topic.tags.iter().map(|tag| (WEIGHTS.1, tag.as_str()));
                [(WEIGHTS.0, own.topic.name.as_str()), (1.0, text.as_str())]
                    .into_iter()
                    .chain(tags)
                    .collect()
            })
            .collect();
        let among = Among {
            rows: self
                .prepare("SELECT count(*) FROM topics WHERE owner IN (?1, 0)")?
                .query_row([viewer], |row| row.get(0))?,
            with: query
                .asked()
                .iter()
                .map(|asked| self.rows_with(INDEX, asked, &owners, shelves))
                .collect::<Result<_>>()?,
        };
        let scored = scores(&query, &among, &rows);
        let mut hits: Vec<Hit> = found
            .into_iter()
            .zip(&texts)
            .zip(scored)
            .map(|((own, text), score)| Hit {
                topic: own.topic,
                excerpt: excerpt(&query, text),
                score,
            })
            .collect();
        hits.sort_by(|a, b| {
            let newer = b.topic.updated_at.cmp(&a.topic.updated_at);
            b.score.total_cmp(&a.score).then(newer)
        });
        hits.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Found { hits })
    }
}

/// Returns the line of a text that says most of what is looked for.
fn excerpt(query: &Query, text: &str) -> String {
    let said = |line: &str| {
        let own = terms(line);
        let asked = query.asked().iter();
        asked
            .filter(|one| own.iter().any(|term| one.matches(term)))
            .count()
    };
    let best = text
        .lines()
        .map(|line| (said(line), line))
        .reduce(|best, line| if line.0 > best.0 { line } else { best });
    match best {
        Some((1.., line)) => cut(line.trim()),
        _ => first_line(text),
    }
}
