//! Which patterns a rule may have.
//!
//! Owns: that a pattern can be read, and that a learned one does not open everything. What a
//! pattern is about is the policy's.

use globset::GlobBuilder;
use smartopol_protocol::approval::{OneOf, Pattern};

use smartopol_protocol::user::Role;

use super::programs;

/// The most words of a pattern, the most alternatives at one place, the longest text in bytes.
const WORDS: usize = 64;
const ALTERNATIVES: usize = 64;
const BYTES: usize = 4096;

/// Says what about a pattern cannot be read.
pub(crate) fn sound(pattern: &Pattern) -> Result<(), String> {
    for (field, glob) in [("path", &pattern.path), ("cwd", &pattern.cwd)] {
        let Some(glob) = glob else { continue };
        if !glob.starts_with(['/', '*']) || glob.len() > BYTES {
            return Err(format!(
                "`{field}` is `{glob}`, and must be a glob over absolute paths, such as `/home/me/notes/**`"
            ));
        }
        if let Err(err) = GlobBuilder::new(glob).literal_separator(true).build() {
            return Err(format!("`{field}` is no glob: {}", err.kind()));
        }
    }
    if let Some(own) = pattern.role.as_deref()
        && Role::named(own).is_none()
    {
        return Err(format!(
            "`role` is `{own}`, and must be one of {}",
            Role::names()
        ));
    }
    if pattern.command.len() > WORDS {
        return Err(format!("`command` has more than {WORDS} words"));
    }
    for word in &pattern.command {
        let fits = match word {
            OneOf::Word(word) => word.len() <= BYTES,
            OneOf::Any(words) => {
                !words.is_empty()
                    && words.len() <= ALTERNATIVES
                    && words.iter().all(|word| word.len() <= BYTES)
            }
        };
        if !fits {
            return Err(format!(
                "`command` has a place without a word, with more than {ALTERNATIVES} of them, or with one that is too long"
            ));
        }
    }
    Ok(())
}

/// Says why a learned rule with this pattern would open too much.
pub(super) fn narrow(pattern: &Pattern) -> Result<(), String> {
    if pattern.tool.as_deref() != Some("exec") {
        return match (&pattern.path, pattern.command.is_empty()) {
            (_, false) => Err("`command` is about `exec` alone".into()),
            (None, _) => Err("without a `path` it would be about every file".into()),
            (Some(_), true) => Ok(()),
        };
    }
    let Some(first) = pattern.command.first() else {
        return Err("without words it would allow every command".into());
    };
    let names = match first {
        OneOf::Word(word) => std::slice::from_ref(word),
        OneOf::Any(words) => words.as_slice(),
    };
    let opens = |program: &&String| programs::is_runner(program) || programs::is_manager(program);
    match names.iter().find(opens) {
        None => Ok(()),
        Some(program) => Err(format!(
            "`{program}` runs or installs what it is given, so a rule about it would allow everything"
        )),
    }
}
