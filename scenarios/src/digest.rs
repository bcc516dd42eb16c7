//! What a model is, in a few bytes: models of one digest play alike.

use std::fmt::{self, Write};

use seatrial_sim::model::Model;
use sha2::{Digest, Sha256};

use crate::Variant;

impl Variant {
    /// What its model is, in 32 hexadecimal digits. It depends on the build of the model, too: it is written as that one holds it.
    pub fn digest(&self) -> String {
        hexadecimal(&digest(&self.model)[..16])
    }
}

/// What a model is, in 32 bytes.
pub(crate) fn digest(model: &Model) -> [u8; 32] {
    /// Hashes what is written into it.
    struct Hasher(Sha256);
    impl Write for Hasher {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut hasher = Hasher(Sha256::new());
    write!(hasher, "{model:?}").expect("hashing does not fail");
    hasher.0.finalize().into()
}

/// Bytes as text, two digits each.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
