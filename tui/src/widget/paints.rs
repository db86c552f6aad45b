//! Which blocks of code are painted already, and which are to be.
//!
//! Layout reads it and notes what is missing; what is painted arrives later and is a new revision,
//! by which the messages that waited for it are laid out again.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use crate::paint::{Job, Painted};

/// How many painted blocks are kept.
const KEPT: usize = 2_000;

/// The longest code that is handed over, in bytes.
const MOST: usize = 256 * 1024;

/// Painted blocks of code.
#[derive(Debug, Default)]
pub(crate) struct Paints {
    known: RefCell<HashMap<u64, Option<Rc<Painted>>>>,
    wanted: RefCell<Vec<Job>>,
    missed: Cell<u64>,
    revision: u64,
}

impl Paints {
    /// Returns a block painted, where it is; else it is noted.
    pub(crate) fn of(&self, language: &str, code: &str) -> Option<Rc<Painted>> {
        if language.is_empty() || code.len() > MOST {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        (language, code).hash(&mut hasher);
        let key = hasher.finish();
        let mut known = self.known.borrow_mut();
        if let Some(painted) = known.get(&key) {
            if painted.is_none() {
                self.missed.set(self.missed.get() + 1);
            }
            return painted.clone();
        }
        self.missed.set(self.missed.get() + 1);
        known.insert(key, None);
        self.wanted.borrow_mut().push(Job {
            key,
            language: language.to_owned(),
            code: code.to_owned(),
        });
        None
    }

    /// Returns how often a block was not painted yet.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.get()
    }

    /// Returns a number that grows with each block that is painted.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes what is to be painted.
    pub(crate) fn wanted(&mut self) -> Vec<Job> {
        std::mem::take(self.wanted.get_mut())
    }

    /// Takes a block that is painted.
    pub(crate) fn put(&mut self, key: u64, painted: Painted) {
        let known = self.known.get_mut();
        if known.len() > KEPT {
            known.clear();
        }
        known.insert(key, Some(Rc::new(painted)));
        self.revision += 1;
    }
}
