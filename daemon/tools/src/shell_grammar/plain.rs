//! Which command lines are surely one plain command, and how words are written for a shell.
//!
//! Pure, and on the safe side: what is not surely one simple command of literal words in every
//! Bourne shell is none. Knows nothing of what a command does.

/// Words that a shell takes as its own at the beginning of a command.
pub(super) const RESERVED: &[&str] = &[
    "!",
    "[[",
    "]]",
    "{",
    "}",
    "case",
    "coproc",
    "do",
    "done",
    "elif",
    "else",
    "end",
    "esac",
    "fi",
    "for",
    "foreach",
    "function",
    "if",
    "in",
    "nocorrect",
    "noglob",
    "repeat",
    "select",
    "then",
    "time",
    "until",
    "while",
];

/// Characters that mean themselves outside quotes, besides letters and digits.
const PLAIN: &str = "_./:=,@%+-";

/// Returns the words of `text` where it is surely one simple command of literal words.
///
/// Quotes and backslashes are resolved where they are literal. Anything more, or anything in
/// doubt, is `None`: pipes, lists, redirects, substitutions, globs, variables, assignments,
/// comments, braces, leading tildes, line breaks, control and invisible characters.
pub fn plain_command(text: &str) -> Option<Vec<String>> {
    if text.chars().any(is_tricky) {
        return None;
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut before = ' ';
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => single_quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => {
                // In some locales the last byte of the character before would swallow it.
                let literal = before.is_ascii().then(|| chars.next()).flatten()?;
                word.get_or_insert_default().push(literal);
                before = literal;
                continue;
            }
            // `=name` at the beginning of a word is a path to a zsh.
            '=' if word.is_none() => return None,
            '~' if before.is_ascii_alphanumeric() => word.get_or_insert_default().push('~'),
            char if !char.is_ascii() || char.is_ascii_alphanumeric() || PLAIN.contains(char) => {
                word.get_or_insert_default().push(char);
            }
            _ => return None,
        }
        before = char;
    }
    words.extend(word);
    let first: &String = words.first()?;
    let own = first.is_empty() || first.contains('=') || RESERVED.contains(&first.as_str());
    (!own).then_some(words)
}

/// Returns words as a command line that a shell reads back as just these words.
pub fn quote<S: AsRef<str>>(words: &[S]) -> String {
    let mut text = String::new();
    for (place, word) in words.iter().map(AsRef::as_ref).enumerate() {
        if place > 0 {
            text.push(' ');
        }
        if is_bare(word) && !(place == 0 && is_own(word)) {
            text.push_str(word);
        } else {
            text.push('\'');
            text.push_str(&word.replace('\'', r"'\''"));
            text.push('\'');
        }
    }
    text
}

/// Returns true where a word needs no quotes as an argument.
pub(super) fn is_bare(word: &str) -> bool {
    let bare = |char: char| char.is_ascii_alphanumeric() || PLAIN.contains(char);
    !word.is_empty() && !word.starts_with('=') && word.chars().all(bare)
}

fn is_own(word: &str) -> bool {
    word.contains('=') || RESERVED.contains(&word)
}

fn single_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '\'' => return Some(()),
            char => word.push(char),
        }
    }
}

fn double_quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    let mut before = ' ';
    loop {
        let char = chars.next()?;
        match char {
            '"' => return Some(()),
            '$' | '`' => return None,
            '\\' if !before.is_ascii() => return None,
            '\\' => {
                let next = chars.next()?;
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
                before = next;
                continue;
            }
            char => word.push(char),
        }
        before = char;
    }
}

/// Returns true for characters that hide, reorder or separate text.
pub(super) fn is_tricky(char: char) -> bool {
    match char {
        ' ' | '\t' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control() || other.is_whitespace(),
    }
}
