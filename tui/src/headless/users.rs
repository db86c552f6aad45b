//! What a played daemon says of users.

use smartopol_protocol::user::{self, Listed, Shown};

use super::Headless;
use crate::app::{Call, Reply};

impl Headless {
    /// Answers the newest question for users.
    pub fn users(&mut self, listed: Listed) {
        let call = Call::Users(self.app.people.number);
        self.answer(call, Reply::Users(listed));
    }

    /// Tells one user whole.
    pub fn user(&mut self, shown: Shown) {
        let call = Call::UserPage(shown.user.id);
        self.answer(call, Reply::UserShown(Box::new(shown)));
    }

    /// Gives a code that joins another peer to whom this console is.
    pub fn link_code(&mut self, code: user::Code) {
        self.answer(Call::LinkCode, Reply::Code(code));
    }
}
