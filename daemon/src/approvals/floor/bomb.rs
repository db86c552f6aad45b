//! Fork bombs: functions that start themselves twice, at the same time.
//!
//! Owns: the look at the text as words and signs, so that it is seen also where a line cannot be
//! understood. It errs on refusing.

use std::collections::BTreeSet;

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(char),
}

/// A function, the commands of its body, and whether some of them run at the same time.
struct Function {
    name: String,
    commands: Vec<String>,
    forks: bool,
}

/// Returns true for functions that start themselves twice, as in `:(){ :|:& };:`, also through each
/// other.
pub(super) fn is_bomb(text: &str) -> bool {
    let functions = functions(&tokens(text));
    functions.iter().any(|function| {
        let again = function
            .commands
            .iter()
            .filter(|command| reaches(&functions, command, &function.name));
        function.forks && again.count() > 1
    })
}

/// Returns true where a command is a function, or leads to it.
fn reaches(functions: &[Function], command: &str, goal: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![command];
    while let Some(name) = open.pop() {
        if name == goal {
            return true;
        }
        if seen.insert(name) {
            let own = functions.iter().filter(|function| function.name == name);
            open.extend(own.flat_map(|function| function.commands.iter().map(String::as_str)));
        }
    }
    false
}

fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let end = |word: &mut String, all: &mut Vec<Token>| {
        if !word.is_empty() {
            all.push(Token::Word(std::mem::take(word)));
        }
    };
    while let Some(char) = chars.next() {
        match char {
            '&' | '|' if chars.peek() == Some(&char) => {
                chars.next();
                end(&mut word, &mut all);
                all.push(Token::Sign(';'));
            }
            // Of `>&` and `<&`.
            '&' if word.ends_with(['<', '>']) => word.push(char),
            '\n' | ';' | '|' | '&' | '(' | ')' | '{' | '}' | '`' | '"' | '\'' => {
                end(&mut word, &mut all);
                all.push(Token::Sign(char));
            }
            '\\' => {}
            char if char.is_whitespace() => end(&mut word, &mut all),
            char => word.push(char),
        }
    }
    end(&mut word, &mut all);
    all
}

/// Returns the functions that a line makes.
fn functions(tokens: &[Token]) -> Vec<Function> {
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => Some(word.clone()),
        _ => None,
    };
    let sign = |at: usize| match tokens.get(at) {
        Some(Token::Sign(sign)) => Some(*sign),
        _ => None,
    };
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        let Some(first) = word(at) else { continue };
        let made = if first == "function" {
            word(at + 1).map(|name| (name, at + 2))
        } else {
            (sign(at + 1) == Some('(') && sign(at + 2) == Some(')')).then_some((first, at + 3))
        };
        if let Some((name, begin)) = made {
            all.push(function(name, tokens.get(begin..).unwrap_or_default()));
        }
    }
    all
}

/// Reads the body of a function: to the brace that closes it, or to the end.
fn function(name: String, tokens: &[Token]) -> Function {
    const BEFORE: &[&str] = &[
        "!", "command", "do", "elif", "else", "eval", "exec", "if", "nohup", "then", "time",
        "until", "while",
    ];
    let mut found = Function {
        name,
        commands: Vec::new(),
        forks: false,
    };
    let mut depth = 0_i32;
    let mut begins = true;
    for token in tokens {
        match token {
            Token::Word(word) => {
                if begins {
                    found.commands.push(word.clone());
                }
                begins = begins && (BEFORE.contains(&word.as_str()) || word.contains('='));
            }
            Token::Sign(sign) => {
                found.forks |= matches!(sign, '|' | '&');
                depth += match sign {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                if *sign == '}' && depth <= 0 {
                    break;
                }
                begins = true;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_start_themselves_twice_are_seen_in_every_spelling() {
        for text in [
            ":(){ :|:& };:",
            ":() { : | : & } ; :",
            "f(){ f x|f y& };f",
            "f() { f 2>/dev/null | f; }; f",
            "f() { f & f; }; f",
            "function f { f | f & }\nf",
            "f() (f|f&)\nf",
            "f() { g | g; }; g() { f | f; }; f",
            "f() { eval 'f | f &'; }; f",
            "sh -c 'f() { f|f; }; f'",
            "f() { while true; do f & f; done; }; f",
            "f() { X=1 f | \"f\"; }; f",
        ] {
            assert!(is_bomb(text), "{text}");
        }
        for text in [
            "f() { ls | wc; }; f | head",
            "ls() { command ls | grep ls; }; ls",
            "echo '(){ x'",
            "build() { cargo build 2>&1 | tail; }; build && build",
            "f() { f a && f b; }",
            "a() { b | c; }; b() { c; }; a | a",
        ] {
            assert!(!is_bomb(text), "{text}");
        }
    }
}
