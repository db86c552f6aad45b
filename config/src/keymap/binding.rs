//! What a line of the table is, and what the table makes of its lines: the places, the actions and
//! the shape of a person's own keys.
//!
//! The lines themselves, with all keys and words, are `table`.

use super::table::{Action, Place};
use crate::shape::{Holds, Shape};

/// Marks a line that the help shows together with the one before it.
pub const DITTO: &str = "^";

/// One line of the table.
#[derive(Debug)]
pub struct Binding {
    /// Where.
    pub place: Place,
    /// What.
    pub action: Action,
    /// What the action is called in the config file.
    pub name: &'static str,
    pub(super) keys: &'static [&'static str],
    pub(super) vim: &'static [&'static [&'static str]],
    pub(super) emacs: &'static [&'static [&'static str]],
    /// What it does, for the help; empty where it goes without saying.
    pub words: &'static str,
    /// The same in a word or two, for the footer; empty where it is not shown there.
    pub hint: &'static str,
    /// True where it asks the daemon for a change.
    pub changes: bool,
}

/// Makes the table of its lines.
macro_rules! keymap {
    (editing $editing:tt leaving $leaving:tt $($places:tt)*) => {
        keymap!(@shared $editing $leaving [] $($places)*);
    };

    // Place by place, the lines that it shares with others are put behind its own.
    (@shared { $($editing:tt)* } $leaving:tt [$($done:tt)*]
        $place:ident $name:literal $title:literal $kind:ident { $($own:tt)* } with editing
        $($rest:tt)*
    ) => {
        keymap!(@shared { $($editing)* } $leaving
            [$($done)* $place $name $title $kind { $($own)* $($editing)* }] $($rest)*);
    };
    (@shared $editing:tt { $($leaving:tt)* } [$($done:tt)*]
        $place:ident $name:literal $title:literal $kind:ident { $($own:tt)* } with leaving
        $($rest:tt)*
    ) => {
        keymap!(@shared $editing { $($leaving)* }
            [$($done)* $place $name $title $kind { $($own)* $($leaving)* }] $($rest)*);
    };
    (@shared $editing:tt $leaving:tt [$($done:tt)*]
        $place:ident $name:literal $title:literal $kind:ident $own:tt $($rest:tt)*
    ) => {
        keymap!(@shared $editing $leaving [$($done)* $place $name $title $kind $own] $($rest)*);
    };
    (@shared $editing:tt $leaving:tt [$($done:tt)*]) => {
        keymap!(@table $($done)*);
    };

    (@table $($place:ident $place_name:literal $title:literal $kind:ident {
        $($(new $new:ident)? $(also $also:ident)? $name:literal [$($key:literal),*]
            $(vim [$($vim:literal),*])? $(emacs [$($emacs:literal),*])?
            $words:literal $($hint:literal)? $($changes:ident)?;)*
    })*) => {
        /// Where keys go.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the title says it")]
        pub enum Place { $($place,)* }

        /// What a key does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the table says it")]
        pub enum Action { $($($($new,)?)*)* }

        impl Place {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$place),*];

            /// Returns its name in the config file.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$place => $place_name,)* }
            }

            /// Returns its heading in the help.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$place => $title,)* }
            }

            /// Returns true where letters are written and so are no keys.
            pub const fn is_written_in(self) -> bool {
                match self { $(Self::$place => Kind::$kind.is_written_in(),)* }
            }
        }

        impl Action {
            /// Returns its name in the config file.
            pub const fn name(self) -> &'static str {
                match self { $($($(Self::$new => $name,)?)*)* }
            }
        }

        /// The table.
        pub const TABLE: &[Binding] = &[$($(Binding {
            place: Place::$place,
            action: $(Action::$new)? $(Action::$also)?,
            name: $name,
            keys: &[$($key),*],
            vim: &[$(&[$($vim),*])?],
            emacs: &[$(&[$($emacs),*])?],
            words: $words,
            hint: concat!($($hint)?),
            changes: !concat!($(stringify!($changes))?).is_empty(),
        },)*)*];

        pub(crate) const SHAPE: Shape = Shape::Table(&[$(
            ($place_name, Shape::Table(&[$(($name, KEYS),)*])),
        )*]);
    };
}

pub(super) use keymap;

/// The keys of an action in the config file.
pub(super) const KEYS: Shape = Shape::Value(Holds::Texts(super::key::test));

/// What letters are in a place.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Writes,
    Keys,
}

impl Kind {
    /// Returns true where letters are written and so are no keys.
    pub(super) const fn is_written_in(self) -> bool {
        matches!(self, Self::Writes)
    }
}
