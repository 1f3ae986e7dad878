//! Nothing: what there is stands in `examples/instructions.rs`. An example's dependencies are its own, and a clock
//! that can be stopped is not built into the board.
