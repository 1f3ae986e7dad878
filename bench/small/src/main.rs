//! `small`: makes smaller versions of pictures in files, one after the other in one process, as `vipsthumbnail` does.
//!
//! It prints a line for each file: `made`, `narrow` where none of the widths is smaller than the picture's own,
//! `refused` where the board would not take it, or `failed`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use pixels::Original;

#[derive(Parser)]
struct Options {
    /// The versions' widths, in pixels.
    #[arg(long, value_delimiter = ',', default_value = "640")]
    widths: Vec<u32>,
    /// Where the versions are put, each as `<width>/<the file's name>.webp`.
    folder: PathBuf,
    files: Vec<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    for width in &options.widths {
        fs::create_dir_all(options.folder.join(width.to_string()))?;
    }
    for file in &options.files {
        println!("{}", make(file, &options)?);
    }
    Ok(())
}

fn make(file: &Path, options: &Options) -> Result<String, Box<dyn Error>> {
    let original = match Original::inspect(fs::read(file)?.into()) {
        Ok(original) => original,
        Err(refused) => return Ok(format!("refused: {refused}")),
    };
    let versions = match original.small_versions_of(options.widths.iter().copied()) {
        Ok(versions) => versions,
        Err(failed) => return Ok(format!("failed: {failed}")),
    };
    if versions.is_empty() {
        return Ok("narrow".to_owned());
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".webp");
    for version in versions {
        let folder = options.folder.join(version.width.to_string());
        fs::write(folder.join(&name), version.webp)?;
    }
    Ok("made".to_owned())
}
