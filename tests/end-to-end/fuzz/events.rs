use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::run;
use crate::board::{BUCKET, Board};
use crate::lambda::sync_s3_bucket;

/// A change to an event: the value at some place of it goes or becomes another.
#[derive(Debug, Clone)]
enum Change {
    Remove(Index),
    Put(Index, Value),
    /// It becomes a copy of the value at another place.
    Copy(Index, Index),
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "(images|carrousel|%69mages)(/|%2F|\\+)[ -~]{0,12}",
        select(vec![
            BUCKET,
            "aws:sqs",
            "aws:s3",
            "s3:TestEvent",
            "Scheduled Event"
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
        vec(text.prop_map(Value::from), 0..3).prop_map(Value::from),
        Just(json!({})),
        Just(
            json!({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": "images/a.png"}}}]})
        ),
    ]
}

/// The paths of all values in an event.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                paths(item, &format!("{path}/{at}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                paths(member, &format!("{path}/{name}"), found);
            }
        }
        _ => {}
    }
}

fn change(event: &mut Value, change: Change) {
    let mut all = Vec::new();
    paths(event, "", &mut all);
    match change {
        Change::Put(at, value) => put(event, &all[at.index(all.len())], value),
        Change::Copy(from, to) => {
            if let Some(value) = event.pointer(&all[from.index(all.len())]).cloned() {
                put(event, &all[to.index(all.len())], value);
            }
        }
        Change::Remove(at) => {
            let path = &all[at.index(all.len())];
            let (parent, name) = path.rsplit_once('/').unwrap_or_default();
            match event.pointer_mut(parent) {
                Some(Value::Object(members)) => {
                    members.remove(name);
                }
                Some(Value::Array(items)) => {
                    items.pop();
                }
                _ => {}
            }
        }
    }
}

fn put(event: &mut Value, path: &str, value: Value) {
    if let Some(place) = event.pointer_mut(path) {
        *place = value;
    }
}

#[test]
fn every_event_is_handled_or_an_error() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let events = files
        .iter()
        .map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap());
    let events: Vec<Value> = events.collect();

    let changes = prop_oneof![
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), value()).prop_map(|(at, value)| Change::Put(at, value)),
        any::<(Index, Index)>().prop_map(|(from, to)| Change::Copy(from, to)),
    ];
    let strategy = (select(events), vec(changes, 0..4), any::<bool>());
    let runtime = Runtime::new().unwrap();
    let board = Board::start();
    let function = sync_s3_bucket(board.s3());
    run("events", 600, &strategy, |(mut event, changes, queued)| {
        for each in changes {
            change(&mut event, each);
        }
        if queued {
            let message =
                |id, body: String| json!({"messageId": id, "eventSource": "aws:sqs", "body": body});
            event =
                json!({"Records": [message("1", event.to_string()), message("2", "{}".into())]});
        }
        let answer = runtime.block_on(function.handle(event.clone()));
        if queued {
            let answer = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
            let failed = answer["batchItemFailures"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let known = |failed: &Value| failed["itemIdentifier"] == "1";
            prop_assert!(failed.len() <= 1 && failed.iter().all(known), "{}", answer);
        }
        Ok(())
    });
}
