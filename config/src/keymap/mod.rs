//! Which key does what, where: the live map.
//!
//! Owns the map that the table, the preset and a person's own keys make, and looking keys up in
//! it. What an action does belongs to the console.

mod agree;
mod binding;
mod key;
mod table;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

pub(crate) use agree::check;
pub use binding::{Binding, DITTO};
pub use key::{Chord, Code, Key};
pub(crate) use table::SHAPE;
pub use table::{Action, Place, TABLE};

/// The keys of a person's choice: places, their actions, the keys of each.
pub type Chosen = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Whose keys the console has before a person chooses their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// What is hinted at on the screen.
    #[default]
    Default,
    /// `Esc` leaves the writing, letters move.
    Vim,
    /// `ctrl-x` begins, `alt-x` names an action.
    Emacs,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Default, Self::Vim, Self::Emacs];

    /// Returns its name in the config file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Vim => "vim",
            Self::Emacs => "emacs",
        }
    }
}

/// What a key turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It does this.
    Action(Action),
    /// It begins a pair of keys: the next one decides.
    Prefix,
    /// It does nothing here.
    Nothing,
}

/// A line of the table with the keys that hold now.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The line.
    pub line: &'static Binding,
    /// Its keys, the one to show first.
    pub keys: Vec<Chord>,
}

/// The live map.
#[derive(Clone, Debug)]
pub struct Keymap {
    preset: Preset,
    bound: Vec<Bound>,
    one: HashMap<(Place, Key), Found>,
    two: HashMap<(Place, Key, Key), Action>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(Preset::Default, &Chosen::new())
    }
}

impl Keymap {
    /// Returns the map that a preset and a person's own keys make. What is wrong in those was told
    /// when the settings were read, and is left out.
    pub fn new(preset: Preset, chosen: &Chosen) -> Self {
        let bound: Vec<Bound> = TABLE
            .iter()
            .map(|line| Bound {
                line,
                keys: line.keys(preset, chosen),
            })
            .collect();
        let (mut one, mut two) = (HashMap::new(), HashMap::new());
        for Bound { line, keys } in &bound {
            for chord in keys {
                match chord.then {
                    None => {
                        one.entry((line.place, chord.first))
                            .or_insert(Found::Action(line.action));
                    }
                    Some(then) => {
                        one.insert((line.place, chord.first), Found::Prefix);
                        two.insert((line.place, chord.first, then), line.action);
                    }
                }
            }
        }
        Self {
            preset,
            bound,
            one,
            two,
        }
    }

    /// Returns whose keys these are.
    pub const fn preset(&self) -> Preset {
        self.preset
    }

    /// Returns what a key does in the first of these places that knows it.
    pub fn lookup(&self, places: &[Place], pressed: Key) -> Found {
        let mut known = places
            .iter()
            .filter_map(|place| self.one.get(&(*place, pressed)));
        known.next().copied().unwrap_or(Found::Nothing)
    }

    /// Returns what the second key of a pair does in the first of these places that knows it.
    pub fn second(&self, places: &[Place], first: Key, pressed: Key) -> Option<Action> {
        let mut known = places
            .iter()
            .filter_map(|place| self.two.get(&(*place, first, pressed)));
        known.next().copied()
    }

    /// Returns all lines with their keys, in the order of the table.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// Returns the lines of one place.
    pub fn of(&self, place: Place) -> impl Iterator<Item = &Bound> {
        self.bound
            .iter()
            .filter(move |bound| bound.line.place == place)
    }

    /// Returns the key to show for an action in the first of these places that has one.
    pub fn key(&self, places: &[Place], action: Action) -> Option<Chord> {
        let shown = |place: &Place| {
            let mut own = self.of(*place).filter(|bound| bound.line.action == action);
            own.find_map(|bound| bound.keys.first().copied())
        };
        places.iter().find_map(shown)
    }
}

impl Binding {
    /// Returns the keys that a preset and a person give this line.
    fn keys(&self, preset: Preset, chosen: &Chosen) -> Vec<Chord> {
        let own = chosen
            .get(self.place.name())
            .and_then(|place| place.get(self.name));
        match own {
            Some(own) => parsed(own.iter().map(String::as_str)),
            None => parsed(self.preset(preset).iter().copied()),
        }
    }

    /// Returns the keys that it has by itself.
    const fn preset(&self, preset: Preset) -> &'static [&'static str] {
        let own = match preset {
            Preset::Default => &[],
            Preset::Vim => self.vim,
            Preset::Emacs => self.emacs,
        };
        match own.first() {
            Some(own) => own,
            None => self.keys,
        }
    }
}

fn parsed<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<Chord> {
    keys.filter_map(|key| Chord::parse(key).ok()).collect()
}
