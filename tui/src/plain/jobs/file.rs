//! Job files: a job as TOML or JSON, with the names that the protocol has.
//!
//! Owns: that an unknown key is a mistake, told with its line and what was probably meant.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use smartopol_protocol::job::Spec;
use smartopol_protocol::{Code, Fault, suggest};

/// Reads a job file.
pub(super) fn read(path: &Path) -> anyhow::Result<Spec> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let mut spec = parse(&path.display().to_string(), &text)?;
    // Relative to the file, as one who writes it sees it.
    if let Some(workspace) = &spec.workspace
        && let Some(folder) = path.canonicalize().ok().as_deref().and_then(Path::parent)
    {
        spec.workspace = Some(folder.join(workspace).to_string_lossy().into_owned());
    }
    Ok(spec)
}

/// Reads the text of a job file: JSON where its name ends so, else TOML.
fn parse(name: &str, text: &str) -> Result<Spec, Fault> {
    let json = Path::new(name)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("json"));
    if json && !text.trim_start().starts_with('{') && serde_json::from_str::<Value>(text).is_ok() {
        let told = "a job is an object with names: {\"when\": …, \"action\": {…}}";
        return Err(wrong(name, 1, told));
    }
    if json {
        return serde_json::from_str(text).map_err(|err| wrong(name, err.line(), &err.to_string()));
    }
    toml::from_str(text).map_err(|err| {
        let line = err.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or(text);
            before.matches('\n').count() + 1
        });
        wrong(name, line, err.message().trim())
    })
}

fn wrong(name: &str, line: usize, message: &str) -> Fault {
    let fault = Fault::new(Code::BadRequest, format!("{name}:{line}: {message}"));
    match suggest::meant(message) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault.hint("see `smartopol jobs add --help`, and the job file in README.md"),
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::job::{Action, Missed};

    use super::*;

    #[test]
    fn a_job_file_says_what_a_spec_says() {
        let spec = parse(
            "tidy.toml",
            "when = \"every monday 9:00\"\nsession = \"notes\"\n\
             action = { do = \"prompt\", text = \"tidy up\" }\n[policy]\nmissed = \"skip\"\n",
        )
        .unwrap();
        assert_eq!(
            spec.action,
            Action::Prompt {
                text: "tidy up".into()
            }
        );
        assert_eq!(spec.policy.missed, Missed::Skip);
        assert_eq!(spec.session.as_deref(), Some("notes"));
    }

    #[test]
    fn a_job_file_may_be_json() {
        let text = r#"{"when": "9:00", "action": {"do": "remind", "text": "x"}}"#;
        assert_eq!(
            parse("tea.json", text).unwrap().when.as_deref(),
            Some("9:00")
        );
        let text = "{\"when\": \"9:00\",\n \"polcy\": {}}";
        let fault = parse("tea.json", text).unwrap_err();
        assert!(
            fault
                .message
                .starts_with("tea.json:2: unknown field `polcy`"),
            "{}",
            fault.message
        );
        assert_eq!(fault.hint, "did you mean `policy`?");
    }

    #[test]
    fn json_that_is_no_job_is_told_what_a_job_is() {
        for text in ["[]", " [1]", "\"tea\"", "7"] {
            let fault = parse("tea.json", text).unwrap_err();
            assert_eq!(
                fault.message,
                "tea.json:1: a job is an object with names: {\"when\": …, \"action\": {…}}"
            );
        }
    }

    #[test]
    fn a_key_that_is_not_known_is_a_mistake_with_its_line_and_a_suggestion() {
        let action = "action = { do = \"prompt\", text = \"x\" }\n";
        for (text, line, near) in [
            (format!("whne = \"9:00\"\n{action}"), 1, "when"),
            (
                format!("when = \"9:00\"\n{action}budget_token = 5\n"),
                3,
                "budget_tokens",
            ),
            (
                format!("when = \"9:00\"\n{action}[policy]\nretrys = 1\n"),
                4,
                "retries",
            ),
            (
                "when = \"9:00\"\naction = { do = \"promt\", text = \"x\" }\n".into(),
                2,
                "prompt",
            ),
            (
                "when = \"9:00\"\naction = { do = \"prompt\", txt = \"x\" }\n".into(),
                2,
                "text",
            ),
        ] {
            let fault = parse("job.toml", &text).unwrap_err();
            assert!(
                fault.message.starts_with(&format!("job.toml:{line}:")),
                "{}",
                fault.message
            );
            assert_eq!(
                fault.hint,
                format!("did you mean `{near}`?"),
                "{}",
                fault.message
            );
        }
    }
}
