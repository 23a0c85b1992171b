//! Tests of the house rules.

fn main() {}
