//! A person's own pager and editor, for a while in the console's place.
//!
//! Owns which program that is, the file it gets (nobody else can read it, and it is gone
//! afterwards), and the child. The runtime gives the terminal away before and takes it back after.

use std::io::{self, Write};
use std::process::Stdio;

use smartopol_protocol::SessionId;
use tempfile::{Builder, NamedTempFile};
use tokio::process::{Child, Command};

/// Which of a person's programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Pager,
    Editor,
}

/// What becomes of the text afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It was looked at.
    Look,
    /// It is the draft of this session.
    Draft(SessionId),
}

/// A text that is shown in another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct External {
    pub(crate) program: Program,
    pub(crate) text: String,
    /// The end of the file's name, by which editors know the language: `.md`.
    pub(crate) suffix: &'static str,
    pub(crate) purpose: Use,
}

/// A program that has the terminal.
#[derive(Debug)]
pub(crate) struct Outside {
    child: Child,
    file: NamedTempFile,
    purpose: Use,
    name: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) purpose: Use,
    /// The text as the program left it, or why there is none.
    pub(crate) text: Result<String, String>,
}

impl Program {
    /// Returns the command line: the person's choice, else the first usual one that is there.
    fn choose(
        self,
        var: impl Fn(&str) -> Option<String>,
        there: impl Fn(&str) -> bool,
    ) -> Result<String, String> {
        let (names, usual): (&[&str], &[&str]) = match self {
            Self::Pager => (&["PAGER"], &["less", "more"]),
            Self::Editor => (&["VISUAL", "EDITOR"], &["nano", "vim", "vi"]),
        };
        let own = names
            .iter()
            .filter_map(|name| var(name))
            .find(|program| !program.trim().is_empty());
        own.or_else(|| {
            let found = usual.iter().find(|program| there(program));
            found.map(|program| (*program).to_owned())
        })
        .ok_or_else(|| {
            let name = names.last().copied().unwrap_or_default();
            format!("no {} was found: set {name}", self.word())
        })
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Pager => "pager",
            Self::Editor => "editor",
        }
    }
}

/// Finds the program and writes the file; the terminal is still ours.
///
/// # Errors
/// Where there is no such program, or no file can be written, in words.
pub(crate) fn prepare(external: &External) -> Result<(String, NamedTempFile), String> {
    let line = external
        .program
        .choose(|name| std::env::var(name).ok(), crate::clipboard::is_there)?;
    let file = write(external).map_err(|err| {
        let folder = std::env::temp_dir();
        format!("no file can be written in {}: {err}", folder.display())
    })?;
    Ok((line, file))
}

fn write(external: &External) -> io::Result<NamedTempFile> {
    let mut file = Builder::new()
        .prefix("smartopol-")
        .suffix(external.suffix)
        .tempfile()?;
    file.write_all(external.text.as_bytes())?;
    file.flush()?;
    Ok(file)
}

/// Starts the program; the terminal is its own now.
///
/// # Errors
/// Where no shell can be started.
pub(crate) fn start(line: String, file: NamedTempFile, purpose: Use) -> io::Result<Outside> {
    // The shell splits the words of `EDITOR="code --wait"` as everybody expects.
    let child = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{line} \"$1\""))
        .arg("sh")
        .arg(file.path())
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .spawn()?;
    Ok(Outside {
        child,
        file,
        purpose,
        name: line,
    })
}

impl Outside {
    /// Waits for the program's end. May be cancelled at any time.
    pub(crate) async fn ended(&mut self) -> Result<(), String> {
        match self.child.wait().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{}` failed: {status}", self.name)),
            Err(err) => Err(format!("`{}` was lost: {err}", self.name)),
        }
    }

    /// Reads what the program left, and removes the file.
    pub(crate) fn close(self, ended: Result<(), String>) -> Returned {
        // Editors often write another file in the place of this one, so it is read by its name.
        let text = ended.and_then(|()| {
            std::fs::read_to_string(self.file.path())
                .map_err(|err| format!("what `{}` left cannot be read: {err}", self.name))
        });
        Returned {
            purpose: self.purpose,
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let own = set.iter().find(|(own, _)| *own == name);
            own.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_persons_own_choice_comes_first() {
        let both = with(&[("EDITOR", "ed"), ("VISUAL", "code --wait"), ("PAGER", " ")]);
        assert_eq!(
            Program::Editor.choose(&both, |_| true),
            Ok("code --wait".into())
        );
        assert_eq!(Program::Pager.choose(&both, |_| true), Ok("less".into()));
        let none = Program::Editor.choose(with(&[]), |_| false);
        assert_eq!(none, Err("no editor was found: set EDITOR".into()));
    }

    #[tokio::test]
    async fn what_the_editor_leaves_comes_back_and_the_file_is_gone() {
        use std::os::unix::fs::PermissionsExt;
        let external = External {
            program: Program::Editor,
            text: "draft".into(),
            suffix: ".md",
            purpose: Use::Look,
        };
        let file = write(&external).unwrap();
        let path = file.path().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let script = "f() { printf ', longer' >> \"$1\"; }; f".to_owned();
        let mut outside = start(script, file, external.purpose).unwrap();
        let ended = outside.ended().await;
        let returned = outside.close(ended);
        assert_eq!(returned.text, Ok("draft, longer".into()));
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn an_editor_that_fails_changes_nothing() {
        let external = External {
            program: Program::Editor,
            text: "draft".into(),
            suffix: ".md",
            purpose: Use::Look,
        };
        let file = write(&external).unwrap();
        let mut outside = start("false".into(), file, external.purpose).unwrap();
        let ended = outside.ended().await;
        let returned = outside.close(ended);
        assert!(returned.text.unwrap_err().starts_with("`false` failed"));
    }
}
