//! Seatrial.

fn main() {}
