//! Terminals: opening, looking, typing, waiting, ending.

use std::time::Duration;

use smartopol_protocol::terminal::{
    Close, Give, Kill, Listed, Look, Open, Party, Read, ReadOut, Screen, Show, Shown, Signal, Take,
    Terminal, Until, Wait, WaitOver, Waited, Write,
};
use smartopol_protocol::user::{Role, User};
use smartopol_protocol::{Code, Fault};
use smartopol_tools::terminals::{MOST_INPUT, plain_text, signal_number};

use crate::{House, terminals};

/// How many bytes are read where nothing is said, and at most.
const PIECE: (u32, u32) = (64 * 1024, 1 << 20);

/// How many lines that scrolled away are told at most.
const SCROLLED: u32 = 10_000;

/// The longest wait.
const LONGEST: u64 = 600_000;

pub(crate) async fn open(house: &House, open: Open) -> Result<Terminal, Fault> {
    terminals::open(house, open, Party::Person).await
}

pub(crate) async fn list(house: &House, user: &User) -> Result<Listed, Fault> {
    let mut known = house.store.read(|r| r.terminals()).await?;
    known.retain(|terminal| match terminal.session_id {
        Some(id) => house.users.may_see(user, id),
        None => user.role == Role::Admin,
    });
    let mut listed = Listed::default();
    for terminal in known {
        // One that is closed in this moment is no longer there.
        listed
            .terminals
            .extend(terminals::shown(house, terminal).await);
    }
    Ok(listed)
}

pub(crate) async fn show(house: &House, show: Show) -> Result<Shown, Fault> {
    let (terminal, _) = terminals::get(house, show.id).await?;
    terminals::shown(house, terminal).await
}

pub(crate) async fn write(house: &House, write: Write) -> Result<(), Fault> {
    let mut bytes = write.text.into_bytes();
    bytes.extend(write.bytes);
    if bytes.len() > MOST_INPUT {
        let told = format!(
            "{} bytes are typed at once, and {MOST_INPUT} are the most",
            bytes.len()
        );
        return Err(Fault::new(Code::TooLarge, told).hint("type it in pieces"));
    }
    let there = terminals::there(house, write.id).await?;
    if bytes.is_empty() {
        return Ok(());
    }
    there.write(Party::Person, bytes.into()).await
}

pub(crate) async fn read(house: &House, read: Read) -> Result<ReadOut, Fault> {
    let (_, there) = terminals::get(house, read.id).await?;
    let limit = match read.limit {
        0 => PIECE.0,
        limit => limit.min(PIECE.1),
    };
    let written = there.present().await?.offset;
    let since = read
        .since
        .unwrap_or_else(|| written.saturating_sub(limit.into()));
    let most = u64::from(limit).min(written.saturating_sub(since));
    let most = usize::try_from(most).unwrap_or(0);
    let (from, bytes) = there.piece(since.min(written), most).await?;
    let until = from + bytes.len() as u64;
    Ok(ReadOut {
        from,
        until,
        text: plain_text(&bytes),
        more: until < written,
    })
}

pub(crate) async fn screen(house: &House, look: Look) -> Result<Screen, Fault> {
    let (_, there) = terminals::get(house, look.id).await?;
    let scrollback = usize::try_from(look.scrollback.min(SCROLLED)).unwrap_or(0);
    there.look(scrollback).await
}

pub(crate) async fn wait(house: &House, wait: Wait) -> Result<Waited, Fault> {
    let (_, there) = terminals::get(house, wait.id).await?;
    let limit = Duration::from_millis(wait.limit_ms.min(LONGEST));
    let for_end = matches!(wait.until, Until::Ended);
    let (why, line, offset) = there.wait(wait.until, limit).await?;
    if why == WaitOver::Ended || for_end && why == WaitOver::Met {
        terminals::has_ended(house, &there).await?;
    }
    let (terminal, _) = terminals::get(house, wait.id).await?;
    Ok(Waited {
        why,
        line,
        offset,
        state: terminal.state,
    })
}

pub(crate) async fn take(house: &House, take: Take) -> Result<Terminal, Fault> {
    terminals::hand(house, take.id, Party::Person).await
}

pub(crate) async fn give(house: &House, give: Give) -> Result<Terminal, Fault> {
    terminals::hand(house, give.id, Party::Agent).await
}

pub(crate) async fn signal(house: &House, signal: Signal) -> Result<(), Fault> {
    let Some(number) = signal_number(&signal.signal) else {
        let told = format!("`signal` is no signal that is known: {}", signal.signal);
        return Err(Fault::new(Code::BadRequest, told).hint("such as INT, TERM, HUP, KILL, TSTP"));
    };
    let (_, there) = terminals::get(house, signal.id).await?;
    there.signal(number).await;
    Ok(())
}

pub(crate) async fn kill(house: &House, kill: Kill) -> Result<Terminal, Fault> {
    terminals::kill(house, kill.id).await
}

pub(crate) async fn close(house: &House, close: Close) -> Result<(), Fault> {
    terminals::close(house, close.id).await
}
