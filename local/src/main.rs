//! `corkboard`: the cloud side of Corkboard on one machine.

mod guard;

fn main() {}
