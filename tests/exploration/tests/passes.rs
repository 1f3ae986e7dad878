//! What an invocation costs: a look at each key that was named, before and after a write, whatever the number of
//! pictures, and no write of what is there already.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::carrousel::{
    ALL, Given, NEWEST, batch, file, function, newest, right, right_newest, scheduled,
};
use crate::world::{MEDIA, World};

/// Delivers `event`, and gives the answer and the requests.
fn deliver(world: &mut World<Given>, event: Value) -> (Value, Vec<String>) {
    let function = function(world, 0);
    world.invoke(0, (), async move { function.handle(event).await });
    let mut requests = Vec::new();
    loop {
        if let Some((_, given)) = world.settle().pop() {
            return (given.unwrap(), requests);
        }
        let request = world.waiting()[0].1.clone();
        let what = if request.is_listing() {
            "LIST".to_owned()
        } else {
            format!("{} {}", request.method, request.key)
        };
        requests.push(what);
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

const GET_ALL: &str = "GET carrousel/carrousel.json";
const GET_NEWEST: &str = "GET carrousel/newest.json";
const PUT_ALL: &str = "PUT carrousel/carrousel.json";
const PUT_NEWEST: &str = "PUT carrousel/newest.json";

/// What writing everything anew takes.
const WHOLE: [&str; 6] = [GET_ALL, GET_NEWEST, "LIST", PUT_NEWEST, PUT_ALL, "LIST"];

#[track_caller]
fn assert_right(world: &World<Given>) {
    assert_eq!(file(&world.bucket), Some(right(&world.bucket)));
    assert_eq!(newest(&world.bucket), Some(right_newest(&world.bucket)));
}

fn lists(requests: &[String]) -> usize {
    requests.iter().filter(|it| *it == "LIST").count()
}

#[test]
fn one_change_among_thousands_is_two_looks_and_a_write_of_each_list() {
    let mut world = world(5_000);
    deliver(&mut world, scheduled());
    world.bucket.now = 1;
    let key = "images/02000b.png";
    let head = &format!("HEAD {key}");
    world.bucket.put(key, "pixels");
    let expected = [GET_ALL, GET_NEWEST, head, PUT_NEWEST, PUT_ALL, head];
    assert_eq!(deliver(&mut world, batch(&[key])).1, expected);
    assert_right(&world);
    // It comes again, by another event or the same.
    assert_eq!(deliver(&mut world, batch(&[key, key])).1, expected[..3]);

    world.bucket.put(key, "");
    assert_eq!(deliver(&mut world, batch(&[key])).1, expected);
    assert_right(&world);

    // Not one of the newest.
    world.bucket.objects.remove("images/00007.png");
    let head = "HEAD images/00007.png";
    let (_, requests) = deliver(&mut world, batch(&["images/00007.png"]));
    assert_eq!(requests, [GET_ALL, GET_NEWEST, head, PUT_ALL, head]);
    assert_right(&world);
}

#[test]
fn many_messages_are_one_pass() {
    let mut world = world(20_000);
    deliver(&mut world, scheduled());
    world.bucket.now = 1;
    let keys: Vec<_> = (0..200).map(|n| format!("images/{n:05}b.png")).collect();
    for key in &keys {
        world.bucket.put(key, "pixels");
    }
    let (given, requests) = deliver(&mut world, batch(&keys));
    assert_eq!(given, json!({"batchItemFailures": []}));
    let heads = requests.iter().filter(|it| it.starts_with("HEAD")).count();
    assert_eq!((requests.len(), heads), (404, 400));
    assert_right(&world);
}

#[test]
fn an_event_that_names_more_keys_than_a_listing_is_worth_lists_all() {
    for (pictures, worth) in [(500, 12), (2_500, 36)] {
        for count in [worth, worth + 1] {
            let mut world = world(pictures);
            deliver(&mut world, scheduled());
            let keys: Vec<_> = (0..count).map(|n| format!("images/{n:05}b.png")).collect();
            for key in &keys {
                world.bucket.put(key, "pixels");
            }
            let (_, requests) = deliver(&mut world, batch(&keys));
            let expected = if count > worth { worth / 12 * 2 } else { 0 };
            assert_eq!(lists(&requests), expected, "{pictures} {count}");
            assert_right(&world);
        }
    }
}

#[test]
fn the_schedule_finds_what_no_event_told_of() {
    let mut world = world(1_500);
    deliver(&mut world, scheduled());
    let (_, requests) = deliver(&mut world, scheduled());
    assert_eq!(requests, [GET_ALL, GET_NEWEST, "LIST", "LIST"]);

    world.bucket.objects.remove("images/00700.png");
    let (_, requests) = deliver(&mut world, scheduled());
    let head = "HEAD images/00700.png";
    assert_eq!(
        requests,
        [GET_ALL, GET_NEWEST, "LIST", "LIST", head, PUT_ALL, head]
    );
    assert_right(&world);
}

#[test]
fn the_newest_are_listed_again_only_where_more_go_than_follow() {
    let mut world = world(1_000);
    deliver(&mut world, scheduled());
    for n in (900..1_000).rev() {
        let key = format!("images/{n:05}.png");
        world.bucket.objects.remove(&key);
        let (_, requests) = deliver(&mut world, batch(&[key]));
        // Twenty follow; the next one is too many.
        let is_one_too_many = (1_000 - n) % 21 == 0;
        assert_eq!(lists(&requests) > 0, is_one_too_many, "{n}");
        assert_right(&world);
    }
}

#[test]
fn an_event_about_no_picture_writes_nothing() {
    let mut world = world(2);
    deliver(&mut world, scheduled());
    for key in ["images/", "images/notes.txt"] {
        assert_eq!(deliver(&mut world, batch(&[key])).1, [GET_ALL, GET_NEWEST]);
    }
    assert!(deliver(&mut world, batch(&["other/a.png"])).1.is_empty());
}

#[test]
fn a_file_that_something_else_wrote_is_written_again() {
    let mut world = world(2);
    let right = right(&world.bucket);
    // The right list without its headers would be cached for as long as a cache likes.
    world.bucket.put(ALL, right.clone());
    let (_, requests) = deliver(&mut world, batch(&["images/00000.png"]));
    assert_eq!(requests, WHOLE);
    for written in [ALL, NEWEST].map(|key| &world.bucket.objects[key]) {
        assert_eq!(written.headers["content-type"], "application/json");
        assert!(written.headers["cache-control"].contains("max-age=0"));
    }
    assert_eq!(file(&world.bucket).as_ref(), Some(&right));

    for name in [ALL, NEWEST] {
        for nonsense in ["", "[", "null", "[{\"url\":1}]", "[]]", "\u{0}"] {
            let file = world.bucket.objects.get_mut(name);
            file.unwrap().bytes = Bytes::from_static(nonsense.as_bytes());
            deliver(&mut world, batch(&["images/00000.png"]));
            assert_right(&world);
        }
    }
}

#[test]
fn what_is_wrong_in_the_middle_of_a_file_is_put_right_by_the_schedule() {
    for (part, instead) in [
        (r#"{"url":"/images/00400.png"},"#, ""),
        (r#"{"url":"/images/00400.png"},"#, "null,"),
        ("/images/00400.png", "/images/0040%30.png"),
        (
            "/images/00400.png",
            "https://board.example/images/00400.png",
        ),
        ("/images/00400.png", "/images/00500.png"),
        ("/images/00400.png", "/images/00300.png"),
        (
            "/images/00400.png\"},",
            "/images/00400.png\"},{\"url\":\"/images/00400.png\"},",
        ),
        ("/images/00400.png\"},", "/images/00400.png\"};"),
    ] {
        let mut world = world(900);
        deliver(&mut world, scheduled());
        let wrong = right(&world.bucket).replace(part, instead);
        world.bucket.objects.get_mut(ALL).unwrap().bytes = wrong.into();
        deliver(&mut world, scheduled());
        assert_right(&world);
    }
}

#[test]
fn many_pictures_cost_a_page_for_each_thousand_and_one_more_for_each_part() {
    for (pictures, pages, parts) in [(1_001, 2, 1), (3_999, 4, 1), (8_000, 8, 2), (36_500, 37, 8)] {
        let mut world = world(pictures);
        // Nothing is known yet of where to divide the first listing.
        let (_, requests) = deliver(&mut world, scheduled());
        let second = lists(&requests) - pages;
        assert!(
            (pages..pages + parts).contains(&second),
            "{pictures}: {second}"
        );
        assert_eq!(requests.len(), pages + second + 4);
        assert_right(&world);
    }
}

#[test]
fn the_parts_of_a_listing_are_read_at_the_same_time() {
    let mut world = world(36_500);
    deliver(&mut world, scheduled());
    let function = function(&world, 0);
    world.invoke(0, (), async move { function.handle(scheduled()).await });
    for _ in 0..2 {
        world.settle();
        world.answer(0);
    }
    world.settle();
    assert_eq!(world.waiting().len(), 8);
}

#[test]
fn keys_that_xml_cannot_write_are_pictures_like_any_other() {
    let mut world = world(0);
    for key in ["\u{1}\n", "a+b c%2F", "é\u{7f}文", "<&>"] {
        world.bucket.put(&format!("images/{key}.png"), "pixels");
        deliver(&mut world, batch(&[format!("images/{key}.png")]));
    }
    let urls = "[{\"url\":\"/images/%01%0A.png\"},{\"url\":\"/images/%3C%26%3E.png\"},\
                {\"url\":\"/images/a%2Bb%20c%252F.png\"},{\"url\":\"/images/%C3%A9%7F%E6%96%87.png\"}]";
    assert_eq!(file(&world.bucket).as_deref(), Some(urls));
}

#[test]
fn of_several_buckets_each_has_a_pass_and_the_missing_one_its_messages_back() {
    let mut world = world(1);
    let mut event = batch(&["images/00000.png"; 4]);
    for n in [1, 3] {
        let body = &mut event["Records"][n]["body"];
        *body = body.as_str().unwrap().replace(MEDIA, "gone").into();
    }
    let (given, requests) = deliver(&mut world, event);
    let expected = json!({"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "3"}]});
    assert_eq!(given, expected);
    assert_eq!(requests[..6], WHOLE);
    assert_eq!(requests[6..], [GET_ALL]);
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
    let mut event = batch(&["images/00000.png"; 9]);
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
    assert_eq!(requests, WHOLE);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.lines().count(), unreadable.len(), "{log}");

    // Nothing at all is nothing to do.
    let (given, requests) = deliver(&mut world, json!({"Records": []}));
    assert_eq!((given, requests), (Value::Null, Vec::new()));
}
