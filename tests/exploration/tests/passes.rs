//! What an invocation costs: one pass for each bucket, whatever the number of messages, and no write of what
//! is there already.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::carrousel::{Given, batch, file, function, right};
use crate::world::{MEDIA, World};

/// Delivers `event`, and gives the answer and the requests: which, and to which bucket.
fn deliver(world: &mut World<Given>, event: Value) -> (Value, Vec<String>) {
    let function = function(world, 0);
    world.invoke(0, (), async move { function.handle(event).await });
    let mut requests = Vec::new();
    loop {
        if let Some((_, given)) = world.settle().pop() {
            return (given.unwrap(), requests);
        }
        let request = world.waiting()[0].1.clone();
        let listing = request.is_listing();
        let what = if listing { "LIST" } else { &request.method };
        requests.push(format!("{what} {}", request.bucket));
        world.answer(0);
    }
}

fn world(pictures: usize) -> World<Given> {
    let mut world = World::new(1);
    for n in 0..pictures {
        world.bucket.put(&format!("images/{n:05}.png"), "pixels");
    }
    world
}

fn of_media(requests: &[&str]) -> Vec<String> {
    let requests = requests.iter().map(|it| format!("{it} {MEDIA}"));
    requests.collect()
}

#[test]
fn a_thousand_messages_are_one_pass() {
    let mut world = world(1_000);
    let (given, requests) = deliver(&mut world, batch(1_000));
    assert_eq!(given, json!({"batchItemFailures": []}));
    assert_eq!(requests, of_media(&["GET", "LIST", "PUT", "LIST"]));
    assert_eq!(file(&world.bucket), Some(right(&world.bucket)));
}

#[test]
fn a_second_delivery_that_changes_nothing_writes_nothing() {
    let mut world = world(2);
    deliver(&mut world, batch(1));
    let (_, requests) = deliver(&mut world, batch(1));
    assert_eq!(requests, of_media(&["GET", "LIST"]));
}

#[test]
fn a_file_that_something_else_wrote_is_written_again() {
    let mut world = world(2);
    let right = right(&world.bucket);
    // The right list without its headers would be cached for as long as a cache likes.
    world.bucket.put("carrousel/carrousel.json", right.clone());
    let (_, requests) = deliver(&mut world, batch(1));
    assert_eq!(requests, of_media(&["GET", "LIST", "PUT", "LIST"]));
    let written = &world.bucket.objects["carrousel/carrousel.json"];
    assert_eq!(written.bytes, right);
    assert_eq!(written.headers["content-type"], "application/json");
    assert!(written.headers["cache-control"].contains("max-age=0"));

    for nonsense in ["", "[", "null", "[{\"url\":1}]", "[]]", "\u{0}"] {
        let file = world.bucket.objects.get_mut("carrousel/carrousel.json");
        file.unwrap().bytes = Bytes::from_static(nonsense.as_bytes());
        deliver(&mut world, batch(1));
        assert_eq!(
            self::file(&world.bucket).as_ref(),
            Some(&right),
            "{nonsense:?}"
        );
    }
}

#[test]
fn many_pictures_cost_a_page_for_each_thousand_and_one_more_for_each_part() {
    for (pictures, first, parts) in [(1_001, 2, 1), (3_999, 4, 1), (8_000, 8, 2), (36_500, 37, 8)] {
        let mut world = world(pictures);
        let (_, requests) = deliver(&mut world, batch(1));
        let lists = requests.iter().filter(|it| it.starts_with("LIST")).count();
        // Nothing is known yet of where to divide the first listing.
        let pages = lists - first;
        assert!(
            (first..first + parts).contains(&pages),
            "{pictures}: {lists}"
        );
        assert_eq!(requests.len(), lists + 2);
        assert_eq!(file(&world.bucket), Some(right(&world.bucket)));
    }
}

#[test]
fn the_parts_of_a_listing_are_read_at_the_same_time() {
    let mut world = world(36_500);
    deliver(&mut world, batch(1));
    let function = function(&world, 0);
    world.invoke(0, (), async move { function.handle(batch(1)).await });
    world.settle();
    world.answer(0);
    world.settle();
    assert_eq!(world.waiting().len(), 8);
}

#[test]
fn keys_that_xml_cannot_write_are_pictures_like_any_other() {
    let mut world = world(0);
    for key in ["\u{1}\n", "a+b c%2F", "é\u{7f}文", "<&>"] {
        world.bucket.put(&format!("images/{key}.png"), "pixels");
    }
    deliver(&mut world, batch(1));
    let urls = "[{\"url\":\"/images/%01%0A.png\"},{\"url\":\"/images/%3C%26%3E.png\"},\
                {\"url\":\"/images/a%2Bb%20c%252F.png\"},{\"url\":\"/images/%C3%A9%7F%E6%96%87.png\"}]";
    assert_eq!(file(&world.bucket).as_deref(), Some(urls));
}

#[test]
fn of_several_buckets_each_has_a_pass_and_the_missing_one_its_messages_back() {
    let mut world = world(1);
    let mut event = batch(4);
    for n in [1, 3] {
        let body = &mut event["Records"][n]["body"];
        *body = body.as_str().unwrap().replace(MEDIA, "gone").into();
    }
    let (given, requests) = deliver(&mut world, event);
    let expected = json!({"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "3"}]});
    assert_eq!(given, expected);
    let mut all = of_media(&["GET", "LIST", "PUT", "LIST"]);
    all.push("GET gone".to_owned());
    assert_eq!(requests, all);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_read_is_logged_once_and_blocks_nothing() {
    let mut event = batch(9);
    let unreadable = [
        "",
        "not json",
        "{}",
        "[]",
        "null",
        r#"{"Records":1}"#,
        r#"{"Records":[{"s3":{}}]}"#,
        "\u{fffd}",
    ];
    for (n, body) in unreadable.into_iter().enumerate() {
        event["Records"][n]["body"] = body.into();
    }
    let mut world = world(1);
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || to.clone());
    let subscriber = subscriber.with_max_level(tracing_subscriber::filter::LevelFilter::WARN);
    let (given, requests) =
        tracing::subscriber::with_default(subscriber.finish(), || deliver(&mut world, event));
    assert_eq!(given, json!({"batchItemFailures": []}));
    assert_eq!(requests, of_media(&["GET", "LIST", "PUT", "LIST"]));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.lines().count(), unreadable.len(), "{log}");

    // Nothing at all is nothing to do.
    let (given, requests) = deliver(&mut world, json!({"Records": []}));
    assert_eq!((given, requests), (Value::Null, Vec::new()));
}
