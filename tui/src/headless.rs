//! A console without a terminal: for tests, measurements and pictures.
