//! Codes that join two peers to one user.
//!
//! Owns: the codes that are out, in memory alone, and how often somebody guessed. A code is used
//! once, ends by itself, and whoever says it joins the one who was given it, never the other way
//! round: so nobody gets more by saying a code than by having been given it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smartopol_protocol::{Code, Fault, Timestamp, UserId};

/// How long a code can be said.
const GOOD_FOR_MS: i64 = 10 * 60 * 1000;

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
    /// Wrong codes, with who said them.
    wrong: Vec<(Timestamp, String)>,
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
        out.codes
            .retain(|_, (other, end)| *other != user && *end > now);
        let (first, second) = code.split_at(LENGTH / 2);
        let shown = format!("{first}-{second}");
        out.codes.insert(code, (user, until));
        Ok((shown, until))
    }

    /// Takes a code, which is then gone, and returns whose it is.
    ///
    /// # Errors
    /// `not_found` for a code that is none, was used or is too old; `busy` for one who guesses.
    pub(crate) fn take(&self, said: &str, peer: &str, now: Timestamp) -> Result<UserId, Fault> {
        let mut out = self.out();
        out.wrong.retain(|(at, _)| at.plus_millis(GUESS_MS) > now);
        let own = out.wrong.iter().filter(|(_, own)| own == peer).count();
        if own >= GUESSES || out.wrong.len() >= GUESSES_OF_ALL {
            return Err(Fault::new(
                Code::Busy,
                format!("{GUESSES} wrong codes were said: no more are looked at for now"),
            )
            .hint("wait ten minutes, then ask for a new code"));
        }
        let plain: String = said
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        match out.codes.remove(&plain) {
            Some((user, until)) if until > now => Ok(user),
            _ => {
                out.wrong.push((now, peer.to_owned()));
                Err(Fault::new(
                    Code::NotFound,
                    "this code is wrong, was used before, or is too old",
                )
                .hint("get a new one where you are known: smartopol users link"))
            }
        }
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert!(linking.take(&code, "telegram:5", at(9)).is_err());
        let (late, _) = linking.code(user, at(20)).unwrap();
        assert!(linking.take(&late, "telegram:5", at(30)).is_err());
    }

    #[test]
    fn a_new_code_ends_the_one_before() {
        let (linking, user) = (Linking::default(), UserId::new());
        let (old, _) = linking.code(user, at(0)).unwrap();
        let (new, _) = linking.code(user, at(1)).unwrap();
        assert!(linking.take(&old, "telegram:5", at(2)).is_err());
        assert_eq!(linking.take(&new, "telegram:5", at(2)), Ok(user));
    }

    #[test]
    fn one_who_guesses_is_not_listened_to_until_it_is_over() {
        let (linking, user) = (Linking::default(), UserId::new());
        let (code, _) = linking.code(user, at(0)).unwrap();
        for _ in 0..GUESSES {
            let fault = linking.take("AAAA-AAAA", "telegram:5", at(1)).unwrap_err();
            assert_eq!(fault.code, Code::NotFound);
        }
        let fault = linking.take(&code, "telegram:5", at(2)).unwrap_err();
        assert_eq!(fault.code, Code::Busy);
        // Others are, until there are too many.
        assert_eq!(linking.take(&code, "telegram:6", at(3)), Ok(user));
        for peer in 0..GUESSES_OF_ALL {
            let _ = linking.take("x", &format!("telegram:{peer}0"), at(4));
        }
        let (code, _) = linking.code(user, at(5)).unwrap();
        let fault = linking.take(&code, "telegram:7", at(5)).unwrap_err();
        assert_eq!(fault.code, Code::Busy);
        let (code, _) = linking.code(user, at(30)).unwrap();
        assert_eq!(linking.take(&code, "telegram:5", at(30)), Ok(user));
    }
}
