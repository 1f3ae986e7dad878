//! S3 fails at any step of a pass: the messages come back, the file is a whole one at any time, and the next
//! delivery makes it right.

use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};

use crate::bucket::{Bucket, error, response};
use crate::carrousel::{
    Given, at_rest, batch, file, function, newest, right, right_newest, scheduled,
};
use crate::request::Request;
use crate::world::{MEDIA, World};

enum Fault {
    /// S3 answers so; nothing happens.
    Error(u16, &'static str),
    /// No answer comes: before the request happened, or after.
    Lost { happened: bool },
    /// A page of a listing arrives as something else; not those of which nothing is made.
    Page(fn(&str) -> Option<String>),
}

use Fault::{Error, Lost, Page};

type Named = (&'static str, fn(&Request) -> bool, Fault);

/// What goes wrong, and with which requests.
const FAULTS: &[Named] = &[
    ("throttling", any, Error(503, "SlowDown")),
    ("an internal error", any, Error(500, "InternalError")),
    ("a request that is lost", any, Lost { happened: false }),
    ("an answer that is lost", any, Lost { happened: true }),
    // HEAD would say so of a picture alone.
    ("a denial", has_body, Error(403, "AccessDenied")),
    ("no bucket", has_body, Error(404, "NoSuchBucket")),
    (
        "a refused write",
        Request::changes,
        Error(412, "PreconditionFailed"),
    ),
    (
        "a refused page",
        Request::is_continued,
        Error(400, "InvalidArgument"),
    ),
    (
        "an empty page",
        Request::is_listing,
        Page(|_| Some(String::new())),
    ),
    (
        "another page",
        Request::is_listing,
        Page(|_| Some("<html>Welcome</html>".into())),
    ),
    (
        "a page that says nothing",
        Request::is_listing,
        Page(|_| Some("<ListBucketResult/>".into())),
    ),
    (
        "a page cut short",
        Request::is_listing,
        Page(|page| Some(page[..page.len() / 2].into())),
    ),
    (
        "no objects",
        Request::is_listing,
        Page(|page| with(page, "Contents>", "Nothing>")),
    ),
    (
        "objects without keys",
        Request::is_listing,
        Page(|page| with(page, "Key>", "Name>")),
    ),
    (
        "keys that are no text",
        Request::is_listing,
        Page(|page| with(page, "images%2F", "images%2F%FF")),
    ),
    (
        "keys from elsewhere",
        Request::is_listing,
        Page(|page| with(page, "images%2F", "other%2F")),
    ),
    (
        "keys out of order",
        Request::is_listing,
        Page(|page| Some(swapped(page))),
    ),
    (
        "objects without versions",
        Request::is_listing,
        Page(|page| with(page, "ETag>", "Nothing>")),
    ),
    (
        "objects without sizes",
        Request::is_listing,
        Page(|page| with(page, "Size>", "Nothing>")),
    ),
    (
        "objects without times",
        Request::is_listing,
        Page(|page| with(page, "LastModified>", "Nothing>")),
    ),
];

fn any(_: &Request) -> bool {
    true
}

fn has_body(request: &Request) -> bool {
    request.method != "HEAD"
}

fn with(page: &str, to: &str, instead: &str) -> Option<String> {
    page.contains(to).then(|| page.replace(to, instead))
}

/// The two objects of a page in the other order.
fn swapped(page: &str) -> String {
    let objects: Vec<_> = page.split("<Contents>").collect();
    let [head, first, second] = objects[..] else {
        panic!("not two objects: {page}")
    };
    let (second, tail) = second.split_once("</Contents>").unwrap();
    format!("{head}<Contents>{second}</Contents><Contents>{first}{tail}")
}

impl Fault {
    /// Whether the SDK asks again by itself, three times in all.
    fn is_retried(&self) -> bool {
        matches!(self, Error(500.., _) | Lost { .. })
    }

    /// Whether it is overcome by another try, of the SDK or from the start, where it is met once.
    fn is_overcome(&self) -> bool {
        self.is_retried() || matches!(self, Error(412 | 404, _))
    }

    /// Has the request that waits meet this; `false` where there is nothing to meet.
    fn meet(&self, request: &Request, world: &mut World<Given>) -> bool {
        let answer = match self {
            Error(status, code) => Ok(error(*status, code)),
            Lost { happened } => {
                if *happened {
                    world.happen(request);
                }
                Err(ConnectorError::io("the connection was lost".into()))
            }
            Page(damage) => {
                let page = world.happen(request);
                let page = str::from_utf8(page.body().bytes().unwrap()).unwrap();
                let Some(damaged) = damage(page) else {
                    return false;
                };
                Ok(response(200, damaged))
            }
        };
        world.answer_with(0, answer);
        true
    }
}

/// A list that an earlier pass wrote, and what came since.
fn stale() -> Bucket {
    let mut bucket = at_rest(&["a", "b"], 2);
    bucket.objects.remove("images/a.png");
    for picture in ["c", "d", "e"] {
        bucket.put(&format!("images/{picture}.png"), "pixels");
    }
    bucket
}

/// A fault, from which request of a delivery on it is met, and by how many requests.
type Meeting<'a> = (
    &'a (&'static str, fn(&Request) -> bool, Fault),
    usize,
    usize,
);

/// Delivers `event`, and gives the function's answer, how many requests there were, and how many met the fault.
fn deliver(
    world: &mut World<Given>,
    event: Value,
    meeting: Option<Meeting<'_>>,
) -> (Given, usize, usize) {
    let function = function(world, 0);
    world.invoke(0, (), async move { function.handle(event).await });
    let old = (file(&world.bucket), newest(&world.bucket));
    let (mut requests, mut meetings) = (0, 0);
    loop {
        if let Some((_, given)) = world.settle().pop() {
            return (given, requests, meetings);
        }
        let request = world.waiting()[0].1.clone();
        let met = meeting.is_some_and(|((_, of, fault), from, times)| {
            requests >= from && meetings < times && of(&request) && fault.meet(&request, world)
        });
        if met {
            meetings += 1;
        } else {
            world.answer(0);
        }
        requests += 1;
        let now = file(&world.bucket);
        assert!(now == old.0 || now == Some(right(&world.bucket)), "{now:?}");
        let now = newest(&world.bucket);
        let right = right_newest(&world.bucket);
        assert!(now == old.1 || now == Some(right), "{now:?}");
    }
}

/// Of what changed in `stale`.
fn changes() -> Value {
    batch(&["a", "c", "d", "e"].map(|name| format!("images/{name}.png")))
}

fn all_of(messages: usize) -> Value {
    let failures = (0..messages).map(|n| json!({"itemIdentifier": n.to_string()}));
    json!({"batchItemFailures": failures.collect::<Vec<_>>()})
}

fn is_right(world: &World<Given>) -> bool {
    file(&world.bucket) == Some(right(&world.bucket))
        && newest(&world.bucket) == Some(right_newest(&world.bucket))
}

#[test]
fn whatever_fails_at_whatever_step_is_reported_and_repaired_by_the_next_delivery() {
    let mut without_file = stale();
    without_file.objects.remove("carrousel/carrousel.json");
    for fault in FAULTS {
        let (name, _, kind) = fault;
        let mut met = 0;
        // Read both; look at four keys, or list two pages; write both, and look or list again.
        for step in 0..12 {
            for (bucket, times) in [
                (&stale(), 1),
                (&stale(), usize::MAX),
                (&without_file, 1),
                (&without_file, usize::MAX),
            ] {
                let case = format!("{name} from step {step} on, {times} times");
                // Each with an SDK of its own, which does not retry without end.
                let mut world = World::new(1);
                world.reset(bucket.clone());
                let (given, requests, meetings) =
                    deliver(&mut world, changes(), Some((fault, step, times)));
                met += meetings;
                let has_failed = given.unwrap() == all_of(4);
                let must_fail = meetings > 0 && (times > 1 || !kind.is_overcome());
                assert!(has_failed || !must_fail, "{case}");
                let may_fail = meetings > 0 && (times > 1 || !kind.is_retried());
                assert!(!has_failed || may_fail, "{case}");
                assert!(has_failed || is_right(&world), "{case}");
                let is_refused = matches!(kind, Error(412, _));
                assert!(is_refused || requests <= 24, "{case}: {requests} requests");
                let (given, ..) = deliver(&mut world, changes(), None);
                assert_eq!(given.unwrap(), all_of(0), "{case}");
                assert!(is_right(&world), "{case}");
            }
        }
        assert!(met > 0, "nothing met {name}");
    }
}

#[test]
fn a_picture_at_which_nobody_may_look_keeps_no_other_from_the_lists() {
    const REFUSED: &str = "images/d.png";
    let deliver_refusing = |world: &mut World<Given>, event: Value, status| {
        let function = function(world, 0);
        world.invoke(0, (), async move { function.handle(event).await });
        loop {
            if let Some((_, given)) = world.settle().pop() {
                return given;
            }
            let request = world.waiting()[0].1.clone();
            if request.method == "HEAD" && request.key == REFUSED {
                world.answer_with(0, Ok(response(status, "")));
            } else {
                world.answer(0);
            }
        }
    };
    for status in [400, 403] {
        for event in [changes(), scheduled()] {
            let mut world = World::new(1);
            world.reset(stale());
            let given = deliver_refusing(&mut world, event.clone(), status);
            if event == scheduled() {
                assert_eq!(
                    given.unwrap_err().to_string(),
                    "pictures that cannot be looked at: 1"
                );
            } else {
                let failures = json!({"batchItemFailures": [{"itemIdentifier": "2"}]});
                assert_eq!(given.unwrap(), failures);
            }
            let mut without = world.bucket.clone();
            without.objects.remove(REFUSED);
            assert_eq!(file(&world.bucket), Some(right(&without)));
            assert_eq!(newest(&world.bucket), Some(right_newest(&without)));
            deliver(&mut world, event, None).0.unwrap();
            assert!(is_right(&world));
        }
    }
}

#[test]
fn a_failure_is_an_error_where_nobody_asks_which_message() {
    let keys = ["a", "c", "d", "e"].map(|name| format!("images/{name}.png"));
    let record = |key| json!({"s3": {"bucket": {"name": MEDIA}, "object": {"key": key}}});
    for event in [json!({"Records": keys.map(record)}), scheduled()] {
        let mut world = World::new(1);
        world.reset(stale());
        let (given, ..) = deliver(&mut world, event.clone(), Some((&FAULTS[0], 3, usize::MAX)));
        assert!(given.unwrap_err().to_string().contains("SlowDown"));
        let (given, ..) = deliver(&mut world, event, None);
        assert_eq!(given.unwrap(), Value::Null);
        assert!(is_right(&world));
    }
}

#[test]
fn a_listing_that_leads_nowhere_is_given_up() {
    const NOWHERE: &str = "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>true</IsTruncated>\
                           <NextContinuationToken>!</NextContinuationToken></ListBucketResult>";
    let nowhere = Page(|_| Some(NOWHERE.to_owned()));
    let fault = (
        "a page that leads back to itself",
        Request::is_listing as fn(&Request) -> bool,
        nowhere,
    );
    let mut world = World::new(1);
    world.reset(stale());
    let (given, requests, _) = deliver(&mut world, scheduled(), Some((&fault, 0, 9)));
    assert!(given.unwrap_err().to_string().contains("leads nowhere"));
    // The two files and a page.
    assert_eq!(requests, 3);
}
