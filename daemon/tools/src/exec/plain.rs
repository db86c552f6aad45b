//! Makes plain text of what programs write: no escape sequences, no control characters.
//!
//! Works piece by piece: a character or a sequence may be cut anywhere. Line breaks and tabs stay;
//! a lone carriage return becomes a line break; invalid UTF-8 becomes U+FFFD.

/// The longest string sequence (a window title, say) before it is taken for text again.
const SEQUENCE_BYTES: usize = 4096;

/// What has been read of the output so far, as far as it matters for what comes.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    state: State,
    /// The beginning of a character whose end has not come.
    cut: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    /// After a carriage return.
    Return,
    /// After an escape character.
    Escape,
    /// In an escape sequence with intermediate characters: one more ends it.
    Intermediate,
    /// In a control sequence, up to its final character.
    Control,
    /// In a string, up to its terminator.
    String { seen: usize, escape: bool },
}

impl Plain {
    /// Adds the plain text of `bytes` to `out`.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut String) {
        let joined;
        let mut rest = if self.cut.is_empty() {
            bytes
        } else {
            self.cut.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.cut);
            &joined
        };
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.text(text, out),
                Err(err) => {
                    let (valid, after) = rest.split_at(err.valid_up_to());
                    self.text(std::str::from_utf8(valid).unwrap_or_default(), out);
                    let Some(bad) = err.error_len() else {
                        self.cut = after.to_vec();
                        return;
                    };
                    self.text("\u{fffd}", out);
                    rest = after.get(bad..).unwrap_or_default();
                }
            }
        }
    }

    /// Adds what is left when nothing more comes.
    pub(crate) fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.cut).is_empty() {
            self.text("\u{fffd}", out);
        }
        if matches!(self.state, State::Return) {
            out.push('\n');
        }
        self.state = State::Text;
    }

    fn text(&mut self, mut text: &str, out: &mut String) {
        while !text.is_empty() {
            if matches!(self.state, State::Text) {
                // 0xC2 begins the C1 controls, among others.
                let plain = |byte: &u8| {
                    matches!(byte, b'\n' | b'\t' | 0x20..=0x7e) || (*byte > 0x7f && *byte != 0xc2)
                };
                let end = text.bytes().position(|byte| !plain(&byte));
                let (run, rest) = text.split_at(end.unwrap_or(text.len()));
                out.push_str(run);
                text = rest;
            }
            let mut chars = text.chars();
            if let Some(char) = chars.next() {
                self.char(char, out);
                text = chars.as_str();
            }
        }
    }

    fn char(&mut self, char: char, out: &mut String) {
        self.state = match (&self.state, char) {
            (State::Return, '\n') => {
                out.push('\n');
                State::Text
            }
            (State::Return, _) => {
                out.push('\n');
                self.state = State::Text;
                return self.char(char, out);
            }
            // An escape character begins anew wherever it stands, but in a string it may end it.
            (State::Text | State::Escape | State::Intermediate | State::Control, '\x1b') => {
                State::Escape
            }
            (State::Text, '\r') => State::Return,
            (State::Text, '\u{9b}') => State::Control,
            (State::Text, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') => string(),
            (State::Text, _) => {
                if matches!(char, '\n' | '\t') || !char.is_control() {
                    out.push(char);
                }
                State::Text
            }
            (State::Escape, '[') => State::Control,
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => string(),
            (State::Escape | State::Intermediate, ' '..='/') => State::Intermediate,
            (State::Escape | State::Intermediate, '0'..='~') => State::Text,
            (State::Control, '@'..='~') => State::Text,
            (State::Control, ' '..='?') => State::Control,
            (State::String { .. }, '\x07' | '\u{9c}')
            | (State::String { escape: true, .. }, '\\') => State::Text,
            (State::String { escape: true, .. }, _) => {
                self.state = State::Escape;
                return self.char(char, out);
            }
            // A line break never belongs to a string: its end was lost.
            (State::String { seen, .. }, char) if char != '\n' && *seen < SEQUENCE_BYTES => {
                State::String {
                    seen: seen + char.len_utf8(),
                    escape: char == '\x1b',
                }
            }
            // Broken off: what comes is text again.
            _ => {
                self.state = State::Text;
                return self.char(char, out);
            }
        };
    }
}

fn string() -> State {
    State::String {
        seen: 0,
        escape: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(pieces: &[&[u8]]) -> String {
        let mut plain = Plain::default();
        let mut out = String::new();
        for piece in pieces {
            plain.push(piece, &mut out);
        }
        plain.finish(&mut out);
        out
    }

    #[test]
    fn colours_titles_and_control_characters_are_gone_and_text_stays() {
        let cases: &[(&[u8], &str)] = &[
            (b"\x1b[1;31mred\x1b[0m\tend\n", "red\tend\n"),
            (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
            (b"\x1b(B\x1b=x\x08\x00\x7fy", "xy"),
            (b"10%\r20%\r\ndone\r", "10%\n20%\ndone\n"),
            ("\u{9b}31mé\u{85}".as_bytes(), "é"),
            (b"a\xffb\xe2\x82", "a\u{fffd}b\u{fffd}"),
            (b"\x1b]0;never ended\nnext", "\nnext"),
            (b"\x1b[31\nx", "\nx"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(plain(&[bytes]), *expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_pieces_are_cut(
            bytes in proptest::collection::vec(
                prop_oneof![any::<u8>(), proptest::sample::select(b"\x1b[]m;\\\x07\r\n\xc2\x9b\xe2\x82\xac".to_vec())],
                0..60,
            ),
            cut in 0usize..60,
        ) {
            let (a, b) = bytes.split_at(cut.min(bytes.len()));
            let whole = plain(&[&bytes]);
            prop_assert_eq!(&whole, &plain(&[a, b]));
            prop_assert!(whole.chars().all(|char| !char.is_control() || char == '\n' || char == '\t'));
        }
    }
}
