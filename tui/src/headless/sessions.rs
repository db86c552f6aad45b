//! What a played daemon says of sessions: opened, shown, found in, put away, written out.

use smartopol_protocol::message::{self, Search};
use smartopol_protocol::session::{FilesListed, Found, Session, Show, Shown};
use smartopol_protocol::{Code, Fault, MessageId, SessionId};

use super::Headless;
use crate::app::{Call, Reply};
use crate::link;

impl Headless {
    /// Opens a session.
    pub fn open(&mut self, shown: Shown) {
        let find = Call::Find {
            key: None,
            workspace: String::new(),
        };
        self.answer(find, Reply::Session(Box::new(shown.session.clone())));
        self.show(shown);
    }

    /// Tells the files of a session's workspace.
    pub fn files(&mut self, id: SessionId, files: &[&str]) {
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        let listed = FilesListed { files, more: false };
        self.answer(Call::Files(id), Reply::Files(listed));
    }

    /// Tells that a message that waited was taken back.
    pub fn withdrawn(&mut self, session: SessionId, id: MessageId, text: &str) {
        let text = text.to_owned();
        self.answer(Call::Withdraw { session, id, text }, Reply::Done);
    }

    /// Tells a session's newest messages.
    pub fn show(&mut self, shown: Shown) {
        self.answer(Call::Show(shown.session.id), Reply::Shown(Box::new(shown)));
    }

    /// Answers what was asked about messages (pages, windows, searches), as a daemon would by
    /// these functions; returns how many answers were given.
    pub fn serve(
        &mut self,
        window: impl Fn(&Show) -> Shown,
        search: impl Fn(&Search) -> message::Found,
    ) -> usize {
        let mut answers = 0;
        while let Some(at) = self.asked.iter().position(link::is_about_messages) {
            let call = self.asked.remove(at);
            let reply = match (link::window(&call), link::search(&call)) {
                (Some(show), _) => Reply::Shown(Box::new(window(&show))),
                (_, Some(ask)) => Reply::Found(search(&ask)),
                _ => continue,
            };
            answers += 1;
            self.answer(call, reply);
        }
        answers
    }

    /// Says that there is no session for the folder.
    pub fn no_session(&mut self) {
        self.refuse(
            "Find",
            Some(Fault::new(
                Code::NotFound,
                "there is no session of this folder",
            )),
        );
    }

    /// Answers a search in all sessions for these words.
    pub fn found_everywhere(&mut self, words: &str, found: Found) {
        let call = Call::SearchEverywhere(words.to_owned());
        self.answer(call, Reply::FoundEverywhere(found));
    }

    /// Answers that a session was put away, or back.
    pub fn archived(&mut self, session: Session) {
        let asked = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::Archive(_)));
        if let Some(at) = asked {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Session(Box::new(session)));
        }
    }

    /// Answers that a session was written out.
    pub fn exported(&mut self, told: &str) {
        let asked = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::Export { .. }));
        if let Some(at) = asked {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Exported(told.to_owned()));
        }
    }
}
