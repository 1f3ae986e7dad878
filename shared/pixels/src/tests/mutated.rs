//! Mutated pictures: whatever a decoder is given, it gives pixels or an error. The same few thousand each time; with
//! `FUZZ_SECONDS` other ones until that time is over.

use std::panic;
use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::raster::{Decoded, Undecodable};
use crate::{gif, jpeg, png, webp};

/// A picture as a decoder is handed it, with its sides as stored.
type Sample = (Bytes, (u32, u32));
type Decode = fn(&[u8], (u32, u32)) -> Result<Decoded, Undecodable>;

/// Samples, always with the same seeds or with new ones until the time is over.
fn run(name: &str, samples: u64, test: impl Fn(&mut fastrand::Rng)) {
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds.map(|seconds| seconds.parse().expect("FUZZ_SECONDS is a number"));
    let (mut seed, end) = match seconds {
        None => (0, None),
        Some(seconds) => {
            let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
            (
                now << 20,
                Some(Instant::now() + Duration::from_secs(seconds)),
            )
        }
    };
    let first = seed;
    while end.map_or(seed < samples, |end| Instant::now() < end) {
        let mut random = fastrand::Rng::with_seed(seed);
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(|| test(&mut random)));
        assert!(outcome.is_ok(), "{name}: seed {seed}");
        seed += 1;
    }
    println!("fuzz {name}: {} samples", seed - first);
}

/// Changes, leaves out, doubles or moves some bytes.
fn mutate(random: &mut fastrand::Rng, bytes: &mut Vec<u8>, from: usize) {
    for _ in 0..random.usize(1..6) {
        if bytes.len() <= from + 1 {
            return;
        }
        let at = random.usize(from..bytes.len());
        let length = random.usize(1..40).min(bytes.len() - at);
        match random.u8(0..7) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(0..8),
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][random.usize(0..6)],
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => bytes[at..at + length].fill(random.u8(..)),
            _ => bytes.truncate(at),
        }
    }
}

/// What the board takes of this format, and what it keeps of that, with the sides as stored.
fn kept(format: domain::Format) -> Vec<Sample> {
    let parsed = accepted().into_iter().filter_map(|(_, bytes, _)| {
        let picture = domain::Picture::parse(&bytes).ok()?;
        let sides = crate::raster::stored_sides(&picture);
        (picture.format() == format).then(|| (picture.bytes().clone(), sides))
    });
    let mut kept: Vec<_> = parsed.collect();
    if format == domain::Format::Jpeg {
        for scans in [None, Some(8)] {
            for (kind, channels) in [
                (jpeg_encoder::ColorType::CmykAsYcck, 4),
                (jpeg_encoder::ColorType::Rgb, 3),
            ] {
                let mut jpeg = Vec::new();
                let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 60);
                encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
                encoder.set_restart_interval(3);
                if let Some(scans) = scans {
                    encoder.set_progressive_scans(scans);
                }
                let pixels: Vec<u8> = (0_u32..61 * 47 * channels)
                    .map(|at| (at * at % 251).to_le_bytes()[0])
                    .collect();
                encoder.encode(&pixels, 61, 47, kind).unwrap();
                kept.push((jpeg.into(), (61, 47)));
            }
        }
    }
    kept
}

/// Mutates samples behind their first `from` bytes, and hands them to the decoder, by `mended` made decodable where it
/// is given.
fn decoder(
    name: &str,
    format: domain::Format,
    decode: Decode,
    from: usize,
    mended: Option<fn(Vec<u8>) -> Option<Sample>>,
) {
    let samples = kept(format);
    assert!(samples.len() > 5);
    run(name, 20_000, |random| {
        let (bytes, sides) = random.choice(samples.iter()).unwrap();
        let mut bytes = bytes.to_vec();
        mutate(random, &mut bytes, from);
        let sample = match mended {
            Some(mended) => mended(bytes),
            None => Some((bytes.into(), *sides)),
        };
        let Some((bytes, sides)) = sample else {
            return;
        };
        if let Ok(Decoded { raster, .. }) = decode(&bytes, sides) {
            assert_eq!((raster.width, raster.height), sides);
            let pixels = u64::from(sides.0) * u64::from(sides.1);
            let channels = u64::try_from(raster.channels.count()).unwrap();
            assert_eq!(
                u64::try_from(raster.bytes.len()).unwrap(),
                pixels * channels
            );
        }
    });
}

#[test]
fn mutated_jpegs_end_no_decoder() {
    decoder("jpeg", domain::Format::Jpeg, jpeg::decode, 2, None);
}

/// The decoder relies on it that a palette has at most 256 colours, of which `domain` takes care. Checksums are mended as
/// far as there are chunks.
#[test]
fn mutated_pngs_end_no_decoder() {
    decoder(
        "png",
        domain::Format::Png,
        png::decode,
        33,
        Some(mended_png),
    );
}

fn mended_png(mut bytes: Vec<u8>) -> Option<Sample> {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let end = at.checked_add(8 + usize::try_from(length).ok()?)?;
        if bytes.len() < end + 4 {
            break;
        }
        let checksum = crc32fast::hash(&bytes[at + 4..end]).to_be_bytes();
        bytes[end..end + 4].copy_from_slice(&checksum);
        at = end + 4;
    }
    let picture = domain::Picture::parse(&bytes.into()).ok()?;
    Some((
        picture.bytes().clone(),
        crate::raster::stored_sides(&picture),
    ))
}

#[test]
fn mutated_gifs_end_no_decoder() {
    decoder("gif", domain::Format::Gif, gif::decode, 10, None);
}

#[test]
fn mutated_webps_end_no_decoder() {
    decoder("webp", domain::Format::WebP, webp::decode, 12, None);
}

/// From the first look to the last byte, with profiles.
#[test]
fn mutated_pictures_end_nothing() {
    let all = accepted();
    run("pictures", 10_000, |random| {
        let (_, bytes, _) = random.choice(all.iter()).unwrap();
        let mut bytes = bytes.to_vec();
        mutate(random, &mut bytes, 0);
        if let Ok(original) = Original::inspect(bytes.into()) {
            // A mutation may make it as large as the limits.
            if u64::from(original.width()) * u64::from(original.height()) < 1_000_000 {
                let _ = original.link_preview();
                let _ = original.small_versions();
            }
        }
    });
}

/// Profiles are read by one more parser.
#[test]
fn mutated_profiles_end_nothing() {
    use crate::raster::{Channels, Colours, Raster};
    let profiles = [
        (Channels::Rgb, moxcms::ColorProfile::new_display_p3()),
        (Channels::Rgba, moxcms::ColorProfile::new_bt2020()),
        (
            Channels::Gray,
            moxcms::ColorProfile::new_gray_with_gamma(1.8),
        ),
    ];
    let profiles = profiles.map(|(channels, profile)| (channels, profile.encode().unwrap()));
    run("profiles", 10_000, |random| {
        let (channels, profile) = random.choice(profiles.iter()).unwrap();
        let mut profile = profile.clone();
        mutate(random, &mut profile, 0);
        let mut raster = Raster::empty(16, 16, *channels);
        random.fill(&mut raster.bytes);
        let to_srgb = crate::colour::ToSrgb::new(*channels, &Colours::Profile(profile));
        let converted = to_srgb.convert(raster);
        assert_eq!(converted.bytes.len(), 16 * 16 * converted.channels.count());
    });
}
