//! How deep a JSON text nests, seen from its bytes.
//!
//! Does not judge whether the text is valid: it runs before anything that recurses does.

use smartopol_protocol::envelope::MAX_DEPTH;

/// Returns true where arrays and objects nest deeper than the protocol allows.
pub(crate) fn too_deep(text: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn the_limit_is_allowed_and_one_more_is_not() {
        assert!(!too_deep(nested(MAX_DEPTH).as_bytes()));
        assert!(too_deep(nested(MAX_DEPTH + 1).as_bytes()));
        let beside = format!("[{}]", vec![nested(MAX_DEPTH - 1); 3].join(","));
        assert!(!too_deep(beside.as_bytes()));
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        let many = "[{".repeat(100);
        assert!(!too_deep(format!(r#"{{"a":"{many}"}}"#).as_bytes()));
        assert!(!too_deep(format!(r#"{{"a":"\"{many}\\"}}"#).as_bytes()));
        assert!(too_deep(format!(r#"{{"a":"\\",{many}"#).as_bytes()));
    }
}
