//! What a played daemon says of terminals, and what was typed into them.

use smartopol_ipc::TerminalBytes;
use smartopol_protocol::{TerminalId, terminal};

use super::Headless;
use crate::app::{Call, Link, Msg, Reply};

impl Headless {
    /// Tells all terminals, with what is so right now.
    pub fn terminals(&mut self, terminals: Vec<terminal::Shown>) {
        let listed = terminal::Listed { terminals };
        self.answer(Call::Terminals, Reply::Terminals(listed));
    }

    /// Sends bytes of a terminal.
    pub fn bytes(&mut self, id: TerminalId, piece: terminal::Piece, offset: u64, bytes: &[u8]) {
        let bytes = TerminalBytes {
            id,
            piece,
            offset,
            bytes: bytes.to_vec().into(),
        };
        self.take(Msg::Link(Link::Bytes(bytes)));
    }

    /// Tells a terminal as it is after what was asked for newest.
    pub fn terminal(&mut self, terminal: terminal::Terminal) {
        let newest = self.asked.iter().rposition(|call| {
            matches!(
                call,
                Call::OpenTerminal(_)
                    | Call::TakeTerminal(_)
                    | Call::GiveTerminal(_)
                    | Call::KillTerminal(_)
            )
        });
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Terminal(Box::new(terminal)));
        }
    }

    /// Takes what was typed into terminals since the last time, as a daemon would.
    pub fn typed(&mut self) -> Vec<u8> {
        let typed = self.typed_into();
        typed.into_iter().flat_map(|(_, bytes)| bytes).collect()
    }

    /// The same, with the terminal that each piece is for.
    pub fn typed_into(&mut self) -> Vec<(TerminalId, Vec<u8>)> {
        let mut typed = Vec::new();
        let is_typed = |call: &Call| matches!(call, Call::Type(_));
        while let Some(at) = self.asked.iter().position(is_typed) {
            let call = self.asked.remove(at);
            if let Call::Type(write) = &call {
                typed.push((write.id, [write.text.as_bytes(), &write.bytes].concat()));
            }
            self.answer(call, Reply::Done);
        }
        typed
    }
}
