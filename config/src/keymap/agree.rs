//! Keys that are each right and do not go together: one key for two actions of a place, a letter
//! where one writes.

use super::{Bound, Chord, Chosen, Keymap, Preset};
use crate::check::Key as At;

/// A mistake: where it stands, what it is, what to do.
pub(crate) type Found = (At, String, String);

/// Finds what does not go together in the keys that a person chose.
pub(crate) fn check(preset: Preset, chosen: &Chosen) -> Vec<Found> {
    let map = Keymap::new(preset, chosen);
    let own = |bound: &Bound| {
        chosen
            .get(bound.line.place.name())
            .is_some_and(|place| place.contains_key(bound.line.name))
    };
    let mut found = Vec::new();
    for bound in map.bound().iter().filter(|bound| own(bound)) {
        let (place, name) = (bound.line.place, bound.line.name);
        let at: At = ["console", "keys", place.name(), name]
            .map(String::from)
            .into();
        for chord in &bound.keys {
            if place.is_written_in() && chord.first.is_letter() {
                found.push((
                    at.clone(),
                    format!(
                        "`{chord}` cannot be a key of `{}`: it is written there",
                        place.name()
                    ),
                    "hold ctrl or alt beside it, or take a function key".into(),
                ));
            }
            let mut others = map.of(place).filter(|other| other.line.name != name);
            let other = others.find_map(|other| {
                let clash = other.keys.iter().find(|key| clash(**key, *chord))?;
                Some((other, *clash))
            });
            let Some((other, clash)) = other else {
                continue;
            };
            // Two of a person's own are told once.
            if own(other) && other.line.name < name {
                continue;
            }
            found.push((
                at.clone(),
                said(*chord, clash, place.name(), name, other.line.name),
                {
                    let left: Vec<String> = other
                        .keys
                        .iter()
                        .filter(|key| **key != clash)
                        .map(|key| format!("\"{key}\""))
                        .collect();
                    format!(
                        "take another, or free it: {} = [{}]",
                        other.line.name,
                        left.join(", ")
                    )
                },
            ));
        }
    }
    found
}

/// Returns true where one of two keeps the other from being pressed.
fn clash(one: Chord, other: Chord) -> bool {
    one.first == other.first && (one.then.is_none() || other.then.is_none() || one == other)
}

fn said(chord: Chord, clash: Chord, place: &str, name: &str, other: &str) -> String {
    if chord == clash {
        format!("`{chord}` is both `{name}` and `{other}` in `{place}`")
    } else {
        format!("`{chord}` for `{name}` and `{clash}` for `{other}` begin alike in `{place}`")
    }
}
