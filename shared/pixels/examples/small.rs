//! Makes the smaller versions of pictures, to be looked at and measured: `small FILE FOLDER`, and with `--times N` as
//! many times. Says what each took.

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use pixels::Original;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(file), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("small FILE FOLDER [TIMES]".into());
    };
    let times = arguments.next().map_or(Ok(1), |times| times.parse())?;
    let bytes = bytes::Bytes::from(fs::read(&file)?);
    for _ in 0..times {
        let started = Instant::now();
        let original = Original::inspect(bytes.clone())?;
        let inspected = started.elapsed();
        let versions = original.small_versions()?;
        println!(
            "{} x {}: looked through in {inspected:.1?}, with its versions in {:.1?}",
            original.width(),
            original.height(),
            started.elapsed()
        );
        for version in versions {
            println!(
                "{} x {}: {} bytes",
                version.width,
                version.height,
                version.webp.len()
            );
            fs::write(
                Path::new(&folder).join(format!("{}.webp", version.width)),
                version.webp,
            )?;
        }
    }
    let started = Instant::now();
    let preview = Original::inspect(bytes)?.link_preview()?;
    println!(
        "preview: {} bytes in {:.1?}",
        preview.len(),
        started.elapsed()
    );
    fs::write(Path::new(&folder).join("preview.jpg"), preview)?;
    Ok(())
}
