//! The names of the files of a workspace, for a person who is about to name one.

use std::path::Path;

use super::walk::{self, Hidden};

/// Returns at most `limit` paths relative to `folder`, and whether there are more. Folders end in
/// `/`; what ignore rules name is left out, hidden files are not.
pub(crate) fn names(folder: &Path, limit: usize) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    for entry in walk::begin(folder, Hidden::Seen, None).flatten() {
        if entry.depth() == 0 {
            continue;
        }
        if names.len() == limit {
            return (names, true);
        }
        let path = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        // A name that is no text cannot be written into a message.
        let Some(name) = path.to_str() else { continue };
        if name.chars().any(char::is_control) {
            continue;
        }
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        names.push(if is_folder {
            format!("{name}/")
        } else {
            name.to_owned()
        });
    }
    (names, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_left_out_and_the_rest_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir_all(folder.path().join("src")).unwrap();
        std::fs::create_dir_all(folder.path().join("target")).unwrap();
        std::fs::create_dir_all(folder.path().join(".git")).unwrap();
        write(".gitignore", "target\n");
        write("src/main.rs", "");
        write("target/out", "");
        write(".git/HEAD", "");
        let (all, more) = names(folder.path(), 10);
        assert_eq!(all, [".gitignore", "src/", "src/main.rs"]);
        assert!(!more);
        let (some, more) = names(folder.path(), 2);
        assert_eq!((some.len(), more), (2, true));
    }
}
