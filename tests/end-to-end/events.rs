//! The functions with the sample events of AWS, each in the shape in which Lambda hands it over. The
//! services behind them are a board's, whose own functions are put aside (`--lambda`), so that what happens
//! is the doing of the function under test.

mod api;
mod cloudformation;
pub mod s3;
mod small;
mod sync;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");

fn event(file: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{FOLDER}/{file}")).unwrap()).unwrap()
}

#[test]
fn every_sample_event_is_tested() {
    let files = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let events = files.filter(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    let events: BTreeSet<_> = events
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let tested = [
        &api::EVENTS[..],
        &small::EVENTS,
        &s3::CHANGES,
        &s3::NO_CHANGES,
        &s3::OTHER_SOURCES,
        &cloudformation::EVENTS,
    ]
    .concat();
    assert_eq!(
        events,
        tested
            .into_iter()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    );
}
