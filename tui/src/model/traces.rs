//! The newest traces, in a ring.

use std::collections::VecDeque;

use smartopol_protocol::trace::{ActionType, Trace};
use smartopol_protocol::{Timestamp, TraceId};

/// How many traces are kept.
pub(crate) const KEPT: usize = 2_000;

/// The newest traces, oldest first.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Traces {
    ring: VecDeque<Trace>,
    /// How many traces were ever put at the end.
    arrived: u64,
}

impl Traces {
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Trace> + ExactSizeIterator {
        self.ring.iter()
    }

    /// Counts the last so many minutes, the present one at the end: calls, and of them those that
    /// were refused or failed.
    pub(crate) fn minutes(&self, now: Timestamp, many: usize) -> (Vec<u32>, Vec<u32>) {
        let (mut calls, mut bad) = (vec![0; many], vec![0; many]);
        let minute = |at: Timestamp| at.as_millis().div_euclid(60_000);
        for trace in self.ring.iter().rev() {
            let ago = minute(now) - minute(trace.timestamp);
            let place = usize::try_from(ago)
                .ok()
                .and_then(|ago| many.checked_sub(ago + 1));
            let Some(place) = place else {
                if ago > 0 {
                    break;
                }
                continue; // A clock that went back.
            };
            if let Some(count) = calls.get_mut(place) {
                *count += 1;
            }
            if let Some(count) = bad.get_mut(place)
                && trace.action_type != ActionType::Allow
            {
                *count += 1;
            }
        }
        (calls, bad)
    }

    pub(crate) fn get(&self, id: TraceId) -> Option<&Trace> {
        self.ring.iter().rev().find(|trace| trace.id == id)
    }

    /// Replaces all by the newest of a snapshot; older ones that are known stay.
    pub(crate) fn replace(&mut self, traces: Vec<Trace>) {
        if let Some(first) = traces.first() {
            let (at, id) = (first.timestamp, first.id);
            self.ring.retain(|own| (own.timestamp, own.id) < (at, id));
        }
        for trace in traces {
            self.put(trace);
        }
    }

    /// Adds a trace, or completes the one that is known.
    pub(crate) fn put(&mut self, trace: Trace) {
        if let Some(own) = self.ring.iter_mut().rev().find(|own| own.id == trace.id) {
            // A late word of its beginning does not undo its end.
            if trace.metadata.complete || !own.metadata.complete {
                *own = trace;
            }
            return;
        }
        let key = (trace.timestamp, trace.id);
        let at = self
            .ring
            .iter()
            .rposition(|own| (own.timestamp, own.id) < key)
            .map_or(0, |before| before + 1);
        self.ring.insert(at, trace);
        self.arrived += 1;
        if self.ring.len() > KEPT {
            self.ring.pop_front();
        }
    }
}
