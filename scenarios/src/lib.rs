//! Scenario files: read, checked, varied and run.

pub mod results;
