use std::cell::Cell;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use domain::{Format, Picture, link_preview_size};
use pixels::Original;
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};

use super::pictures::{changed_of_format, picture};
use super::run;

/// Set in the process that decodes and does nothing else.
const ALONE: &str = "CORKBOARD_FUZZ_DECODERS";
/// Time of a processor, in a build without optimisation: what Lambda would give it.
const MOST_TIME: Duration = Duration::from_secs(18);
/// Bytes, and so many a pixel: a progressive JPEG of four components has coefficients of eight, and pixels of four.
const MOST_MEMORY: u64 = 64 << 20;
const MOST_MEMORY_A_PIXEL: u64 = 16;

#[test]
fn every_jpeg_becomes_smaller_or_an_error() {
    alone("every_jpeg_becomes_smaller_or_an_error", Format::Jpeg);
}

#[test]
fn every_png_becomes_smaller_or_an_error() {
    alone("every_png_becomes_smaller_or_an_error", Format::Png);
}

#[test]
fn every_gif_becomes_smaller_or_an_error() {
    alone("every_gif_becomes_smaller_or_an_error", Format::Gif);
}

#[test]
fn every_webp_becomes_smaller_or_an_error() {
    alone("every_webp_becomes_smaller_or_an_error", Format::WebP);
}

/// In a process of its own, so that the memory is its own, and so that a decoder that aborts is a test that fails.
fn alone(test: &str, format: Format) {
    if env::var_os(ALONE).is_some() {
        return decode(format);
    }
    let mut alone = Command::new(env::current_exe().unwrap());
    let test = format!("fuzz::decoders::{test}");
    alone.args([&test, "--exact", "--nocapture"]).env(ALONE, "");
    let done = alone.output().unwrap();
    let [said, complained] = [done.stdout, done.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(done.status.success(), "{}\n{said}{complained}", done.status);
    for line in said.lines().filter(|line| line.starts_with("fuzz ")) {
        println!("{line}");
    }
}

fn decode(format: Format) {
    let [seen, decoded, failed] = [0; 3].map(Cell::<u64>::new);
    let count = |count: &Cell<u64>| count.set(count.get() + 1);
    let (longest, largest) = (Cell::new(Duration::ZERO), Cell::new(0));
    let name = format!("decoders, {format:?}");
    run(&name, 1_500, &changed_of_format(format), |changed| {
        count(&seen);
        let Ok(original) = Original::inspect(picture(changed).into()) else {
            return Ok(());
        };
        let (width, height) = (original.width(), original.height());
        let ((versions, preview), used) = used(|| {
            let widths = [1, width / 3, width - 1];
            (original.small_versions_of(widths), original.link_preview())
        });
        longest.set(longest.get().max(used.time));
        largest.set(largest.get().max(used.memory));
        prop_assert!(used.time < MOST_TIME, "{used:?}");
        let most = MOST_MEMORY + MOST_MEMORY_A_PIXEL * u64::from(width) * u64::from(height);
        prop_assert!(used.memory < most, "{width} × {height}: {used:?}");

        // Both begin with the same pixels, but of a column there is nothing smaller.
        let Ok(preview) = preview else {
            prop_assert!(versions.is_err() || width == 1);
            count(&failed);
            return Ok(());
        };
        let jpeg = Picture::parse(&preview.into());
        let sides = jpeg.map(|jpeg| (jpeg.format(), (jpeg.width(), jpeg.height())));
        prop_assert_eq!(sides, Ok((Format::Jpeg, link_preview_size(width, height))));
        prop_assert!(versions.is_ok(), "{versions:?}");
        for version in versions.unwrap() {
            let webp = Picture::parse(&version.webp.into());
            let sides = webp.map(|webp| (webp.format(), webp.width(), webp.height()));
            prop_assert_eq!(sides, Ok((Format::WebP, version.width, version.height)));
        }
        count(&decoded);
        Ok(())
    });
    println!(
        "fuzz {name}: {} decoded, {} not; {:.1?} of a processor and {} MiB at most",
        decoded.get(),
        failed.get(),
        longest.get(),
        largest.get() >> 20
    );
    // Otherwise it would look at one side only.
    assert!(decoded.get() * 4 > seen.get());
    assert!(failed.get() > 0);
}

/// What work used.
#[derive(Debug)]
struct Used {
    /// Of a processor.
    time: Duration,
    /// The most memory that there was beyond that which there had been before, in bytes; 0 where that cannot be said.
    memory: u64,
}

fn used<T>(work: impl FnOnce() -> T) -> (T, Used) {
    // From here on the most is counted anew: proc_pid_clear_refs(5).
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (memory_before, time_before) = (memory("VmRSS:"), processor_time());
    let made = work();
    let used = Used {
        time: processor_time().saturating_sub(time_before),
        memory: memory("VmHWM:").saturating_sub(memory_before),
    };
    (made, used)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

/// Bytes, as the kernel of Linux says them of this process.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes.map_or(0, |number| 1024 * number.parse::<u64>().unwrap())
}
