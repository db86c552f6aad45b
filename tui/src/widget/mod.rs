//! Pieces of the screen: each gets what it shows and a width, and returns lines.

pub(crate) mod approval;
mod below;
pub(crate) mod budget;
pub(crate) mod card;
pub(crate) mod composer;
pub(crate) mod diff;
pub(crate) mod effects;
pub(crate) mod frame;
pub(crate) mod hits;
pub(crate) mod markdown;
pub(crate) mod message;
pub(crate) mod names;
pub(crate) mod paints;
pub(crate) mod question;
pub(crate) mod sparkline;
mod speech;
pub(crate) mod status;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod transcript;
pub(crate) mod vt;
pub(crate) mod welcome;
