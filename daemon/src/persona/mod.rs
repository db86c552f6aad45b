//! Who the agent is: seven files of plain text in the workspace folder, which people edit.
//!
//! Owns: which file counts for whom, what is told of a long one, the first conversation. A file may
//! stand in the folder itself, in `users/NAME`, in `channels/NAME` and in `sessions/ID`; the closest
//! to the conversation wins, whole. What they say reaches the next turn.

mod defaults;

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use smartopol_protocol::prompt::Tier;

/// The files, in the order in which a model reads them, and how lasting each is.
pub(crate) const FILES: [(&str, Tier); 6] = [
    ("SOUL.md", Tier::Fixed),
    ("IDENTITY.md", Tier::Fixed),
    ("AGENTS.md", Tier::Fixed),
    ("TOOLS.md", Tier::Fixed),
    ("USER.md", Tier::Person),
    (BOOTSTRAP, Tier::Person),
];

/// The file of the first conversation.
const BOOTSTRAP: &str = "BOOTSTRAP.md";

/// How many bytes of a file a model is told.
pub(crate) const TOLD: usize = 16 * 1024;

/// How many files are kept in memory as they were read last.
const KEPT: usize = 256;

/// Whose conversation it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    /// The name of the user.
    pub(crate) user: &'a str,
    /// True for the one who may be asked who they are: an admin who talks for themselves.
    pub(crate) introduces: bool,
    /// The channel that it comes over, such as `cli`.
    pub(crate) channel: &'a str,
    /// The session, as it is written.
    pub(crate) session: &'a str,
}

/// A file as it counts for a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its name, such as `SOUL.md`.
    pub(crate) name: &'static str,
    pub(crate) tier: Tier,
    pub(crate) path: PathBuf,
    /// What a model is told of it.
    pub(crate) text: Arc<str>,
    /// How many bytes of its end are not told.
    pub(crate) cut: u64,
}

/// The files of who the agent is.
#[derive(Debug)]
pub(crate) struct Persona {
    folder: PathBuf,
    read: Mutex<HashMap<PathBuf, Read>>,
}

/// A file as it was read, with what tells whether it has changed since.
#[derive(Debug)]
struct Read {
    at: SystemTime,
    len: u64,
    text: Arc<str>,
}

/// A file that is there: how long it is, and the beginning of it.
struct File {
    path: PathBuf,
    len: u64,
    text: Arc<str>,
}

impl File {
    fn of(path: &Path, len: u64, text: Arc<str>) -> Self {
        Self {
            path: path.to_path_buf(),
            len,
            text,
        }
    }
}

impl Persona {
    /// Returns the files in a folder. Where none of them is there yet, they are written as they are
    /// at first; a file that a person removes later stays away.
    ///
    /// # Errors
    /// The folder or a file cannot be written.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        let there = FILES.iter().any(|(name, _)| folder.join(name).exists());
        defaults::write(&folder, there)?;
        Ok(Self {
            folder,
            read: Mutex::default(),
        })
    }

    /// Returns what counts for a conversation, in the order in which it is told.
    ///
    /// A handful of looks at a folder of ours: sooner done than handed over to another thread.
    pub(crate) fn told(&self, whose: Whose<'_>) -> Vec<Told> {
        let layers = self.layers(whose);
        let closest = |name: &str| layers.iter().find_map(|layer| self.file(&layer.join(name)));
        FILES
            .iter()
            .filter(|(name, _)| *name != BOOTSTRAP || whose.introduces)
            .filter_map(|(name, tier)| {
                let File { path, len, text } = closest(name)?;
                let kept = beginning(&text);
                let (text, cut) = match kept.len() == text.len() && len <= TOLD as u64 {
                    true => (text, 0),
                    false => (Arc::from(kept), len.saturating_sub(kept.len() as u64)),
                };
                (!text.trim().is_empty()).then_some(Told {
                    name,
                    tier: *tier,
                    path,
                    text,
                    cut,
                })
            })
            .collect()
    }

    /// Returns the folders that count, the closest first. A name that is no plain name of a folder
    /// leads nowhere.
    fn layers(&self, whose: Whose<'_>) -> Vec<PathBuf> {
        let layers = [
            ("sessions", whose.session),
            ("channels", whose.channel),
            ("users", whose.user),
        ];
        let plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains('/');
        let own = layers
            .iter()
            .filter(|(_, name)| plain(name))
            .map(|(kind, name)| self.folder.join(kind).join(name))
            .filter(|layer| layer.is_dir());
        own.chain([self.folder.clone()]).collect()
    }

    /// Returns a file with its text; `None` where it is not there or cannot be read, which is logged.
    fn file(&self, path: &Path) -> Option<File> {
        let about = std::fs::metadata(path).ok().filter(|own| own.is_file())?;
        let (at, len) = (
            about.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            about.len(),
        );
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(path)
            && (known.at, known.len) == (at, len)
        {
            return Some(File::of(path, len, Arc::clone(&known.text)));
        }
        // No more than is told is read: a person's file may be of any size.
        let mut bytes = Vec::new();
        let limit = TOLD as u64 + 4;
        let whole =
            std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        if let Err(err) = whole {
            tracing::warn!("{} cannot be read: {err}", path.display());
            return None;
        }
        let text: Arc<str> = String::from_utf8_lossy(&bytes).into();
        if read.len() >= KEPT {
            read.clear();
        }
        let kept = Arc::clone(&text);
        read.insert(
            path.to_path_buf(),
            Read {
                at,
                len,
                text: kept,
            },
        );
        Some(File::of(path, len, text))
    }

    /// Ends the first conversation once both files that it is to fill in say something of their own;
    /// true where it ended now.
    pub(crate) fn settle(&self) -> bool {
        let own = |name: &str| {
            let text = self.file(&self.folder.join(name));
            text.is_some_and(|own| !defaults::is_untouched(name, &own.text))
        };
        self.folder.join(BOOTSTRAP).is_file()
            && own("IDENTITY.md")
            && own("USER.md")
            && self.skip().is_ok_and(|was| was)
    }

    /// Ends the first conversation; false where it had ended before.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub(crate) fn skip(&self) -> io::Result<bool> {
        match std::fs::remove_file(self.folder.join(BOOTSTRAP)) {
            Ok(()) => Ok(true),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(err) => Err(err),
        }
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Returns the beginning of a file that models are told, in whole lines where that is possible.
fn beginning(text: &str) -> &str {
    let Some(head) = text.get(..text.floor_char_boundary(TOLD)) else {
        return text;
    };
    if head.len() == text.len() {
        return text;
    }
    let end = head.rfind('\n').map_or(head.len(), |end| end + 1);
    head.get(..end).unwrap_or(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Whose<'static> = Whose {
        user: "ana",
        introduces: true,
        channel: "telegram",
        session: "ses_1",
    };

    fn texts(persona: &Persona, whose: Whose<'_>) -> Vec<(&'static str, String)> {
        let told = persona.told(whose);
        told.iter()
            .map(|own| (own.name, own.text.to_string()))
            .collect()
    }

    fn put(persona: &Persona, path: &str, text: &str) {
        let path = persona.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn soul(persona: &Persona, whose: Whose<'_>) -> String {
        let told = texts(persona, whose);
        let soul = told.into_iter().find(|(name, _)| *name == "SOUL.md");
        soul.map(|(_, text)| text).unwrap_or_default()
    }

    #[test]
    fn the_files_are_written_once_and_one_that_was_removed_stays_away() {
        let folder = tempfile::tempdir().unwrap();
        let persona = Persona::open(folder.path().join("workspace")).unwrap();
        let names: Vec<_> = texts(&persona, ANA)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, FILES.map(|(name, _)| name));
        std::fs::remove_file(persona.folder().join("SOUL.md")).unwrap();
        let again = Persona::open(persona.folder().to_path_buf()).unwrap();
        assert_eq!(soul(&again, ANA), "");
    }

    #[test]
    fn the_closest_file_wins_whole_and_an_edit_is_seen_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let persona = Persona::open(folder.path().to_path_buf()).unwrap();
        put(&persona, "users/ana/SOUL.md", "of ana");
        assert_eq!(soul(&persona, ANA), "of ana");
        put(&persona, "channels/telegram/SOUL.md", "of telegram");
        assert_eq!(soul(&persona, ANA), "of telegram");
        put(&persona, "sessions/ses_1/SOUL.md", "of the session");
        assert_eq!(soul(&persona, ANA), "of the session");
        put(
            &persona,
            "sessions/ses_1/SOUL.md",
            "of the session, changed",
        );
        assert_eq!(soul(&persona, ANA), "of the session, changed");
        let other = Whose {
            user: "bob",
            channel: "cli",
            session: "ses_2",
            ..ANA
        };
        assert!(soul(&persona, other).starts_with("# Soul"));
        for name in ["..", "../users/ana", ".", ""] {
            let other = Whose {
                user: name,
                ..other
            };
            assert!(soul(&persona, other).starts_with("# Soul"), "{name}");
        }
    }

    #[test]
    fn a_first_start_that_was_killed_is_taken_up_and_writes_over_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let all = Persona::open(folder.path().join("all")).unwrap();
        let names = FILES.map(|(name, _)| name);
        // Killed while the files were moved to their places.
        let ready = all.folder().join(".first");
        std::fs::create_dir(&ready).unwrap();
        for name in names.iter().skip(2) {
            std::fs::rename(all.folder().join(name), ready.join(name)).unwrap();
        }
        put(&all, "TOOLS.md", "mine");
        let again = Persona::open(all.folder().to_path_buf()).unwrap();
        let told: Vec<_> = texts(&again, ANA);
        assert_eq!(
            told.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            names
        );
        assert!(told.contains(&("TOOLS.md", "mine".into())));
        assert!(!ready.exists());
        // Killed while they were written.
        let half = folder.path().join("half");
        std::fs::create_dir_all(half.join(".writing")).unwrap();
        std::fs::write(half.join(".writing/SOUL.md"), "# So").unwrap();
        let half = Persona::open(half).unwrap();
        assert!(soul(&half, ANA).starts_with("# Soul\n"));
        assert!(!half.folder().join(".writing").exists());
    }

    #[test]
    fn a_long_file_is_told_in_whole_lines_and_says_what_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let persona = Persona::open(folder.path().to_path_buf()).unwrap();
        let text = "a line of some length\n".repeat(1_000);
        put(&persona, "SOUL.md", &text);
        let told = persona.told(ANA);
        assert!(told[0].text.len() <= TOLD && told[0].text.ends_with('\n'));
        assert_eq!(told[0].text.len() as u64 + told[0].cut, text.len() as u64);
    }

    #[test]
    fn the_first_conversation_ends_once_both_files_say_something_or_a_person_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let persona = Persona::open(folder.path().to_path_buf()).unwrap();
        assert!(!persona.settle());
        put(&persona, "IDENTITY.md", "- Name: Kit");
        assert!(!persona.settle());
        put(&persona, "USER.md", "- Name: Ana");
        assert!(persona.settle());
        assert!(!persona.settle(), "once");
        assert!(
            !texts(&persona, ANA)
                .iter()
                .any(|(name, _)| *name == BOOTSTRAP)
        );

        let other = Persona::open(folder.path().join("other")).unwrap();
        let child = Whose {
            introduces: false,
            ..ANA
        };
        assert!(
            !texts(&other, child)
                .iter()
                .any(|(name, _)| *name == BOOTSTRAP)
        );
        assert_eq!(
            (other.skip().unwrap(), other.skip().unwrap()),
            (true, false)
        );
    }
}
