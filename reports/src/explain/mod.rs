//! Why a deploy takes as long as it does, and what would change it.

pub mod tornado;
