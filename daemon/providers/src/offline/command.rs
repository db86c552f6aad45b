//! The grammar: one command a line, a word and a colon first. Pure.

use serde_json::{Value, json};

/// A command that becomes a call of a tool.
pub(super) struct Command {
    /// The word before the colon.
    pub(super) word: &'static str,
    /// The tool it calls.
    pub(super) tool: &'static str,
    /// How it is written.
    pub(super) usage: &'static str,
    /// What it does, for `help`.
    pub(super) does: &'static str,
    arguments: fn(&str) -> Option<Value>,
}

/// All of them, in the order of `help`.
pub(super) const COMMANDS: [Command; 11] = [
    Command {
        word: "run",
        tool: "exec",
        usage: "run: <command>",
        does: "runs a command in a shell",
        arguments: |text| Some(json!({ "command": text })),
    },
    Command {
        word: "read",
        tool: "read_file",
        usage: "read: <path>",
        does: "reads a file",
        arguments: |text| Some(json!({ "path": text })),
    },
    Command {
        word: "write",
        tool: "write_file",
        usage: "write: <path> <text>",
        does: "writes a line of text to a file",
        arguments: |text| {
            let (path, content) = text.split_once(char::is_whitespace)?;
            Some(json!({ "path": path, "content": format!("{}\n", content.trim()) }))
        },
    },
    Command {
        word: "list",
        tool: "list_files",
        usage: "list: <path>",
        does: "lists a folder",
        arguments: |text| Some(json!({ "path": text })),
    },
    Command {
        word: "search",
        tool: "search_files",
        usage: "search: <regex>",
        does: "searches the files for a pattern",
        arguments: |text| Some(json!({ "pattern": text })),
    },
    Command {
        word: "remember",
        tool: "memory_add",
        usage: "remember: <fact>",
        does: "keeps a fact for later",
        arguments: |text| Some(json!({ "text": text })),
    },
    Command {
        word: "recall",
        tool: "memory_search",
        usage: "recall: <words>",
        does: "looks for what was kept",
        arguments: |text| Some(json!({ "query": text })),
    },
    Command {
        word: "learn",
        tool: "knowledge_write",
        usage: "learn: <topic>: <text>",
        does: "writes a topic of the knowledge",
        arguments: |text| {
            let (name, text) = text.split_once(':')?;
            let (name, text) = (name.trim(), text.trim());
            (!name.is_empty() && !text.is_empty()).then(|| json!({ "name": name, "text": text }))
        },
    },
    Command {
        word: "know",
        tool: "knowledge_search",
        usage: "know: <words>",
        does: "looks for topics of the knowledge",
        arguments: |text| Some(json!({ "query": text })),
    },
    Command {
        word: "ask",
        tool: "ask",
        usage: "ask: <question> | <choice> | <choice>",
        does: "asks you something, with choices or without",
        arguments: question,
    },
    Command {
        word: "remind",
        tool: "remind",
        usage: "remind: <when> <text>",
        does: "reminds you later",
        arguments: |text| {
            // Where the time ends is for the tool to say, which knows times.
            text.contains(char::is_whitespace)
                .then(|| json!({ "text": text }))
        },
    },
];

/// Reads a question with its choices; what stands behind a ` - ` explains one.
fn question(text: &str) -> Option<Value> {
    let mut parts = text.split('|').map(str::trim);
    let question = parts.next().filter(|question| !question.is_empty())?;
    let choices: Vec<Value> = parts
        .map(|part| match part.split_once(" - ") {
            Some((label, why)) => json!({ "label": label.trim(), "explanation": why.trim() }),
            None => json!({ "label": part }),
        })
        .collect();
    Some(if choices.is_empty() {
        json!({ "question": question })
    } else {
        json!({ "question": question, "choices": choices })
    })
}

/// What one line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// A call.
    Call(Call),
    /// A command without what it needs.
    Wrong { usage: &'static str },
    /// Say what is understood.
    Help,
    /// Repeat a text.
    Say(&'a str),
    /// Repeat a text as reasoning.
    Think(&'a str),
    /// Repeat a text slowly, in so many pieces.
    Slow { count: usize, text: &'a str },
    /// No command.
    Other,
}

/// A call to make.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub(super) word: &'static str,
    pub(super) tool: &'static str,
    pub(super) input: Value,
}

/// Reads a message, line by line.
pub(super) fn read(text: &str) -> Vec<Line<'_>> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(line)
        .collect()
}

fn line(line: &str) -> Line<'_> {
    if line.eq_ignore_ascii_case("help") || line == "?" {
        return Line::Help;
    }
    let Some((word, rest)) = line.split_once(':') else {
        return Line::Other;
    };
    let (word, rest) = (word.trim().to_ascii_lowercase(), rest.trim());
    match word.as_str() {
        "help" => return Line::Help,
        "say" if !rest.is_empty() => return Line::Say(rest),
        "think" if !rest.is_empty() => return Line::Think(rest),
        "say" => {
            return Line::Wrong {
                usage: "say: <text>",
            };
        }
        "think" => {
            return Line::Wrong {
                usage: "think: <text>",
            };
        }
        "slow" => {
            let numbered = rest.split_once(char::is_whitespace);
            let slow = numbered.and_then(|(count, text)| {
                let count = count
                    .parse()
                    .ok()
                    .filter(|count| (1..=1_000).contains(count))?;
                Some(Line::Slow {
                    count,
                    text: text.trim(),
                })
            });
            return slow.unwrap_or(Line::Wrong {
                usage: "slow: <1 to 1000> <text>",
            });
        }
        _ => {}
    }
    let Some(command) = COMMANDS.iter().find(|command| command.word == word) else {
        return Line::Other;
    };
    let arguments = (!rest.is_empty())
        .then(|| (command.arguments)(rest))
        .flatten();
    match arguments {
        Some(input) => Line::Call(Call {
            word: command.word,
            tool: command.tool,
            input,
        }),
        None => Line::Wrong {
            usage: command.usage,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_command_of_its_own() {
        let call = |word, tool, input| Line::Call(Call { word, tool, input });
        assert_eq!(
            read("run: ls -la | grep ':'\n\n  READ:  a b.txt \nwrite: x.txt hello  you\nlist: ."),
            [
                call("run", "exec", json!({"command": "ls -la | grep ':'"})),
                call("read", "read_file", json!({"path": "a b.txt"})),
                call(
                    "write",
                    "write_file",
                    json!({"path": "x.txt", "content": "hello  you\n"})
                ),
                call("list", "list_files", json!({"path": "."})),
            ]
        );
        assert_eq!(
            read("ask: Which one? | small | large - takes longer\nask: Why?"),
            [
                call(
                    "ask",
                    "ask",
                    json!({"question": "Which one?", "choices": [
                        {"label": "small"},
                        {"label": "large", "explanation": "takes longer"}]})
                ),
                call("ask", "ask", json!({"question": "Why?"})),
            ]
        );
        assert_eq!(
            read("search: a:b"),
            [call("search", "search_files", json!({"pattern": "a:b"}))]
        );
    }

    #[test]
    fn what_is_no_command_is_told_apart_from_a_wrong_one() {
        assert_eq!(read("hello there"), [Line::Other]);
        assert_eq!(read("note: this"), [Line::Other]);
        assert_eq!(
            read("run:"),
            [Line::Wrong {
                usage: "run: <command>"
            }]
        );
        assert_eq!(
            read("write: x.txt"),
            [Line::Wrong {
                usage: "write: <path> <text>"
            }]
        );
        assert_eq!(
            read("slow: 0 x"),
            [Line::Wrong {
                usage: "slow: <1 to 1000> <text>"
            }]
        );
        assert_eq!(
            read("slow: 3 a b"),
            [Line::Slow {
                count: 3,
                text: "a b"
            }]
        );
        assert_eq!(read("Help"), [Line::Help]);
    }
}
