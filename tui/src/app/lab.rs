//! The policy lab: why a call is asked about, and which rule an answer would keep.
//!
//! Owns what a person chose there, and the way from Enter to an answer. It opens by a key of the
//! card alone, and like the card it is deaf until it was seen for a while.

use crossterm::event::KeyEvent;
use smartopol_protocol::ApprovalId;
use smartopol_protocol::approval::{
    BackTest, Candidate, Decide, Lab as Show, LabShown, Pattern, Scope, TestRule,
};

use super::gate::Surface;
use super::keymap::Action;
use super::line::type_in;
use super::{App, Call};
use crate::model::CardId;
use crate::overlay::Overlay;
use crate::widget::composer::Composer;

/// How long a rule can hold: seconds, and words.
pub(crate) const HOLDS: [(Option<u64>, &str); 5] = [
    (None, "until you revoke it"),
    (Some(3_600), "for an hour"),
    (Some(86_400), "for a day"),
    (Some(604_800), "for a week"),
    (Some(2_592_000), "for 30 days"),
];

/// How far a rule can reach.
pub(crate) const SCOPES: [(Scope, &str); 3] = [
    (Scope::Session, "this session"),
    (Scope::Workspace, "this folder"),
    (Scope::Always, "everywhere"),
];

/// The lab as a person sees it.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) id: ApprovalId,
    /// What the daemon says; `None` until it answered.
    pub(crate) shown: Option<LabShown>,
    /// The chosen rule, by its place among the candidates.
    pub(crate) at: usize,
    /// How far it reaches, by its place in [`SCOPES`].
    pub(crate) scope: usize,
    /// How long it holds, by its place in [`HOLDS`].
    pub(crate) holds: usize,
    /// The rule as it is being written.
    pub(crate) text: Option<Composer>,
    /// What is wrong with what was written.
    pub(crate) problem: Option<String>,
    /// A rule of the person's own whose past is being looked up.
    pub(crate) testing: Option<Pattern>,
    pub(crate) scroll: usize,
}

impl Lab {
    fn new(id: ApprovalId) -> Self {
        Self {
            id,
            shown: None,
            at: 0,
            scope: 0,
            holds: 0,
            text: None,
            problem: None,
            testing: None,
            scroll: 0,
        }
    }

    pub(crate) fn candidates(&self) -> &[Candidate] {
        self.shown
            .as_ref()
            .map_or(&[], |shown| shown.candidates.as_slice())
    }

    /// Puts a pasted text into the rule that is being written.
    pub(crate) fn paste(&mut self, pasted: &str) {
        if let Some(text) = &mut self.text {
            text.insert(pasted);
            let read = text.text().parse::<Pattern>();
            self.problem = read.err().map(|problem| problem.to_string());
        }
    }

    fn chosen(&self) -> Option<&Candidate> {
        self.candidates().get(self.at)
    }
}

impl App {
    /// Opens the lab of the card that has the focus.
    pub(super) fn open_lab(&mut self) {
        if let Some(id) = self.card().map(|card| card.id) {
            self.ask(Call::Lab(Show { id }));
            self.overlays.push(Overlay::Lab(Box::new(Lab::new(id))));
        }
    }

    fn lab_of(&mut self, id: ApprovalId) -> Option<&mut Lab> {
        self.overlays.iter_mut().find_map(|overlay| match overlay {
            Overlay::Lab(lab) if lab.id == id => Some(lab.as_mut()),
            _ => None,
        })
    }

    pub(super) fn lab_shown(&mut self, id: ApprovalId, shown: LabShown) {
        if let Some(lab) = self.lab_of(id) {
            lab.shown = Some(shown);
        }
    }

    pub(super) fn rule_tested(&mut self, id: ApprovalId, pattern: &Pattern, test: BackTest) {
        let Some(lab) = self.lab_of(id) else { return };
        if lab.testing.as_ref() != Some(pattern) {
            return;
        }
        lab.testing = None;
        let known = |candidate: &&mut Candidate| candidate.pattern == *pattern;
        let candidates = lab.shown.iter_mut().flat_map(|shown| &mut shown.candidates);
        if let Some(candidate) = { candidates }.find(known) {
            candidate.back_test = test;
        }
    }

    pub(super) fn lab_refused(&mut self, id: ApprovalId, why: String) {
        if let Some(lab) = self.lab_of(id) {
            lab.testing = None;
            lab.shown.get_or_insert_default();
            lab.problem = Some(why);
        }
    }

    /// Takes a key in the lab; false closes it.
    pub(super) fn on_lab_key(
        &mut self,
        lab: &mut Lab,
        action: Option<Action>,
        event: KeyEvent,
    ) -> bool {
        if lab.text.is_some() {
            self.write_rule(lab, action, event);
            return true;
        }
        let last = lab.candidates().len().saturating_sub(1);
        match action {
            Some(Action::Back) => return false,
            Some(Action::Up) => lab.at = lab.at.saturating_sub(1),
            Some(Action::Down) => lab.at = (lab.at + 1).min(last),
            Some(Action::Left) => lab.scope = lab.scope.saturating_sub(1),
            Some(Action::Right) => lab.scope = (lab.scope + 1).min(SCOPES.len() - 1),
            Some(Action::Holds) => lab.holds = (lab.holds + 1) % HOLDS.len(),
            Some(Action::PageUp) => lab.scroll = lab.scroll.saturating_sub(5),
            Some(Action::PageDown) => lab.scroll += 5,
            Some(Action::EditRule) => {
                if let Some(candidate) = lab.chosen() {
                    let mut text = Composer::default();
                    text.set(candidate.pattern.to_string());
                    lab.text = Some(text);
                }
            }
            Some(Action::Keep) => return self.keep(lab, event),
            _ => drop(
                self.gate
                    .takes((CardId::Approval(lab.id), Surface::Lab), self.now.ms),
            ),
        }
        true
    }

    /// Changes the rule that is being written; what is wrong with it is said at once.
    fn write_rule(&mut self, lab: &mut Lab, action: Option<Action>, event: KeyEvent) {
        let Some(text) = &mut lab.text else { return };
        match action {
            Some(Action::Back) => {
                lab.text = None;
                lab.problem = None;
                return;
            }
            Some(Action::Send) => {}
            action => type_in(text, action, event),
        }
        let read = text.text().parse::<Pattern>();
        lab.problem = read.as_ref().err().map(ToString::to_string);
        if action != Some(Action::Send) {
            return;
        }
        let Ok(pattern) = read else { return };
        lab.text = None;
        // Enter that ends the writing is not yet Enter that answers.
        self.gate.answered(event.code, self.now.ms);
        let known = lab.candidates().iter();
        let known = { known }.position(|candidate| candidate.pattern == pattern);
        if let Some(at) = known {
            lab.at = at;
            return;
        }
        let own = Candidate {
            text: pattern.to_string(),
            pattern: pattern.clone(),
            back_test: BackTest::default(),
        };
        let shown = lab.shown.get_or_insert_default();
        shown.candidates.push(own);
        lab.at = shown.candidates.len() - 1;
        lab.testing = Some(pattern.clone());
        let test = TestRule {
            pattern,
            ..TestRule::default()
        };
        self.ask(Call::TestRule(lab.id, Box::new(test)));
    }

    /// Allows the call and keeps the chosen rule.
    fn keep(&mut self, lab: &Lab, event: KeyEvent) -> bool {
        if !self
            .gate
            .takes((CardId::Approval(lab.id), Surface::Lab), self.now.ms)
        {
            return true;
        }
        let Some(candidate) = lab.chosen() else {
            self.say("no rule can cover such a call: answer it on the card");
            return true;
        };
        let scope = SCOPES.get(lab.scope).map(|(scope, _)| *scope);
        let decide = Decide {
            rule: Some(candidate.pattern.clone()),
            expire_after_seconds: HOLDS.get(lab.holds).and_then(|(seconds, _)| *seconds),
            ..Decide::allow(lab.id, scope.unwrap_or_default())
        };
        self.gate.answered(event.code, self.now.ms);
        self.decide(decide);
        false
    }
}

/// Says what a rule would have done.
pub(crate) fn sentence(test: &BackTest) -> String {
    let days = match test.days {
        1 => "the last day".to_owned(),
        days => format!("the last {days} days"),
    };
    let denied = match test.denied_by_person {
        0 => String::new(),
        denied => format!(", {denied} of them you denied"),
    };
    match (test.calls, test.allowed) {
        (0, _) => format!("in {days} there was no call to hold it against"),
        (_, 0) => format!("in {days} this would have allowed no other call"),
        (_, 1) if denied.is_empty() => format!("in {days} this would have allowed 1 call"),
        (_, 1) => format!("in {days} this would have allowed 1 call, and you denied it"),
        (_, allowed) => format!("in {days} this would have allowed {allowed} calls{denied}"),
    }
}
