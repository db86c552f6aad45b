//! Terminals, as the daemon told them.

use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{Listed, Shown, Size, Terminal, Viewer};

/// A terminal, and what was so when it was told last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) terminal: Terminal,
    /// True where the program in the foreground waits for input.
    pub(crate) waits: bool,
    /// The program in the foreground; empty where it is not known.
    pub(crate) foreground: String,
    pub(crate) viewers: Vec<Viewer>,
    /// Whose window made it as small as it is.
    pub(crate) smallest: Option<u64>,
}

/// Terminals, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Terminals {
    rows: Vec<Row>,
}

impl Terminals {
    /// Takes the terminals of a snapshot.
    pub(crate) fn replace(&mut self, terminals: Vec<Terminal>) {
        self.rows
            .retain(|row| terminals.iter().any(|own| own.id == row.terminal.id));
        terminals
            .into_iter()
            .for_each(|terminal| self.put(terminal));
    }

    /// Takes all terminals with what is so right now.
    pub(crate) fn listed(&mut self, listed: Listed) {
        let told = |row: &Row| {
            listed
                .terminals
                .iter()
                .any(|own| own.terminal.id == row.terminal.id)
        };
        self.rows.retain(told);
        listed
            .terminals
            .into_iter()
            .for_each(|shown| self.shown(shown));
    }

    fn shown(&mut self, shown: Shown) {
        let id = shown.terminal.id;
        self.put(shown.terminal);
        if let Some(row) = self.rows.iter_mut().find(|row| row.terminal.id == id) {
            row.waits = shown.waits;
            row.foreground = shown.foreground;
            row.viewers = shown.attached;
        }
    }

    /// Takes a terminal as a fact or a reply tells it.
    pub(crate) fn put(&mut self, terminal: Terminal) {
        match self
            .rows
            .iter_mut()
            .find(|row| row.terminal.id == terminal.id)
        {
            Some(row) => {
                row.waits &= terminal.runs();
                row.terminal = terminal;
            }
            None => {
                self.rows.push(Row {
                    terminal,
                    waits: false,
                    foreground: String::new(),
                    viewers: Vec::new(),
                    smallest: None,
                });
                self.rows
                    .sort_by_key(|row| (row.terminal.opened_at, row.terminal.id));
            }
        }
    }

    pub(crate) fn sized(&mut self, id: TerminalId, size: Size, client: Option<u64>) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.terminal.id == id) {
            row.terminal.size = size;
            row.smallest = client;
        }
    }

    pub(crate) fn remove(&mut self, id: TerminalId) {
        self.rows.retain(|row| row.terminal.id != id);
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.iter()
    }

    pub(crate) fn get(&self, id: TerminalId) -> Option<&Row> {
        self.rows.iter().find(|row| row.terminal.id == id)
    }
}
