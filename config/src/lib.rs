//! One truth about settings: sections with their defaults, files and environment over them.

pub mod secret;
pub mod section;

pub use secret::Secret;
pub use section::Config;
