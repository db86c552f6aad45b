//! What a model would be told, and the end of the first conversation.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::prompt::{Show, Shown, Skip, Skipped};
use smartopol_protocol::{Code, Fault};

use crate::House;
use crate::session::{TRANSCRIPT, telling};

pub(crate) async fn show(house: &House, actor: &Actor, show: Show) -> Result<Shown, Fault> {
    let id = show.session_id;
    let (session, messages, folds) = house
        .store
        .read(move |r| {
            let (messages, _) = r.transcript(id, None, TRANSCRIPT)?;
            let folds = (r.compaction(id)?, r.all_pins(id)?);
            Ok((r.session(id)?, messages, folds))
        })
        .await?;
    let user = house.users.acting(&actor.peer, session.user_id);
    let whose = (&*user, actor.peer.as_str());
    let mut parts = vec![telling::tools(&house.specs)];
    parts.extend(telling::parts(house, &session, whose, true).await);
    parts.extend(telling::said(house, &user, messages, folds));
    if !show.text {
        parts.iter_mut().for_each(|part| part.text.clear());
    }
    Ok(Shown {
        parts,
        context_tokens: house.config.agent.context_tokens.into(),
    })
}

pub(crate) fn skip(house: &House, _: Skip) -> Result<Skipped, Fault> {
    let skipped = house.persona.skip().map_err(|err| {
        let file = house.persona.folder().join("BOOTSTRAP.md");
        Fault::new(
            Code::Unavailable,
            format!("{} cannot be removed: {err}", file.display()),
        )
        .hint("remove it yourself: that ends the first conversation too")
    })?;
    Ok(Skipped { skipped })
}
