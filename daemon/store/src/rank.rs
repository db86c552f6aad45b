//! Which of the rows that hold a word fits best. Pure.
//!
//! It is BM25 as FTS5 counts it, with one difference: how rare a word is, is counted among the rows
//! of one user. FTS5 itself counts all rows of the house, to which every word of a user is rare;
//! so it picks the rows and this puts them in order.

use crate::terms::{Query, each};

/// How much more it counts that a word stands in a row again.
const K1: f64 = 1.2;

/// How much a long row is held to be long.
const B: f64 = 0.75;

/// What is known of the rows that are searched.
pub(crate) struct Among {
    /// How many there are.
    pub(crate) rows: u64,
    /// In how many of them each term stands.
    pub(crate) with: Vec<u64>,
}

/// Returns how well each row fits, in their order. A row is made of texts, each with its weight.
pub(crate) fn scores(query: &Query, among: &Among, rows: &[Vec<(f64, &str)>]) -> Vec<f64> {
    let counted: Vec<(Vec<f64>, f64)> = rows.iter().map(|row| count(query, row)).collect();
    let length: f64 = counted.iter().map(|(_, length)| length).sum();
    let usual = (length / counted.len().max(1) as f64).max(1.0);
    let rarity: Vec<f64> = among
        .with
        .iter()
        .map(|with| {
            let (rows, with) = (among.rows.max(*with) as f64, *with as f64);
            // As FTS5 has it: a word of most rows still counts for a little.
            ((rows - with + 0.5) / (with + 0.5)).ln().max(1e-6)
        })
        .collect();
    counted
        .iter()
        .map(|(often, length)| {
            let long = K1 * (1.0 - B + B * length / usual);
            let terms = often.iter().zip(&rarity);
            terms
                .map(|(often, rarity)| rarity * often * (K1 + 1.0) / (often + long))
                .sum()
        })
        .collect()
}

/// Returns how often each term stands in a row, and how long the row is.
fn count(query: &Query, row: &[(f64, &str)]) -> (Vec<f64>, f64) {
    let mut often = vec![0.0; query.asked().len()];
    let mut length = 0.0;
    for (weight, text) in row {
        each(text, &mut |term| {
            length += 1.0;
            for (count, asked) in often.iter_mut().zip(query.asked()) {
                if asked.matches(term) {
                    *count += weight;
                }
            }
        });
    }
    (often, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_word_counts_more_than_a_common_one() {
        let query = Query::any("the parser").unwrap();
        let among = Among {
            rows: 100,
            with: vec![90, 2],
        };
        let rows = [
            vec![(1.0, "the cat and the dog and the bird")],
            vec![(1.0, "parser errors name a line")],
        ];
        let scores = scores(&query, &among, &rows);
        assert!(scores[1] > 10.0 * scores[0], "{scores:?}");
    }

    #[test]
    fn a_name_counts_more_than_a_word_somewhere() {
        let query = Query::any("deploy").unwrap();
        let among = Among {
            rows: 10,
            with: vec![2],
        };
        let rows = [
            vec![(4.0, "deploy"), (1.0, "how it is done")],
            vec![(4.0, "other"), (1.0, "deploy it well")],
        ];
        let scores = scores(&query, &among, &rows);
        assert!(scores[0] > scores[1], "{scores:?}");
    }
}
