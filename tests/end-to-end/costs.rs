//! What pages cost, and what the carrousel costs: requests and invocations of bulk uploads, and the time and memory of a pass over
//! 100,000 pictures beside the bare listing of the same bucket. The S3 is `corkboard`'s, in a process of its
//! own; the function runs here, on one thread as in Lambda. `make bench`.

use std::fs::{self, File};
use std::time::Duration;

use aws_sdk_s3::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::board::{BUCKET, Board};
use crate::bulk;
use crate::environment::{Environment, get, later};
use crate::lambda::{Lambda, sync_s3_bucket};
use crate::media::CARROUSEL;
use crate::request_counts::Counter;

const READS: usize = 500;
const PICTURES: usize = 100_000;
const ROUNDS: usize = 3;

/// The most memory that this process had since it was last asked, in MiB.
fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.unwrap().trim().trim_end_matches(" kB");
    // https://docs.kernel.org/filesystems/proc.html: 5 sets the peak to what it has now.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    kibibytes.parse::<f64>().unwrap() / 1024.0
}

async fn bare_listing(s3: &Client) {
    let pages = s3.list_objects_v2().bucket(BUCKET).prefix("images/");
    let mut pages = pages.into_paginator().send();
    let mut keys = 0;
    while let Some(page) = pages.next().await {
        keys += page.unwrap().contents().len();
    }
    assert!(keys >= PICTURES);
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

async fn large(latency: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("data/s3").join(BUCKET).join("images");
    fs::create_dir_all(&images).unwrap();
    for n in 0..PICTURES {
        File::create(images.join(format!("{:026}.jpg", n * 7_919))).unwrap();
    }
    let lambda = Lambda::start().await;
    let board = Board::start_on(folder, |command| {
        command.args(["--lambda", &lambda.url]);
    });
    let far = Counter::with_latency(latency);
    let (s3, media) = (far.client(&board.s3()), board.media());
    let schedule = json!({"detail-type": "Scheduled Event"});
    let pass = async |event: &Value| {
        let start = Instant::now();
        let function = sync_s3_bucket(s3.clone());
        function.handle(event.clone()).await.unwrap();
        start.elapsed()
    };

    let before = peak_memory();
    let mut times: [Vec<Duration>; 4] = Default::default();
    let mut peaks = [0_f64; 4];
    for round in 0..ROUNDS {
        media.delete(CARROUSEL).await;
        peak_memory();
        times[1].push(pass(&schedule).await);
        peaks[1] = peaks[1].max(peak_memory());
        times[2].push(pass(&schedule).await);
        peaks[2] = peaks[2].max(peak_memory());
        let key = format!("images/{round}.jpg");
        media.put(&key, b"pixels".to_vec()).await;
        times[3].push(pass(&bulk::created(&key)).await);
        peaks[3] = peaks[3].max(peak_memory());
        let start = Instant::now();
        bare_listing(&s3).await;
        times[0].push(start.elapsed());
        peaks[0] = peaks[0].max(peak_memory());
    }
    println!("{PICTURES} pictures, S3 {latency:?} away; this process had {before:.0} MiB before");
    println!("{:<28}{:>8}{:>10}{:>8}", "", "s", ": listing", "MiB");
    let listing = median(times[0].clone());
    let names = [
        "the bare listing",
        "the first pass",
        "nothing changed",
        "one picture more",
    ];
    for ((name, times), peak) in names.into_iter().zip(times).zip(peaks) {
        let time = median(times);
        println!("{name:<28}{time:>8.2}{:>10.2}{peak:>8.0}", time / listing);
    }
}

/// What this process has used of the processors so far.
fn processor_time() -> Duration {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        usage.tv_sec.try_into().unwrap(),
        usage.tv_nsec.try_into().unwrap(),
    )
}

/// The function runs here, and what it asks in a process of its own. The two take turns.
#[tokio::test]
#[ignore = "measures, for make bench"]
async fn pages() {
    let board = Board::start();
    let mut newest = Value::Null;
    for n in 0..50 {
        newest = board.post_text(&format!("{n} {}", "字".repeat(100))).await;
    }
    let older = format!("/api/messages?before={}", newest["id"].as_str().unwrap());
    let environment = Environment::on(&board);
    let read = async |environment: &Environment, path: &str| {
        let (cpu, start) = (processor_time(), Instant::now());
        let (status, _, body) = environment.whole(get(path)).await;
        assert!(status.is_success() && body.len() > 1_000);
        (start.elapsed(), processor_time().saturating_sub(cpu))
    };
    let ways = [
        ("the first page, cold", "/api/messages"),
        ("the first page, its messages known", "/api/messages"),
        ("the first page, within a second", "/api/messages"),
        ("an older page, its messages known", &older),
    ];
    let mut used: [(Vec<_>, Vec<_>); 4] = Default::default();
    for _ in 0..READS {
        for ((name, path), (times, cpus)) in ways.into_iter().zip(&mut used) {
            let cold = Environment::on(&board);
            if name.ends_with("known") {
                later(Duration::from_secs(1)).await;
            }
            let which = if name.ends_with("cold") {
                &cold
            } else {
                &environment
            };
            let (time, cpu) = read(which, path).await;
            times.push(time);
            cpus.push(cpu);
        }
    }
    println!(
        "{:<36}{:>10}{:>10}   ms, medians of {READS}",
        "", "latency", "CPU"
    );
    for ((name, _), (times, cpus)) in ways.into_iter().zip(used) {
        let (time, cpu) = (median(times) * 1e3, median(cpus) * 1e3);
        println!("{name:<36}{time:>10.2}{cpu:>10.2}");
    }
}

#[tokio::test]
#[ignore = "measures, for make bench"]
async fn pictures_by_the_hundred_thousand() {
    large(Duration::ZERO).await;
    // What S3 takes for a small request, by its own performance guidelines 100 to 200 ms.
    large(Duration::from_millis(100)).await;
}

#[tokio::test]
#[ignore = "measures, for make bench"]
async fn pictures_in_bulk() {
    println!(
        "{:<10}{:>12}{:>8}{:>8}{:>8}{:>18}{:>8}{:>8}{:>8}",
        "pictures", "invocations", "LIST", "PUT", "GET", "one an event:", "LIST", "PUT", "GET"
    );
    for (pictures, every) in [(100, 1), (1_000, 10), (10_000, 100)] {
        let (batches, invocations) = bulk::in_batches(pictures).await;
        let each = bulk::one_by_one(pictures, every).await;
        println!(
            "{pictures:<10}{invocations:>12}{:>8}{:>8}{:>8}{pictures:>18}{:>8}{:>8}{:>8}",
            batches.list, batches.put, batches.get, each.list, each.put, each.get
        );
    }
}
