//! Checks made up for tests.
