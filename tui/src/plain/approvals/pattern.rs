//! Rules as people write them on a command line.
//!
//! Owns: `'git (status|log)'` to words with alternatives.

use clap::Args;
use smartopol_protocol::approval::{OneOf, Pattern};

/// Which calls a rule is about.
#[derive(Debug, Args)]
pub struct PatternArgs {
    /// The leading words, with alternatives in brackets: 'git (status|log)'
    #[arg(long, value_name = "WORDS")]
    command: Option<String>,
    /// A glob over absolute paths that the call may touch
    #[arg(long, value_name = "GLOB")]
    path: Option<String>,
    /// A glob over the folder that the call happens in
    #[arg(long, value_name = "GLOB")]
    cwd: Option<String>,
    /// The role of the one who asks: admin, user or child
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
}

impl PatternArgs {
    /// Returns the pattern, where anything of it was given.
    pub(super) fn given(&self) -> Option<Pattern> {
        let pattern = Pattern {
            tool: None,
            command: self.command.as_deref().map(words).unwrap_or_default(),
            path: self.path.clone(),
            cwd: self.cwd.clone(),
            role: self.role.clone(),
        };
        (pattern != Pattern::default()).then_some(pattern)
    }
}

/// Reads leading words; alternatives stand in brackets, parted by `|`.
fn words(text: &str) -> Vec<OneOf> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let bracket = rest
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        if let Some((inner, after)) = bracket {
            let any: Vec<String> = inner
                .split('|')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect();
            words.push(OneOf::Any(any));
            rest = after.trim_start();
            continue;
        }
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        words.push(OneOf::Word(word.to_owned()));
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_stand_in_brackets() {
        let word = |text: &str| OneOf::Word(text.into());
        let any = |texts: &[&str]| OneOf::Any(texts.iter().map(|text| (*text).into()).collect());
        assert_eq!(words("git status"), [word("git"), word("status")]);
        assert_eq!(
            words(" git  (status| log) -s"),
            [word("git"), any(&["status", "log"]), word("-s")]
        );
        assert_eq!(words("echo (x"), [word("echo"), word("(x")]);
        assert_eq!(words(""), []);
    }
}
