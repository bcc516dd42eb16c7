//! Numbers for files: as many digits as mean something, and never a negative zero.

/// `value` to six decimals: a microsecond, or a millionth of a dollar.
pub(crate) fn to_micros(value: f64) -> f64 {
    // Adding zero turns -0.0 into 0.0.
    (value * 1e6).round() / 1e6 + 0.0
}
