//! Notices an agent that goes round in circles.
//!
//! Owns: which call gave which result how often since something new last happened.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

/// Counts equal calls with equal results. A result never seen before is progress and starts the
/// count anew, so a check that is repeated between changes is not a loop, and two calls that take
/// turns are.
#[derive(Debug, Default)]
pub struct LoopGuard {
    seen: HashMap<u64, u32>,
}

impl LoopGuard {
    /// Counts one finished call and returns how often it gave this result without progress.
    pub fn count(&mut self, tool: &str, input: &Value, output: &str) -> u32 {
        let mut hasher = DefaultHasher::new();
        (tool, input.to_string(), output).hash(&mut hasher);
        let key = hasher.finish();
        if !self.seen.contains_key(&key) {
            self.seen.values_mut().for_each(|count| *count = 0);
        }
        let count = self.seen.entry(key).or_insert(0);
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_calls_with_equal_results_add_up_and_progress_starts_anew() {
        let mut guard = LoopGuard::default();
        let status = json!({"command": "git status"});
        assert_eq!(guard.count("exec", &status, "clean"), 1);
        assert_eq!(guard.count("exec", &status, "clean"), 2);
        assert_eq!(guard.count("exec", &status, "dirty"), 1);
        assert_eq!(guard.count("exec", &status, "clean"), 1);
    }

    #[test]
    fn two_calls_that_take_turns_are_a_loop_too() {
        let mut guard = LoopGuard::default();
        let counts: Vec<u32> = ["a", "b", "a", "b", "a", "b"]
            .into_iter()
            .map(|name| guard.count(name, &json!({}), "same"))
            .collect();
        assert_eq!(counts, [1, 1, 1, 2, 2, 3]);
    }
}
