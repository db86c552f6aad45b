//! One thing that the doctor looked at.

use std::io::{self, Write};

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Wrong.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) what: &'static str,
    pub(super) state: State,
    /// How it is, in words.
    pub(super) said: String,
    /// What to do, one step each; empty where there is nothing to do.
    pub(super) remedy: Vec<String>,
}

impl Finding {
    pub(super) fn good(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(what, State::Good, said)
    }

    pub(super) fn note(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(what, State::Note, said)
    }

    pub(super) fn bad(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(what, State::Bad, said)
    }

    fn new(what: &'static str, state: State, said: impl Into<String>) -> Self {
        Self {
            what,
            state,
            said: said.into(),
            remedy: Vec::new(),
        }
    }

    /// Adds a step.
    pub(super) fn remedy(mut self, step: impl Into<String>) -> Self {
        self.remedy.push(step.into());
        self
    }

    /// Writes it as lines.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mark = match self.state {
            State::Good => '✓',
            State::Note => '!',
            State::Bad => '✗',
        };
        let mut lines = self.said.lines();
        writeln!(
            out,
            "{mark} {:<10} {}",
            self.what,
            lines.next().unwrap_or_default()
        )?;
        for line in lines {
            writeln!(out, "             {line}")?;
        }
        for step in &self.remedy {
            writeln!(out, "             → {step}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_and_its_steps_stand_below() {
        let mut out = Vec::new();
        let finding = Finding::bad("socket", "it is\ngone").remedy("smartopol daemon restart");
        finding.write(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "✗ socket     it is\n             gone\n             → smartopol daemon restart\n"
        );
    }
}
