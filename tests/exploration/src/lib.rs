//! A package that is only its tests, `tests/main.rs`. It is one of its own so that `tests/exploration/mutants`
//! builds nothing but the function and what explores it.
