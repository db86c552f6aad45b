//! Terminals of a played house.

use smartopol_protocol::terminal::*;
use smartopol_protocol::*;

use super::House;

impl House {
    /// Somebody opens a terminal.
    pub fn terminal(
        &mut self,
        title: &str,
        owner: Party,
        session: Option<SessionId>,
    ) -> TerminalId {
        let id = TerminalId::from_bytes(self.bytes());
        let at = self.at();
        let terminal = Terminal {
            id,
            session_id: session,
            owner,
            typist: owner,
            title: title.into(),
            command: title.split(' ').map(Into::into).collect(),
            cwd: "/home/ann/app".into(),
            size: Size {
                columns: 80,
                rows: 24,
            },
            state: TerminalState::Running {
                pid: 4711,
                closed: false,
                trouble: None,
            },
            opened_at: at,
            since: at,
        };
        self.terminals.push(Shown {
            terminal: terminal.clone(),
            offset: 0,
            waits: false,
            foreground: title.split(' ').next().unwrap_or_default().into(),
            attached: Vec::new(),
        });
        self.happened(News::TerminalChanged(Box::new(terminal)));
        id
    }

    /// Changes a terminal, and tells so.
    pub fn change_terminal(
        &mut self,
        id: TerminalId,
        change: impl FnOnce(&mut Terminal),
    ) -> Terminal {
        let at = self.at();
        let mut rows = self.terminals.iter_mut();
        let row = rows.find(|own| own.terminal.id == id).unwrap();
        row.terminal.since = at;
        change(&mut row.terminal);
        let terminal = row.terminal.clone();
        self.happened(News::TerminalChanged(Box::new(terminal.clone())));
        terminal
    }
}

/// Three terminals: the agent's build, a shell of one's own, a test that failed.
pub fn three(house: &mut House, session: SessionId) -> [TerminalId; 3] {
    let build = house.terminal("cargo watch", Party::Agent, Some(session));
    house.wait(120_000);
    let shell = house.terminal("bash", Party::Person, None);
    house.terminals[1].waits = true;
    let failed = house.terminal("npm test", Party::Agent, Some(session));
    house.wait(180_000);
    house.change_terminal(failed, |own| {
        own.state = TerminalState::Ended {
            end: End::Exited { code: 1 },
        };
    });
    [build, shell, failed]
}
