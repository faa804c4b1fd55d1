//! Setting up from a terminal.
