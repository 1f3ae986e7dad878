//! A bulk upload, through the queue to syncS3Bucket: what it costs, and that nothing of it is lost.

use serde_json::{Value, json};

use crate::board::{BUCKET, eventually};
use crate::lambda::{Lambda, sync_s3_bucket};
use crate::media::CARROUSEL;
use crate::request_counts::{Counter, Requests};

/// As many keys as asked for, in no order of time.
pub fn keys(pictures: usize) -> Vec<String> {
    let key = |n: usize| format!("images/{:05}.jpg", n * 7_919 % 100_000);
    (0..pictures).map(key).collect()
}

/// The event of a picture that came.
pub fn created(key: &str) -> Value {
    json!({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": key}}}]})
}

/// What the carrousel should be.
fn right(keys: &[String]) -> Vec<u8> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let urls = keys
        .iter()
        .map(|key| format!("{{\"url\":\"https://board.example/{key}\"}}"));
    format!("[{}]", urls.collect::<Vec<_>>().join(",")).into()
}

/// What bringing so many pictures costs where the queue collects their events: requests and invocations.
pub async fn in_batches(pictures: usize) -> (Requests, usize) {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let scheduled = async || (!lambda.events("sync-s3-bucket").is_empty()).then_some(());
    eventually("the reconciliation at the start", scheduled).await;
    let counter = Counter::default();
    lambda.run(sync_s3_bucket(counter.client(&board.s3())));
    let media = board.media();
    let keys = keys(pictures);
    media.put_all(&keys).await;
    let invocations = eventually("all events", async || {
        let events = lambda.events("sync-s3-bucket");
        let batches = events
            .iter()
            .filter_map(|event| event["Records"].as_array());
        let delivered = batches.clone().flatten().count() >= pictures && lambda.is_idle();
        delivered.then(|| batches.count())
    });
    let invocations = invocations.await;
    assert_eq!(media.get(CARROUSEL).await.unwrap(), right(&keys));
    (counter.requests(), invocations)
}

/// What it costs with an invocation for each event. Only every `every`th picture comes and has one, which stands for
/// the others: what an invocation costs does not depend on how many pictures there are.
pub async fn one_by_one(pictures: usize, every: usize) -> Requests {
    let lambda = Lambda::start().await;
    let board = lambda.board();
    let counter = Counter::default();
    let function = sync_s3_bucket(counter.client(&board.s3()));
    let media = board.media();
    let schedule = json!({"detail-type": "Scheduled Event"});
    sync_s3_bucket(board.s3()).handle(schedule).await.unwrap();
    for key in keys(pictures).iter().step_by(every) {
        media.put(key, b"pixels".to_vec()).await;
        function.handle(created(key)).await.unwrap();
    }
    let Requests { list, put, get } = counter.requests();
    Requests {
        list: list * every,
        put: put * every,
        get: get * every,
    }
}

#[tokio::test]
async fn a_bulk_upload_costs_far_fewer_requests_than_pictures() {
    let each = one_by_one(20, 1).await;
    let expected = Requests {
        list: 0,
        put: 40,
        // Four for the lists, and six for what may have been made of the picture.
        get: 200,
    };
    assert_eq!(each, expected);
    let (requests, invocations) = in_batches(1_000).await;
    // A handful in fact, and more the longer the machine takes for the upload.
    let one_by_one = 1_000 / 20 * each.all();
    assert!(requests.all() < one_by_one / 4, "{requests:?}");
    assert!(invocations < 1_000, "{invocations}");
}
