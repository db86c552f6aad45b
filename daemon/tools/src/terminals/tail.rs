//! The end of a stream of bytes that has no effect yet: a sequence or a character whose rest has
//! not come.
//!
//! Owns where a keyframe may stand without tearing one. Pure.

/// The longest that is kept: what is longer is drawn as it comes, and torn.
const LONGEST: usize = 4096;

const ESC: u8 = 0x1b;

/// What was written and has no effect yet.
#[derive(Debug, Default)]
pub(crate) struct Tail(Vec<u8>);

impl Tail {
    /// Takes what comes next.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.0.is_empty() {
            let begin = unfinished(bytes);
            self.0
                .extend_from_slice(bytes.get(begin..).unwrap_or_default());
        } else {
            self.0.extend_from_slice(bytes);
            let begin = unfinished(&self.0);
            self.0.drain(..begin);
        }
        if self.0.len() > LONGEST {
            self.0.clear();
            self.0.shrink_to(0);
        }
    }

    /// Returns how many bytes that are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns where the unfinished end begins; the length where all is finished.
fn unfinished(bytes: &[u8]) -> usize {
    let window = bytes.len().saturating_sub(LONGEST);
    let near = bytes.get(window..).unwrap_or_default();
    if let Some(last) = memchr::memrchr(ESC, near) {
        let rest = near.get(last + 1..).unwrap_or_default();
        // Alone it may begin a sequence, or the end of a string that began before.
        if rest.is_empty() {
            let before = near.get(..last).unwrap_or_default();
            let string = memchr::memrchr(ESC, before)
                .filter(|begin| is_string(before.get(begin + 1..).unwrap_or_default()));
            return window + string.unwrap_or(last);
        }
        if !is_finished(rest) {
            return window + last;
        }
    }
    bytes.len() - cut_character(near)
}

/// Returns true where what follows an escape character is a string that goes on.
fn is_string(rest: &[u8]) -> bool {
    matches!(rest, [b']' | b'P' | b'X' | b'^' | b'_', ..]) && !is_finished(rest)
}

/// Returns true where what follows an escape character has come to its end.
fn is_finished(rest: &[u8]) -> bool {
    let broken = |byte: &u8| matches!(byte, 0x18 | 0x1a);
    match rest {
        [] => false,
        [b'[', rest @ ..] => rest
            .iter()
            .any(|byte| (0x40..=0x7e).contains(byte) || broken(byte)),
        [b']' | b'P' | b'X' | b'^' | b'_', rest @ ..] => {
            rest.iter().any(|byte| *byte == 0x07 || broken(byte))
        }
        _ => rest
            .iter()
            .any(|byte| !(0x20..=0x2f).contains(byte) || broken(byte)),
    }
}

/// Returns how many bytes at the end begin a character whose rest has not come.
fn cut_character(bytes: &[u8]) -> usize {
    for (back, byte) in bytes.iter().rev().take(3).enumerate() {
        let needs = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if needs > back + 1 { back + 1 } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_effect_yet_is_found() {
        let cases: &[(&[u8], usize)] = &[
            (b"plain", 0),
            (b"a\x1b", 1),
            (b"a\x1b[", 2),
            (b"a\x1b[1;3", 5),
            (b"a\x1b[1;31m", 0),
            (b"a\x1b]0;title", 9),
            (b"a\x1b]0;title\x07", 0),
            (b"a\x1b]0;title\x1b", 10),
            (b"a\x1b]0;title\x1b\\", 0),
            (b"a\x1b(", 2),
            (b"a\x1b(0", 0),
            (b"\x1b[31mred\xe2\x82", 2),
            ("€".as_bytes(), 0),
            (b"\xf0\x9f\x98", 3),
            (b"\xff", 0),
            (b"\x1b[1\x18", 0),
        ];
        for (bytes, expected) in cases {
            for cut in 0..=bytes.len() {
                let mut tail = Tail::default();
                tail.push(&bytes[..cut]);
                tail.push(&bytes[cut..]);
                assert_eq!(tail.len(), *expected, "{bytes:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_string_without_an_end_is_not_kept_for_ever() {
        let mut tail = Tail::default();
        tail.push(b"\x1b]52;c;");
        for _ in 0..100 {
            tail.push(&[b'x'; 1000]);
            assert!(tail.len() <= LONGEST);
        }
    }
}
