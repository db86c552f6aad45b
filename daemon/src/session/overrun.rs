//! What a provider refuses as too long: what is learned from it, and the one more try.
//!
//! Owns: how large a window can be after a refusal, and what a person is told where nothing helps.
//! What is folded is in `folding`.

use smartopol_agent::context::{self, Material, block};
use smartopol_agent::prompt;
use smartopol_protocol::turn::Carried;
use smartopol_providers::Overrun;

use super::Broken;
use super::actor::Actor;
use super::listening::specs;
use super::live::Live;
use super::telling;

/// A request that was refused as too long.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// The step that it was for.
    step: u32,
    /// How many tokens of messages it carried, estimated.
    transcript: u64,
    /// What the provider said.
    message: String,
}

impl Refused {
    /// Returns what happened and what to do, where nothing is left to fold.
    pub(super) fn told(&self, carries: &Carried) -> (String, String) {
        let prompt = carries.fixed + carries.person;
        let hint = if prompt > carries.transcript {
            format!(
                "the instructions and the tools alone are about {prompt} tokens: use a model with \
                 more context (smartopol models set), or shorten what `smartopol prompt show` lists"
            )
        } else {
            "what was said last is too long by itself: say it in pieces, or put it in a file, \
             which is read in pieces, or use a model with more context (smartopol models set)"
                .to_owned()
        };
        (self.message.clone(), hint)
    }
}

impl Live {
    /// Returns true where the request of this step was refused as too long, and was not folded
    /// since.
    pub(super) fn is_refused(&self) -> bool {
        let step = self.machine.steps();
        self.folded_at != Some(step) && self.refused.as_ref().is_some_and(|own| own.step == step)
    }

    /// Returns why a request with so many tokens of messages needs no other try: the one that was
    /// refused was as long.
    pub(super) fn refuses_again(&self, transcript: u64) -> Option<Refused> {
        let step = self.machine.steps();
        self.refused
            .clone()
            .filter(|own| own.step == step && transcript >= own.transcript)
    }
}

impl Actor<'_> {
    /// A provider refused a request as too long: the model is asked once more, with less.
    pub(super) async fn too_long(
        &mut self,
        overrun: Overrun,
        message: String,
    ) -> Result<(), Broken> {
        self.learn_window(overrun);
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let step = live.machine.steps();
        let refused = Refused {
            step,
            transcript: live.turn.carried.transcript,
            message,
        };
        let again = live.refused.as_ref().is_some_and(|own| own.step == step);
        if again || live.heard > 0 {
            let (message, hint) = refused.told(&live.turn.carried);
            return self.failed(message, hint).await;
        }
        (live.asking, live.folded_at) = (None, None);
        live.refused = Some(refused);
        Box::pin(self.ask()).await
    }

    /// Keeps what a refusal says of the model's window: the next turn folds in time. Where it names
    /// no number, the window is known to be smaller than what was refused.
    pub(super) fn learn_window(&mut self, overrun: Overrun) {
        let Some(live) = &mut self.live else {
            return;
        };
        let estimated = live.turn.carried.total();
        if let (Some(asked), None) = (overrun.asked, &live.folding) {
            self.folds.learn(asked, estimated);
        }
        let at_most = u32::try_from(self.folds.scaled(estimated)).unwrap_or(u32::MAX);
        let window = match (overrun.window, &live.folding) {
            (Some(window), _) => window,
            (None, None) => at_most,
            // The question for a summary is longer than what was counted.
            (None, Some(_)) => return,
        };
        if let (Some(target), Ok(providers)) = (&mut live.target, self.house.providers()) {
            tracing::info!(model = target.model, window, "a request was too long");
            providers.learn(target, window);
        }
    }

    /// Asks for a summary with what is folded alone, as much of it as fits: with the rest of the
    /// conversation the question would be too long.
    pub(super) async fn summarise_alone(&mut self) -> Result<(), Broken> {
        let context_tokens = self.house.config.agent.context_tokens;
        let (pins, since) = self.folds.pins();
        let Some(live) = &self.live else {
            return Ok(());
        };
        let (Some(folding), Some(target)) = (&live.folding, live.target.clone()) else {
            return Ok(());
        };
        let text = block::instruction_alone(folding.words);
        let fixed: u64 = live.prompt.iter().map(|part| part.tokens).sum();
        let specs = specs(&self.house, live);
        let beside = fixed + telling::tools(&specs).tokens + prompt::tokens(text.len());
        let until = folding.boundary.until;
        let told = self.told_of();
        let is_older = |position: Option<u64>| position.is_some_and(|position| position <= until);
        let end = told.iter().rposition(|own| is_older(own.position));
        let made = context::request(Material {
            model: &target.model,
            system: prompt::system(&live.prompt),
            transcript: told.get(..end.map_or(0, |end| end + 1)).unwrap_or_default(),
            folded: self.folds.folded(),
            // It shall call none, but services refuse calls in a conversation without tools.
            tools: &specs,
            budget: self.folds.limit(&target, context_tokens, beside),
            reasoning: self.house.config.agent.reasoning,
            note: &|before, message| telling::note(before, message, (&live.zone, pins, since)),
        });
        let providers = match self.house.providers() {
            Ok(providers) => providers,
            Err(fault) => return self.cut(&fault.message).await,
        };
        if let Some(folding) = self.live.as_mut().and_then(|live| live.folding.as_mut()) {
            folding.alone = true;
            folding.summary.clear();
        }
        self.ask_summary(providers, target, (text, made.request));
        Ok(())
    }
}
