//! The soundpost binary.

fn main() {}
