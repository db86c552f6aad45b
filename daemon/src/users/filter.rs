//! What is kept of what a child is told.
//!
//! Owns: the list of words, and taking out the lines that hold one. It knows words, not meanings:
//! it is a net below the instructions that the model gets (`person`), and no more than that.

use std::borrow::Cow;

/// What stands in the place of a line that was taken out.
pub(crate) const LEFT_OUT: &str = "[left out: not for children]";

/// Words that nobody says to a child, in lower case. `users.blocked_words` adds to them.
const WORDS: &[&str] = &[
    "anal sex",
    "bdsm",
    "beheading",
    "blowjob",
    "bukkake",
    "bulimia tips",
    "cocaine",
    "crack pipe",
    "creampie",
    "cumshot",
    "cunnilingus",
    "cunt",
    "deepthroat",
    "dildo",
    "ejaculate",
    "erotica",
    "fellatio",
    "fentanyl",
    "fisting",
    "fuck",
    "fucked",
    "fucker",
    "fucking",
    "gangbang",
    "gore video",
    "handjob",
    "hardcore sex",
    "heroin",
    "hentai",
    "how to make a bomb",
    "kill yourself",
    "kokain",
    "lsd",
    "masturbate",
    "masturbation",
    "meth lab",
    "methamphetamine",
    "milf",
    "motherfucker",
    "nude pics",
    "nudes",
    "onlyfans",
    "oral sex",
    "orgasm",
    "orgy",
    "pipe bomb",
    "porn",
    "porno",
    "pornhub",
    "pornographic",
    "pornography",
    "pornografie",
    "pro ana",
    "rape",
    "raped",
    "rapist",
    "rimjob",
    "sex toy",
    "sexting",
    "snuff film",
    "strip club",
    "suicide method",
    "suicide methods",
    "threesome",
    "torture video",
    "vergewaltigung",
    "vibrator",
    "whore",
    "xxx",
];

/// Returns a text without its lines that hold a listed word, and how many were taken out.
pub(crate) fn child<'t>(text: &'t str, more: &[String]) -> (Cow<'t, str>, usize) {
    let held = |line: &str| holds(line, more);
    if !text.lines().any(held) {
        return (Cow::Borrowed(text), 0);
    }
    let mut out = 0;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if holds(line, more) {
            out += 1;
            kept.push_str(LEFT_OUT);
            if line.ends_with('\n') {
                kept.push('\n');
            }
        } else {
            kept.push_str(line);
        }
    }
    (Cow::Owned(kept), out)
}

fn holds(line: &str, more: &[String]) -> bool {
    let plain = plain(line);
    let own = WORDS.iter().copied();
    own.map(Cow::Borrowed)
        .chain(
            more.iter()
                .map(|word| Cow::Owned(self::plain(word).trim().to_owned())),
        )
        .any(|word| !word.is_empty() && stands_in(&plain, &word))
}

/// Returns a line in lower case with one space in the place of everything that is no letter and no
/// digit, and of what is not seen.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len() + 2);
    plain.push(' ');
    for c in line.chars().flat_map(char::to_lowercase) {
        match c {
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            c if c.is_alphanumeric() => plain.push(c),
            _ if plain.ends_with(' ') => {}
            _ => plain.push(' '),
        }
    }
    plain.push(' ');
    plain
}

fn stands_in(plain: &str, word: &str) -> bool {
    plain.match_indices(word).any(|(at, _)| {
        let before = plain.get(..at).is_some_and(|text| text.ends_with(' '));
        let after = plain.get(at + word.len()..);
        before && after.is_some_and(|text| text.starts_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_listed_word_goes_and_the_others_stay() {
        let text = "Hello.\nHere is PORN for you.\nGood-bye.\n";
        let kept = format!("Hello.\n{LEFT_OUT}\nGood-bye.\n");
        assert_eq!(child(text, &[]), (Cow::Borrowed(kept.as_str()), 1));
        for hidden in ["p\u{200b}orn", "por\u{ad}n", "(porn)", "a suicide—method"] {
            assert_eq!(child(hidden, &[]).1, 1, "{hidden}");
        }
    }

    #[test]
    fn a_word_within_another_is_not_meant() {
        for fine in [
            "grape juice",
            "Sussex",
            "the scunthorpe problem",
            "therapist",
            "",
        ] {
            assert_eq!(child(fine, &[]), (Cow::Borrowed(fine), 0));
        }
    }

    #[test]
    fn the_settings_add_words() {
        let more = ["Voldemort".to_owned(), "  ".to_owned()];
        assert_eq!(child("about voldemort!", &more).1, 1);
        assert_eq!(child("about nobody", &more).1, 0);
    }

    #[test]
    fn the_list_is_sorted_enough_to_be_read_and_written_plainly() {
        for word in WORDS {
            assert_eq!(plain(word).trim(), *word);
        }
    }
}
