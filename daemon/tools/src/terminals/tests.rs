//! The emulated screen: what is painted is what is seen.

mod keyframes;
mod recordings;
