//! The texts that announce a secret.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};

/// What an anchor announces.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    /// A part of a name; its value may follow.
    Name,
    /// A scheme of HTTP's `Authorization`.
    Scheme,
    /// A key that begins so.
    Key(Rule),
    /// A JSON web token.
    Jwt,
    /// A private key.
    Pem,
    /// A URL, which may hold a password.
    Url,
    /// A flag for `user:password`.
    User,
    /// A flag `-p`, which some programs take a password with.
    ShortPassword,
}

/// What follows the beginning of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// The fewest characters.
    pub(super) least: usize,
    /// Whether what follows must look like chance.
    pub(super) random: bool,
    /// Whether letter case matters in the beginning.
    pub(super) exact: Option<&'static str>,
}

const fn key(least: usize) -> Anchor {
    Anchor::Key(Rule {
        least,
        random: true,
        exact: None,
    })
}

const fn sure(least: usize) -> Anchor {
    Anchor::Key(Rule {
        least,
        random: false,
        exact: None,
    })
}

const fn exact(begin: &'static str, least: usize) -> Anchor {
    Anchor::Key(Rule {
        least,
        random: true,
        exact: Some(begin),
    })
}

const LIST: &[(&str, Anchor)] = &[
    ("password", Anchor::Name),
    ("passwd", Anchor::Name),
    ("passphrase", Anchor::Name),
    ("secret", Anchor::Name),
    ("token", Anchor::Name),
    ("api_key", Anchor::Name),
    ("api-key", Anchor::Name),
    ("apikey", Anchor::Name),
    ("access_key", Anchor::Name),
    ("access-key", Anchor::Name),
    ("accesskey", Anchor::Name),
    ("private_key", Anchor::Name),
    ("private-key", Anchor::Name),
    ("privatekey", Anchor::Name),
    ("authorization", Anchor::Name),
    ("cookie", Anchor::Name),
    ("credential", Anchor::Name),
    ("bearer ", Anchor::Scheme),
    ("basic ", Anchor::Scheme),
    ("sk-ant-", sure(8)),
    ("sk-", key(16)),
    ("sk_live_", sure(10)),
    ("sk_test_", sure(10)),
    ("rk_live_", sure(10)),
    ("ghp_", key(20)),
    ("gho_", key(20)),
    ("ghu_", key(20)),
    ("ghs_", key(20)),
    ("ghr_", key(20)),
    ("github_pat_", key(20)),
    ("glpat-", key(16)),
    ("npm_", key(30)),
    ("hf_", key(30)),
    ("pypi-", key(40)),
    ("xoxa-", key(10)),
    ("xoxb-", key(10)),
    ("xoxe-", key(10)),
    ("xoxp-", key(10)),
    ("xoxr-", key(10)),
    ("xoxs-", key(10)),
    ("akia", exact("AKIA", 16)),
    ("asia", exact("ASIA", 16)),
    ("aiza", exact("AIza", 30)),
    ("eyj", Anchor::Jwt),
    ("-----begin ", Anchor::Pem),
    ("://", Anchor::Url),
    (" -u", Anchor::User),
    (" --user", Anchor::User),
    (" -p", Anchor::ShortPassword),
];

/// Finds anchors, whatever their letter case.
pub(super) struct Anchors(Option<AhoCorasick>);

/// Made when it is first needed.
pub(super) static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let finder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(LIST.iter().map(|(text, _)| text));
    Anchors(finder.ok())
});

impl Anchors {
    /// Returns the next anchor from a place on, with its beginning and end.
    pub(super) fn next(&self, text: &str, from: usize) -> Option<(Anchor, usize, usize)> {
        let found = self.0.as_ref()?.find(Input::new(text).range(from..))?;
        let (_, anchor) = LIST.get(found.pattern().as_usize())?;
        Some((*anchor, found.start(), found.end()))
    }
}
