//! A topic as a file of Markdown: what is exported, imported, and read as a seed.
//!
//! ```text
//! ---
//! tags: deploy, server
//! links:
//! - Server
//! ---
//! # Deploy
//!
//! make deploy, from main only
//! ```
//!
//! The head may be missing; without a heading, the name of the file is the topic's.

use std::fmt::Write as _;

/// A topic as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicFile {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The names of the topics that it points to.
    pub links: Vec<String>,
    /// What it says.
    pub text: String,
}

impl TopicFile {
    /// Reads a file; `stem` is its name without the ending.
    pub fn read(stem: &str, file: &str) -> Self {
        let file = file
            .strip_prefix('\u{feff}')
            .unwrap_or(file)
            .replace("\r\n", "\n");
        let mut topic = Self::default();
        let text = match head(&file) {
            Some((head, rest)) => {
                topic.read_head(head);
                rest
            }
            None => &file,
        };
        let text = text.trim_start_matches('\n');
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let heading = first.strip_prefix("# ").map(str::trim);
        match heading.filter(|name| !name.is_empty()) {
            Some(name) => {
                name.clone_into(&mut topic.name);
                rest.trim().clone_into(&mut topic.text);
            }
            None => {
                stem.clone_into(&mut topic.name);
                text.trim().clone_into(&mut topic.text);
            }
        }
        topic
    }

    /// Returns the file.
    pub fn write(&self) -> String {
        let mut file = String::new();
        if !self.tags.is_empty() || !self.links.is_empty() {
            file.push_str("---\n");
            if !self.tags.is_empty() {
                let _ = writeln!(file, "tags: {}", self.tags.join(", "));
            }
            if !self.links.is_empty() {
                file.push_str("links:\n");
                for link in &self.links {
                    let _ = writeln!(file, "- {link}");
                }
            }
            file.push_str("---\n");
        }
        let _ = write!(file, "# {}\n\n{}\n", self.name, self.text.trim());
        file
    }

    /// Returns a name for the file, without an ending: small letters, digits and `-`.
    pub fn stem(&self) -> String {
        let mut stem = String::new();
        for c in self.name.chars().flat_map(char::to_lowercase) {
            match c.is_alphanumeric() {
                true => stem.push(c),
                false if !stem.is_empty() && !stem.ends_with('-') => stem.push('-'),
                false => {}
            }
        }
        match stem.trim_end_matches('-') {
            "" => "topic".to_owned(),
            stem => stem.to_owned(),
        }
    }

    fn read_head(&mut self, head: &str) {
        let mut key = "";
        for line in head.lines() {
            if let Some(item) = line.trim_start().strip_prefix("- ") {
                self.put(key, item);
                continue;
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            key = name.trim();
            let value = value.trim();
            let inside = value
                .strip_prefix('[')
                .and_then(|own| own.strip_suffix(']'));
            for item in inside.unwrap_or(value).split(',') {
                self.put(key, item);
            }
        }
    }

    fn put(&mut self, key: &str, item: &str) {
        let item = item.trim().trim_matches(['"', '\'']).trim();
        let list = match key {
            "tags" => &mut self.tags,
            "links" => &mut self.links,
            _ => return,
        };
        if !item.is_empty() && !list.iter().any(|own| own == item) {
            list.push(item.to_owned());
        }
    }
}

/// Returns what stands between the two lines `---` at the beginning, and what follows.
fn head(file: &str) -> Option<(&str, &str)> {
    let inside = file.strip_prefix("---\n")?;
    if let Some(rest) = inside.strip_prefix("---\n") {
        return Some(("", rest));
    }
    let (head, rest) = inside.split_once("\n---")?;
    let rest = match rest.split_once('\n') {
        Some((end, rest)) if end.trim().is_empty() => rest,
        None if rest.trim().is_empty() => "",
        _ => return None,
    };
    Some((head, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_read_as_it_was_written() {
        let topic = TopicFile {
            name: "Deploy: the \"blue\" server".into(),
            tags: vec!["deploy".into(), "a b".into()],
            links: vec!["Server, blue".into(), "[x]".into()],
            text: "# First\n\n---\ntags: none\n\n- make".into(),
        };
        assert_eq!(TopicFile::read("x", &topic.write()), topic);
        assert_eq!(topic.stem(), "deploy-the-blue-server");
        let bare = TopicFile {
            name: "日本".into(),
            text: "text".into(),
            ..TopicFile::default()
        };
        assert_eq!(bare.write(), "# 日本\n\ntext\n");
        assert_eq!(TopicFile::read("x", &bare.write()), bare);
    }

    #[test]
    fn any_markdown_is_a_topic() {
        let read = TopicFile::read("the-file", "just words\r\nand more");
        assert_eq!(
            (read.name.as_str(), read.text.as_str()),
            ("the-file", "just words\nand more")
        );
        let read = TopicFile::read("f", "---\ntitle: x\ntags: [a, \"b\"]\n---\n\n# T\nbody");
        assert_eq!(read.name, "T");
        assert_eq!(read.tags, ["a", "b"]);
        assert_eq!(read.text, "body");
        let read = TopicFile::read("f", "---\nnot a head");
        assert_eq!(read.text, "---\nnot a head");
        assert_eq!(TopicFile::read("f", "").text, "");
    }
}
