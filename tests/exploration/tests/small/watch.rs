//! What is promised.

use std::collections::BTreeSet;

use media::Small;

use super::pictures::{Given, HOUR, ORIGINALS, alone, content, picture_at, read, respond};
use crate::bucket::Bucket;
use crate::carrousel::{self, file, newest, right, right_newest, scheduled};
use crate::request::MADE_OF;
use crate::world::World;

const MARKS: &str = "small-failed/";

/// What is wrong with an answer to somebody who asked for a small version of an original, which was these pictures
/// meanwhile.
pub fn answer(
    given: &Given,
    small: Small,
    were: &BTreeSet<Option<u32>>,
    may_fail: bool,
) -> Result<(), String> {
    let Given::Answered(answer) = given else {
        return Err("a request is answered by something else".into());
    };
    let is_preview = small == Small::LinkPreview;
    match read(answer) {
        (200, body) => {
            let mut pictures = were.iter().flatten();
            if !pictures.any(|picture| content(small, *picture) == body) {
                return Err(format!("a small version of {were:?} is answered {body:?}"));
            }
        }
        (404, _) if were.contains(&None) || (is_preview && may_fail) => {}
        (307, _) if !is_preview && were.iter().any(Option::is_some) => {}
        (503, _) if is_preview && were.iter().any(Option::is_some) => {}
        (status, _) => return Err(format!("{small:?} of {were:?} is answered {status}")),
    }
    Ok(())
}

/// What was made of something else than is there.
pub fn stale(bucket: &Bucket) -> Result<(), String> {
    for (key, object) in &bucket.objects {
        let small = Small::parse(key);
        let original = match (&small, key.strip_prefix(MARKS)) {
            (Some((_, original)), _) => original.clone(),
            (None, Some(name)) => format!("images/{name}"),
            (None, None) => continue,
        };
        let Some(picture) = picture_at(bucket, &original) else {
            return Err(format!("{key} stays, and {original} is gone"));
        };
        if object.headers.get(MADE_OF) != Some(&bucket.objects[&original].e_tag()) {
            return Err(format!("{key} stays, and {original} is another"));
        }
        if let Some((small, _)) = small
            && object.bytes != content(small, picture)
        {
            return Err(format!("{key} is not what it says that it was made of"));
        }
    }
    Ok(())
}

/// Whether these small versions are there.
pub fn kept(bucket: &Bucket, made: &BTreeSet<String>) -> Result<(), String> {
    match made.iter().find(|key| !bucket.objects.contains_key(*key)) {
        Some(key) => Err(format!("{key} is removed, whose original is there")),
        None => Ok(()),
    }
}

/// What is wrong a minute after nothing is under way any more.
pub fn calm(
    world: &mut World<Given>,
    has_died: bool,
    made: &BTreeSet<String>,
) -> Result<(), String> {
    if !has_died {
        stale(&world.bucket).map_err(|wrong| format!("before the daily pass {wrong}"))?;
    }
    kept(&world.bucket, made)?;
    world.bucket.now += 60;
    let sync = carrousel::function(world, 0);
    let pass = async move { Given::Synced(sync.handle(scheduled()).await) };
    match alone(world, pass) {
        Given::Synced(Ok(given)) if given.is_null() => {}
        _ => return Err("the daily pass fails".into()),
    }
    stale(&world.bucket)?;
    kept(&world.bucket, made)?;
    if file(&world.bucket) != Some(right(&world.bucket))
        || newest(&world.bucket) != Some(right_newest(&world.bucket))
    {
        return Err("the lists are wrong".into());
    }
    for original in ORIGINALS.iter() {
        let picture = picture_at(&world.bucket, original);
        for small in Small::ALL {
            whole(world, original, picture, small)?;
        }
    }
    stale(&world.bucket)
}

/// A small version can be had, at the latest once an attempt that died is long over.
fn whole(
    world: &mut World<Given>,
    original: &str,
    picture: Option<u32>,
    small: Small,
) -> Result<(), String> {
    let mark = original.replace("images/", MARKS);
    let mut ask = |age: i64| {
        world.bucket.age(age);
        let is_marked = world.bucket.objects.contains_key(&mark);
        let asked = respond(world, 0, small, original);
        let given = alone(world, asked);
        let failed = is_marked && age > 0;
        answer(&given, small, &[picture].into(), failed)?;
        let Given::Answered(answer) = given else {
            return Err(String::new());
        };
        Ok((read(&answer).0, is_marked))
    };
    if picture.is_none() {
        return ask(0).map(drop);
    }
    for age in [0, 2 * HOUR, 8 * 24 * HOUR] {
        match ask(age)? {
            (200, _) => return Ok(()),
            (_, true) => {}
            (status, false) => {
                return Err(format!("{small:?} of {original} is answered {status}"));
            }
        }
    }
    Err(format!("{small:?} of {original} is lost for good"))
}
