//! Pictures that are small in bytes and as large as they can be in pixels: how long a processor works at each, and how
//! much memory there was at most, in a process of its own.

use std::process::Command;
use std::{env, io};

use super::*;

/// The most time of one processor, in hundredths of a second: half of what the function has.
const TIME: u64 = 900;
/// The most memory, in MiB: half of what the function has.
const MEMORY_MIB: u64 = 884;
const FILE: &str = "PIXELS_BOMB";

/// Makes the smaller versions of the file in [`FILE`], in the process of its own.
#[test]
#[ignore = "is run by the others"]
fn child() {
    let bytes = fs::read(env::var(FILE).unwrap()).unwrap();
    match Original::inspect(bytes.into()) {
        Ok(original) => {
            let versions = original.small_versions();
            println!("{:?}", versions.map(|versions| versions.len()));
        }
        Err(why) => println!("{why}"),
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The fields follow the process's name, in which anything may stand. The twelfth is its own time, the thirteenth
    // the kernel's time for it.
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let times = fields
        .skip(11)
        .take(2)
        .map(|time| time.parse::<u64>().unwrap());
    println!("took {}", times.sum::<u64>());
    println!("peak {}", peak.unwrap().trim_end_matches("kB").trim());
}

/// Says what came of it.
fn bounded(name: &str, bomb: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bomb).unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "tests::bombs::child"])
        .env(FILE, file.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{name}: {said}");
    let number = |name| -> u64 {
        let mut numbers = said.lines().filter_map(|line| line.strip_prefix(name));
        numbers.next().unwrap().trim().parse().unwrap()
    };
    let (took, peak) = (number("took "), number("peak ") / 1_024);
    println!(
        "{name}, {} bytes: {took}0 ms of a processor, {peak} MiB",
        bomb.len()
    );
    assert!(took < TIME, "{name}: {took}");
    assert!(peak < MEMORY_MIB, "{name}: {peak} MiB");
    said
}

#[test]
fn a_png_of_many_pixels_is_bounded() {
    for (colour, depth, bytes_a_row) in [
        (png::ColorType::Rgba, png::BitDepth::Sixteen, 7_071 * 8),
        (png::ColorType::Grayscale, png::BitDepth::One, 884),
    ] {
        let bomb = png(
            (7_071, 7_071),
            (colour, depth),
            &[],
            &vec![0; 7_071 * bytes_a_row],
        );
        let said = bounded(&format!("PNG {colour:?}"), &bomb);
        assert!(said.contains("Ok(3)"), "{said}");
    }
}

#[test]
fn a_gif_of_many_pixels_is_bounded() {
    let mut bomb = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bomb, 7_071, 7_071, &[0; 6]).unwrap();
    let frame = gif::Frame {
        width: 7_071,
        height: 7_071,
        transparent: Some(0),
        buffer: vec![0; 7_071 * 7_071].into(),
        ..gif::Frame::default()
    };
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    let said = bounded("GIF", &bomb);
    assert!(said.contains("Ok(3)"), "{said}");
}

#[test]
fn a_webp_of_many_pixels_is_bounded() {
    let pixels = vec![0; 7_071 * 7_071 * 3];
    let bomb = webp_encoder::encode(webp_encoder::Pixels::Rgb(&pixels), 7_071, 7_071, 0).unwrap();
    assert!(bounded("lossy WebP", &bomb).contains("Ok(3)"));
    drop(pixels);
    let mut bomb = Vec::new();
    image_webp::WebPEncoder::new(&mut bomb)
        .encode(
            &vec![0; 7_071 * 7_071 * 4],
            7_071,
            7_071,
            image_webp::ColorType::Rgba8,
        )
        .unwrap();
    assert!(bounded("lossless WebP", &bomb).contains("Ok(3)"));
}

/// A progressive JPEG of this size in gray or in colours, all of whose scans but the first say in a few bytes that there
/// is nothing.
fn progressive(side: u16, scans: usize, components: u8) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    jpeg.extend([1; 64]);
    jpeg.extend([0xff, 0xc2, 0, 8 + 3 * components, 8]);
    jpeg.extend(side.to_be_bytes());
    jpeg.extend(side.to_be_bytes());
    jpeg.push(components);
    (1..=components).for_each(|id| jpeg.extend([id, 0x11, 0]));
    // One code each, of one bit: no difference; and no end of the block for 32,767 blocks.
    for (table, symbol) in [(0x00, 0), (0x10, 0xe0)] {
        jpeg.extend([0xff, 0xc4, 0, 20, table, 1]);
        jpeg.extend([0; 15]);
        jpeg.push(symbol);
    }
    let blocks = usize::from(side.div_ceil(8)).pow(2);
    jpeg.extend([0xff, 0xda, 0, 6 + 2 * components, components]);
    (1..=components).for_each(|id| jpeg.extend([id, 0]));
    jpeg.extend([0, 0, 0]);
    jpeg.resize(
        jpeg.len() + (blocks * usize::from(components)).div_ceil(8),
        0,
    );
    for _ in 1..scans {
        jpeg.extend([0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0]);
        // A code and fourteen bits, of which none is set: 16,384 blocks.
        jpeg.resize(jpeg.len() + (blocks.div_ceil(16_384) * 15).div_ceil(8), 0);
    }
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

#[test]
fn a_jpeg_of_many_scans_is_bounded() {
    let most = progressive(7_071, 20, 3);
    assert!(bounded("progressive JPEG", &most).contains("Ok(3)"));
    assert!(bounded("progressive CMYK", &progressive(7_071, 20, 4)).contains("Ok(3)"));
    let more = progressive(7_071, 21, 3);
    assert!(bounded("JPEG of too many scans", &more).contains("too many scans"));
    let smaller = progressive(3_000, 100, 3);
    assert!(bounded("JPEG of a hundred scans", &smaller).contains("Ok(3)"));
}

/// Only the first frame is decoded, however many there are.
#[test]
fn an_animation_of_many_frames_is_bounded() -> io::Result<()> {
    let mut bomb = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut bomb, 5_000, 5_000, &[0; 6]).map_err(io::Error::other)?;
    let mut frame = gif::Frame {
        width: 5_000,
        height: 5_000,
        buffer: vec![0; 5_000 * 5_000].into(),
        ..gif::Frame::default()
    };
    frame.make_lzw_pre_encoded();
    for _ in 0..60 {
        encoder
            .write_lzw_pre_encoded_frame(&frame)
            .map_err(io::Error::other)?;
    }
    drop(encoder);
    assert!(bounded("animation", &bomb).contains("Ok(3)"));
    Ok(())
}
