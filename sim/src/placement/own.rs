//! A policy of one's own in Rust, as a value of a model.

use std::sync::Arc;

use super::Placement;

/// A policy of one's own. Clones are the same policy; two that were made apart are not, whatever they do.
#[derive(Clone, Debug)]
pub struct Own(Arc<dyn Placement>);

impl Own {
    pub(super) fn new(placement: impl Placement + 'static) -> Self {
        Self(Arc::new(placement))
    }

    pub(super) fn placement(&self) -> &dyn Placement {
        &*self.0
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
