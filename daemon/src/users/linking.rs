//! Codes that join two peers to one user.
//!
//! Owns: the codes that are out, in memory alone, and how often somebody guessed. A code is used
//! once, ends by itself, and whoever says it joins the one who was given it, never the other way
//! round: so nobody gets more by saying a code than by having been given it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smartopol_protocol::user::Why;
use smartopol_protocol::{Code, Fault, Timestamp, UserId};

/// How long a code can be said.
const GOOD_FOR_MS: i64 = 10 * 60 * 1000;

/// How long it is told why a code is good no more.
const PAST_MS: i64 = 24 * 60 * 60 * 1000;

/// How often a peer may say a wrong code within `GUESS_MS`, and all peers together.
const GUESSES: usize = 5;
const GUESSES_OF_ALL: usize = 50;
const GUESS_MS: i64 = 10 * 60 * 1000;

/// The letters of a code: none that looks like another. 32 of them, so a byte is no crooked die.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// How many letters a code has: 40 bits, of which 50 guesses find one in 22 billion.
const LENGTH: usize = 8;

/// The codes that are out.
#[derive(Debug, Default)]
pub(crate) struct Linking(Mutex<Out>);

#[derive(Debug, Default)]
struct Out {
    codes: HashMap<String, (UserId, Timestamp)>,
    /// Codes that were good, with why they are no more and until when that is told.
    past: HashMap<String, (Why, Timestamp)>,
    /// Wrong codes, with who said them.
    wrong: Vec<(Timestamp, String)>,
}

/// Why a code joins nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum No {
    /// It is none; this counts as a guess.
    Code(Why),
    /// Nothing is looked at, because too many guesses were made.
    Guesses,
}

impl No {
    /// Returns what one who said a code is told.
    pub(crate) fn fault(&self) -> Fault {
        let told = match self {
            Self::Code(Why::Wrong) => "this code is wrong",
            Self::Code(Why::Expired) => "this code was good for ten minutes, which are over",
            Self::Code(Why::Used) => "this code was used before, or another was given after it",
            Self::Guesses => {
                let told =
                    format!("{GUESSES} wrong codes were said: no more are looked at for now");
                return Fault::new(Code::Busy, told)
                    .hint("wait ten minutes, then ask for a new code");
            }
        };
        Fault::new(Code::NotFound, told)
            .hint("get a new one where you are known: smartopol users link")
    }
}

impl Linking {
    /// Returns a new code for a user, and until when it is good; an earlier one of theirs is good
    /// no more.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub(crate) fn code(&self, user: UserId, now: Timestamp) -> io::Result<(String, Timestamp)> {
        let code = random()?;
        let until = now.plus_millis(GOOD_FOR_MS);
        let mut out = self.out();
        out.bury(now);
        let replaced: Vec<String> = out
            .codes
            .extract_if(|_, (other, _)| *other == user)
            .map(|(code, _)| code)
            .collect();
        for code in replaced {
            out.past.insert(code, (Why::Used, now.plus_millis(PAST_MS)));
        }
        let (first, second) = code.split_at(LENGTH / 2);
        let shown = format!("{first}-{second}");
        out.codes.insert(code, (user, until));
        Ok((shown, until))
    }

    /// Takes a code, which is then gone, and returns whose it is.
    ///
    /// # Errors
    /// For a code that is none, was used or is too old, and for one who guesses.
    pub(crate) fn take(&self, said: &str, peer: &str, now: Timestamp) -> Result<UserId, No> {
        let mut out = self.out();
        out.bury(now);
        out.wrong.retain(|(at, _)| at.plus_millis(GUESS_MS) > now);
        let own = out.wrong.iter().filter(|(_, own)| own == peer).count();
        if own >= GUESSES || out.wrong.len() >= GUESSES_OF_ALL {
            return Err(No::Guesses);
        }
        let plain: String = said
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        if let Some((user, _)) = out.codes.remove(&plain) {
            out.past
                .insert(plain, (Why::Used, now.plus_millis(PAST_MS)));
            return Ok(user);
        }
        out.wrong.push((now, peer.to_owned()));
        let why = out.past.get(&plain).map_or(Why::Wrong, |(why, _)| *why);
        Err(No::Code(why))
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    /// Takes out what is over.
    fn bury(&mut self, now: Timestamp) {
        let over: Vec<(String, Timestamp)> = self
            .codes
            .extract_if(|_, (_, until)| *until <= now)
            .map(|(code, (_, until))| (code, until))
            .collect();
        for (code, until) in over {
            let told = until.plus_millis(PAST_MS);
            self.past.insert(code, (Why::Expired, told));
        }
        self.past.retain(|_, (_, until)| *until > now);
    }
}

fn random() -> io::Result<String> {
    let mut bytes = [0_u8; LENGTH];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied();
    Ok(bytes.iter().filter_map(letter).map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + minutes * 60_000)
    }

    #[test]
    fn a_code_works_once_for_ten_minutes_however_it_is_written() {
        let (linking, user) = (Linking::default(), UserId::new());
        let (code, until) = linking.code(user, at(0)).unwrap();
        assert_eq!((code.len(), until), (9, at(10)));
        let said = code.to_lowercase().replace('-', " ");
        assert_eq!(linking.take(&said, "telegram:5", at(9)), Ok(user));
        let used = linking.take(&code, "telegram:5", at(9));
        assert_eq!(used, Err(No::Code(Why::Used)));
        let (late, _) = linking.code(user, at(20)).unwrap();
        let late = linking.take(&late, "telegram:5", at(30));
        assert_eq!(late, Err(No::Code(Why::Expired)));
    }

    #[test]
    fn a_new_code_ends_the_one_before() {
        let (linking, user) = (Linking::default(), UserId::new());
        let (old, _) = linking.code(user, at(0)).unwrap();
        let (new, _) = linking.code(user, at(1)).unwrap();
        let replaced = linking.take(&old, "telegram:5", at(2));
        assert_eq!(replaced, Err(No::Code(Why::Used)));
        assert_eq!(linking.take(&new, "telegram:5", at(2)), Ok(user));
    }

    #[test]
    fn one_who_guesses_is_not_listened_to_until_it_is_over() {
        let (linking, user) = (Linking::default(), UserId::new());
        let (code, _) = linking.code(user, at(0)).unwrap();
        for _ in 0..GUESSES {
            let no = linking.take("AAAA-AAAA", "telegram:5", at(1)).unwrap_err();
            assert_eq!(no, No::Code(Why::Wrong));
            assert_eq!(no.fault().code, Code::NotFound);
        }
        let no = linking.take(&code, "telegram:5", at(2)).unwrap_err();
        assert_eq!((no.clone(), no.fault().code), (No::Guesses, Code::Busy));
        // Others are, until there are too many.
        assert_eq!(linking.take(&code, "telegram:6", at(3)), Ok(user));
        for peer in 0..GUESSES_OF_ALL {
            let _ = linking.take("x", &format!("telegram:{peer}0"), at(4));
        }
        let (code, _) = linking.code(user, at(5)).unwrap();
        let no = linking.take(&code, "telegram:7", at(5));
        assert_eq!(no, Err(No::Guesses));
        let (code, _) = linking.code(user, at(30)).unwrap();
        assert_eq!(linking.take(&code, "telegram:5", at(30)), Ok(user));
    }
}
